"""A real replica, made by `pg_basebackup` from the tests' primary, that is paused and killed."""

import asyncio
import os
import random
import signal
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import Any, NamedTuple
from uuid import UUID

import msgspec
import pytest
from valkey.asyncio import Valkey

from config.postgres import Pool, open_pool
from config.replicas import PRIMARY_POSITION, Line, Replica, Replicas
from config.settings import GraphSettings, Secret
from graph.reads.routing import Routing
from graph.reads.writers import COMPLETE_SINCE
from graph.viewer import Role, Viewer

PATIENCE_S = 60.0
LIMIT_S = 600.0
"""Longer than a test takes, so that only what a reader has written decides, unless a test is about the limit."""
WHERE = "SELECT pg_is_in_recovery()"


class Process(NamedTuple):
    """What one graph process has: its routing, and its replicas, which look at the servers when the test says so."""

    routing: Routing
    replicas: Replicas

    async def asks(self, viewer: Viewer | None, statement: str, *arguments: Any) -> Any:
        """One value, as a query of this viewer reads it."""
        query = self.routing.for_query(viewer, address=0)
        return await query.run(lambda connection: connection.fetchval(statement, *arguments))

    async def sees(self, condition: Callable[[], bool]) -> None:
        """Look until it is so."""
        async with asyncio.timeout(PATIENCE_S):
            while not condition():
                await self.replicas.look()

    async def uses_the_replica(self, *, needed: int = 0) -> None:
        await self.sees(lambda: self.replicas.choose(needed=needed, reader=0) is not None)

    async def does_without(self) -> None:
        await self.sees(lambda: self.replicas.choose(needed=0, reader=0) is None)


Start = Callable[..., Any]


@pytest.fixture
async def start(settings: GraphSettings, pool: Pool, valkey: Valkey, standby: Any) -> AsyncIterator[Start]:
    """Start a process whose knowledge of Valkey is complete."""
    await valkey.set(COMPLETE_SINCE, 0)
    database = settings.postgres.url.reveal().partition("@/")[2].partition("?")[0]
    replicated = Secret(standby.url(database))
    opened: list[Replicas] = []

    @asynccontextmanager
    async def process(*, limit_s: float = LIMIT_S, url: Secret = replicated) -> AsyncIterator[Process]:
        own = msgspec.structs.replace(settings.postgres, url=url, pool_min=0)
        async with open_pool(own) as replica_pool:
            replicas = Replicas(
                pool, Line(settings.postgres.url, PRIMARY_POSITION), [Replica(url, replica_pool)], limit_s=limit_s
            )
            opened.append(replicas)
            yield Process(routing=Routing(pool, replicas, valkey), replicas=replicas)

    yield process
    for replicas in opened:
        replicas.hang_up()
    await valkey.delete(COMPLETE_SINCE)


@pytest.fixture
async def viewer(add_user: Any) -> Viewer:
    added: Viewer = await add_user(Role.LISTENER)
    return added


async def rename(pool: Pool, process: Process, user_id: UUID, name: str) -> None:
    await pool.execute("UPDATE users SET display_name = $2 WHERE id = $1", user_id, name)
    await process.routing.wrote(user_id)


async def test_a_session_finds_what_it_wrote_whatever_the_lag(
    start: Start, pool: Pool, standby: Any, add_user: Any
) -> None:
    """Two processes, three users, and a replica that stops and goes on in between, by a drawn order of steps."""
    drawn = random.Random(5)  # noqa: S311 -- the order of a test's steps
    users = [await add_user(Role.LISTENER) for _ in range(3)]
    written = dict.fromkeys((user.user_id for user in users), 0)
    async with start() as first, start() as second:
        for process in (first, second):
            await process.uses_the_replica(needed=await process.replicas.written())
        for step in range(150):
            process, user = drawn.choice((first, second)), drawn.choice(users)
            match drawn.choice(("pause", "resume", "look", "write", "write", "read", "read", "read")):
                case "pause":
                    await standby.order("SELECT pg_wal_replay_pause()")
                case "resume":
                    await standby.order("SELECT pg_wal_replay_resume()")
                case "look":
                    await process.replicas.look()
                case "write":
                    written[user.user_id] = step
                    await rename(pool, process, user.user_id, str(step))
                case "read":
                    name = await process.asks(user, "SELECT display_name FROM users WHERE id = $1", user.user_id)
                    assert name in (str(written[user.user_id]), "Somebody")
                    assert name == str(written[user.user_id]) or written[user.user_id] == 0
        await standby.order("SELECT pg_wal_replay_resume()")
        for process in (first, second):
            await process.uses_the_replica(needed=await process.replicas.written())
            for user in users:
                assert await process.asks(user, WHERE) is True
                name = await process.asks(user, "SELECT display_name FROM users WHERE id = $1", user.user_id)
                assert name == str(written[user.user_id] or "Somebody")


async def test_who_wrote_reads_from_the_primary_until_the_replica_has_it(
    start: Start, pool: Pool, standby: Any, viewer: Viewer, add_user: Any
) -> None:
    other = await add_user(Role.LISTENER)
    async with start() as here, start() as there:
        for process in (here, there):
            await process.uses_the_replica(needed=await process.replicas.written())
        await standby.order("SELECT pg_wal_replay_pause()")
        await rename(pool, here, viewer.user_id, "Renamed")
        for process in (here, there):
            await process.replicas.look()
            assert [await process.asks(reader, WHERE) for reader in (viewer, other, None)] == [False, True, True]
        await standby.order("SELECT pg_wal_replay_resume()")
        for process in (here, there):
            await process.uses_the_replica(needed=await process.replicas.written())
            assert await process.asks(viewer, WHERE) is True


async def test_a_replica_that_lags_beyond_the_limit_is_left_alone(
    start: Start, pool: Pool, standby: Any, viewer: Viewer
) -> None:
    async with start(limit_s=0.5) as process:
        await process.uses_the_replica()
        await standby.order("SELECT pg_wal_replay_pause()")
        await pool.execute("UPDATE users SET display_name = 'Late'")
        await process.does_without()
        assert [await process.asks(reader, WHERE) for reader in (viewer, None)] == [False, False]
        assert [lag_s >= 0.5 for lag_s in process.replicas.lags_s().values() if lag_s is not None] == [True]
        await standby.order("SELECT pg_wal_replay_resume()")
        await process.uses_the_replica()


async def test_a_replica_that_is_killed_is_not_noticed_by_readers(start: Start, standby: Any, viewer: Viewer) -> None:
    async with start() as process:
        await process.uses_the_replica(needed=await process.replicas.written())
        query = process.routing.for_query(viewer, address=0)
        assert await query.run(lambda connection: connection.fetchval(WHERE)) is True
        os.kill(standby.pid, signal.SIGQUIT)
        await standby.gone()
        answers = [await query.run(lambda connection: connection.fetchval(WHERE)) for _ in range(3)]
        answers += [await process.asks(reader, WHERE) for reader in (viewer, None)]
        assert answers == [False] * 5
        await process.replicas.look()
        assert process.replicas.choose(needed=0, reader=0) is None
        assert list(process.replicas.lags_s().values()) == [None]


async def test_a_session_stays_with_one_replica_and_who_has_none_is_told_by_the_address(
    start: Start, viewer: Viewer, monkeypatch: pytest.MonkeyPatch
) -> None:
    readers: list[int] = []
    async with start() as process:
        monkeypatch.setattr(process.replicas, "choose", lambda *, needed, reader: readers.append(reader))  # noqa: ARG005 -- its signature
        for asker, address in [(viewer, 1), (viewer, 2), (None, 1), (None, 2)]:
            query = process.routing.for_query(asker, address=address)
            await query.run(lambda connection: connection.fetchval(WHERE))
    assert readers == [viewer.user_id.int, viewer.user_id.int, 1, 2]


async def test_a_server_that_writes_is_no_replica(start: Start, settings: GraphSettings) -> None:
    """As one is when somebody has promoted it."""
    async with start(url=settings.postgres.url) as process:
        await process.replicas.look()
        assert process.replicas.choose(needed=0, reader=0) is None
        assert await process.asks(None, WHERE) is False


async def test_without_valkey_nobody_knows_what_a_user_wrote(
    start: Start,
    viewer: Viewer,
    frozen_valkey: None,  # noqa: ARG001 -- frozen behind `start`, which still needs it
) -> None:
    async with start() as process:
        await process.uses_the_replica(needed=await process.replicas.written())
        assert [await process.asks(reader, WHERE) for reader in (viewer, None)] == [False, True]

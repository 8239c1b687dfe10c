import asyncio
import os
import signal
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from datetime import UTC, datetime, timedelta
from pathlib import Path

import asyncpg
import msgspec
import pytest

from config.postgres import open_connection
from graph import schedules
from graph.app import create_app
from graph.schedules import Work, do_what_is_due, schedules_kept
from tests.graph.living import living

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)
MINUTE = timedelta(minutes=1)


class Job:
    """Work that notes when it was done; `parts` says how often it comes back for more."""

    def __init__(self, *, parts: int = 1, failure: str | Exception | None = None) -> None:
        self.done: list[datetime] = []
        self._parts = parts
        self.failure = failure
        self.gate = asyncio.Event()
        self.gate.set()
        self.begun = asyncio.Event()

    async def perform(self, connection: asyncpg.Connection, now: datetime) -> bool:
        self.begun.set()
        await self.gate.wait()
        if isinstance(self.failure, Exception):
            raise self.failure
        if self.failure:
            await connection.execute(self.failure)
        self.done.append(now)
        return len(self.done) % self._parts == 0

    def work(self, name: str = "work") -> Work:
        return Work(name=name, every=5 * MINUTE, perform=self.perform)


@pytest.fixture
async def connections(settings) -> AsyncIterator[list[asyncpg.Connection]]:
    async with AsyncExitStack() as stack:
        yield [
            await stack.enter_async_context(open_connection(settings.postgres, statement_timeout_s=60))
            for _ in range(2)
        ]


async def test_work_is_done_at_once_and_then_whenever_it_is_due(connections) -> None:
    job = Job()
    for minutes in (0, 1, 4, 5, 6, 9, 10):
        await do_what_is_due(connections[0], [job.work()], now=NOW + minutes * MINUTE)
    assert job.done == [NOW, NOW + 5 * MINUTE, NOW + 10 * MINUTE]


async def test_a_run_that_was_missed_is_caught_up_once(connections) -> None:
    job = Job()
    for now in (NOW, NOW + timedelta(days=7), NOW + timedelta(days=7, seconds=1)):
        await do_what_is_due(connections[0], [job.work()], now=now)
    assert job.done == [NOW, NOW + timedelta(days=7)]


async def test_work_that_has_more_to_do_goes_on(connections) -> None:
    job = Job(parts=3)
    await do_what_is_due(connections[0], [job.work()], now=NOW)
    assert job.done == [NOW] * 3


async def test_two_processes_do_not_do_it_at_once(connections) -> None:
    mine, theirs, other = Job(), Job(), Job()
    mine.gate.clear()
    first = asyncio.create_task(do_what_is_due(connections[0], [mine.work()], now=NOW))
    await asyncio.wait_for(mine.begun.wait(), 60)
    await do_what_is_due(connections[1], [theirs.work(), other.work("other")], now=NOW)
    assert (theirs.done, other.done) == ([], [NOW])
    mine.gate.set()
    await first
    await do_what_is_due(connections[1], [theirs.work()], now=NOW)
    assert (mine.done, theirs.done) == ([NOW], [])


async def test_the_next_process_does_it_when_one_dies_at_it(connections) -> None:
    mine, theirs = Job(), Job()
    mine.gate.clear()
    first = asyncio.create_task(do_what_is_due(connections[0], [mine.work()], now=NOW))
    await asyncio.wait_for(mine.begun.wait(), 60)
    connections[0].terminate()
    first.cancel()
    with pytest.raises(asyncio.CancelledError):
        await first
    async with asyncio.timeout(60):
        while not theirs.done:
            await do_what_is_due(connections[1], [theirs.work()], now=NOW)
    assert (mine.done, theirs.done) == ([], [NOW])


@pytest.mark.parametrize("failure", ["SELECT 1 / 0", KeyError("ours")], ids=["in PostgreSQL", "of ours"])
async def test_what_fails_is_due_still_and_keeps_nothing_else_from_being_done(connections, failure) -> None:
    broken, sound = Job(failure=failure), Job()
    for _ in range(2):
        await do_what_is_due(connections[0], [broken.work("broken"), sound.work("sound")], now=NOW)
        broken.failure = None
    assert (broken.done, sound.done) == ([NOW], [NOW])


async def test_they_are_kept_beside_the_body_and_end_with_it(settings, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(schedules, "EVERY_S", 0.01)
    job = Job()
    async with asyncio.timeout(60), schedules_kept(settings.postgres, [job.work()]):
        while not job.done:
            await asyncio.sleep(0.01)
    assert len(job.done) == 1


async def test_the_application_keeps_them(settings, monkeypatch: pytest.MonkeyPatch) -> None:
    job = Job()
    monkeypatch.setattr(schedules, "EVERY_S", 0.01)
    monkeypatch.setattr("graph.app.works", lambda _settings: [job.work()])
    async with asyncio.timeout(60), living(create_app(settings)):
        while not job.done:
            await asyncio.sleep(0.01)
    assert len(job.done) == 1


async def test_they_end_while_the_server_does_not_answer(settings, services, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(schedules, "EVERY_S", 0.01)
    patience = msgspec.structs.replace(settings.postgres, acquire_timeout_s=0.5)
    job = Job()
    job.gate.clear()
    try:
        async with asyncio.timeout(60), schedules_kept(patience, [job.work()]):
            await job.begun.wait()
            os.kill(services.pids["postgres"], signal.SIGSTOP)
            for child in children(services.pids["postgres"]):
                os.kill(child, signal.SIGSTOP)
    finally:
        for pid in (*children(services.pids["postgres"]), services.pids["postgres"]):
            os.kill(pid, signal.SIGCONT)


def children(pid: int) -> list[int]:
    text = Path(f"/proc/{pid}/task/{pid}/children").read_text(encoding="ascii")
    return [int(child) for child in text.split()]

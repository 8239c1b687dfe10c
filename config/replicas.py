"""Read replicas of PostgreSQL: a pool for each, and what is known of how far each has come.

The primary and every replica are asked for their positions a few times a second, each on a connection of its own: a
pool whose connections are all taken says nothing about the server. A replica that does not answer, or that is no
replica any more since somebody promoted it, is left out until it answers as one again; the process starts without it.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from urllib.parse import urlsplit

import asyncpg
import msgspec

from config.background import beside
from config.logs import logger
from config.postgres import Pool, open_reading_pool
from config.settings import PostgresSettings, ReplicaSettings, Secret
from config.standing import Mark, Standing, behind_s, chosen, kept, may_answer, parse

POLL_S = 0.2
"""A session that has written reads from the primary for about as long."""
ANSWER_LIMIT_S = 1.0
"""A server that takes longer to tell a number is of no use to a reader."""
STATEMENT_TIMEOUT_S = 3.0
"""Reads that a replica does not answer in this time are asked again at the primary, within an operation's limit."""

# What is committed lies before the insert position also where commits do not wait for the disk.
PRIMARY_POSITION = "SELECT pg_current_wal_insert_lsn()::text"
REPLAYED = "SELECT pg_last_wal_replay_lsn()::text WHERE pg_is_in_recovery()"

AWAY = (OSError, TimeoutError, asyncpg.PostgresError, asyncpg.InterfaceError)

log = logger(__name__)


# By the replica's own record of the last transaction that it has replayed, which is old when the primary is idle, too;
# one that has replayed all that it has received is not behind.
LAG = """
SELECT CASE WHEN pg_last_wal_receive_lsn() = pg_last_wal_replay_lsn() THEN 0
       ELSE extract(epoch FROM clock_timestamp() - pg_last_xact_replay_timestamp()) END
WHERE pg_is_in_recovery()
"""


async def lag_s(url: Secret) -> float | None:
    """How far a replica is behind by what it knows itself, for an operator; None when it does not answer as one."""
    try:
        async with asyncio.timeout(ANSWER_LIMIT_S):
            connection = await asyncpg.connect(url.reveal())
            try:
                told = await connection.fetchval(LAG)
            finally:
                connection.terminate()
    except AWAY:
        return None
    return None if told is None else float(told)


class Line:
    """A connection for one question, made again when it breaks."""

    def __init__(self, url: Secret, question: str) -> None:
        self._url = url
        self._question = question
        self._connection: asyncpg.Connection | None = None

    async def position(self) -> int | None:
        """The answer; None when there is none in time."""
        try:
            async with asyncio.timeout(ANSWER_LIMIT_S):
                if self._connection is None:
                    self._connection = await asyncpg.connect(self._url.reveal())
                text = await self._connection.fetchval(self._question)
        except AWAY:
            self.hang_up()
            return None
        return None if text is None else parse(text)

    def hang_up(self) -> None:
        """Without a farewell, for which a server that hangs would let us wait."""
        if self._connection is not None:
            self._connection.terminate()
            self._connection = None


class Replica:
    """One replica: its pool, and its standing when it answers."""

    def __init__(self, url: Secret, pool: Pool) -> None:
        self.name = urlsplit(url.reveal()).hostname or "a local socket"
        self.pool = pool
        self.standing: Standing | None = None
        self._line = Line(url, REPLAYED)

    async def look(self) -> None:
        """Ask how far it has come."""
        position = await self._line.position()
        standing = None if position is None else Standing(position=position, seen_at_s=time.monotonic())
        if (standing is None) != (self.standing is None):
            log.info("replica answers" if standing else "replica does not answer", replica=self.name)
        self.standing = standing

    def give_up(self) -> None:
        """Leave it out until it answers again."""
        self.standing = None

    def hang_up(self) -> None:
        self._line.hang_up()


class Replicas:
    """All replicas of one process; without any, nobody is ever chosen."""

    def __init__(self, primary: Pool, line: Line, replicas: Sequence[Replica], *, limit_s: float) -> None:
        self._primary = primary
        self._line = line
        self._replicas = tuple(replicas)
        self._marks: tuple[Mark, ...] = ()
        self.limit_s = limit_s

    def __bool__(self) -> bool:
        return bool(self._replicas)

    def choose(self, *, needed: int, reader: int) -> Replica | None:
        """A replica that may answer this reader; None: the primary has to."""
        now_s = time.monotonic()
        able = [
            may_answer(replica.standing, self._marks, needed=needed, now_s=now_s, limit_s=self.limit_s)
            for replica in self._replicas
        ]
        place = chosen(able, reader=reader)
        return None if place is None else self._replicas[place]

    def pools(self) -> dict[str, Pool]:
        """The pool of each replica, by its name and its place in the setting, since names may be alike."""
        return {f"{replica.name} {place}": replica.pool for place, replica in enumerate(self._replicas, start=1)}

    def lags_s(self) -> dict[str, float | None]:
        """How old the state is that each shows, by the same names; None for one that does not answer.

        One that is further behind than the limit is told to be as far behind as is known: at least the limit.
        """
        now_s, standings = time.monotonic(), [replica.standing for replica in self._replicas]
        lags = [behind_s(standing, self._marks, now_s=now_s, limit_s=self.limit_s) for standing in standings]
        return dict(zip(self.pools(), lags, strict=True))

    async def written(self) -> int:
        """The position up to which the primary has written; raises what its driver raises."""
        return parse(await self._primary.fetchval(PRIMARY_POSITION))

    async def look(self) -> None:
        """Ask all servers once."""
        began_s = time.monotonic()  # the position is of a later moment, so nobody looks fresher than it is
        position = await self._line.position()
        if position is not None:
            self._marks = kept(self._marks, Mark(position=position, at_s=began_s), limit_s=self.limit_s)
        await asyncio.gather(*(replica.look() for replica in self._replicas))

    async def watch(self) -> None:
        """Ask again and again, until cancelled."""
        while True:
            await self.look()
            await asyncio.sleep(POLL_S)

    def hang_up(self) -> None:
        self._line.hang_up()
        for replica in self._replicas:
            replica.hang_up()


@asynccontextmanager
async def open_replicas(
    settings: ReplicaSettings, primary: Pool, primary_settings: PostgresSettings
) -> AsyncIterator[Replicas]:
    """Open the pools, watch the servers, and end both with the block. A replica that is away stops nothing."""
    async with AsyncExitStack() as stack:
        replicas = [
            Replica(url, await stack.enter_async_context(open_reading_pool(_pool_settings(primary_settings, url))))
            for url in settings.urls
        ]
        opened = Replicas(primary, Line(primary_settings.url, PRIMARY_POSITION), replicas, limit_s=settings.lag_max_s)
        stack.callback(opened.hang_up)
        if opened:
            await stack.enter_async_context(beside(opened.watch(), name="replicas"))
        yield opened


def _pool_settings(primary: PostgresSettings, url: Secret) -> PostgresSettings:
    """As for the primary, but it connects when it is first used."""
    return msgspec.structs.replace(primary, url=url, pool_min=0, statement_timeout_s=STATEMENT_TIMEOUT_S)

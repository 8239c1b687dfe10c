"""Where an operation reads: from a replica that has everything its session has written, else from the primary.

Only queries are routed. A mutation reads what it has just changed, and a subscription tells of what somebody has just
changed: both read from the primary. All reads of a query go to one server, so that they show one state or a later one;
if a replica fails under it, what is still to be read comes from the primary, where nothing is older.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import TypeVar
from uuid import UUID

import asyncpg
from valkey.asyncio import Valkey

from config.errors import ServiceUnavailable
from config.logs import logger
from config.postgres import Connection, Pool
from config.replicas import Replica, Replicas
from config.standing import NOTHING
from graph.reads.writers import Writers
from graph.viewer import Viewer

T = TypeVar("T")
Work = Callable[[Connection], Awaitable[T]]
"""Statements that change nothing, so that they may be run again elsewhere."""

FAILED = (
    ServiceUnavailable,
    OSError,
    TimeoutError,
    asyncpg.InterfaceError,
    asyncpg.PostgresConnectionError,
    asyncpg.OperatorInterventionError,
    asyncpg.SerializationError,
    asyncpg.InsufficientResourcesError,
)
"""What a replica says that ends, is gone, is full, or has removed rows under a read that the primary did not need."""
UNREACHED = 2**64 - 1
"""A position that no replica reaches."""

log = logger(__name__)


class Source:
    """What one operation reads from."""

    def __init__(self, primary: Pool) -> None:
        self._primary = primary

    async def run(self, work: Work[T]) -> T:
        """Run statements that change nothing on one connection."""
        async with self._primary.acquire() as connection:
            return await work(connection)


class RoutedSource(Source):
    """What a query reads from; it is chosen at the first read, and given up for the primary when it fails."""

    def __init__(self, primary: Pool, choose: Callable[[], Awaitable[Replica | None]]) -> None:
        super().__init__(primary)
        self._choose = choose
        self._chosen = False
        self._replica: Replica | None = None

    async def run(self, work: Work[T]) -> T:
        replica = await self._replica_of_all_reads()
        if replica is not None:
            try:
                async with replica.pool.acquire() as connection:
                    return await work(connection)
            except FAILED as error:
                log.warning("replica failed, reading from the primary", replica=replica.name, cause=repr(error))
                replica.give_up()
                self._replica = None
        return await super().run(work)

    async def _replica_of_all_reads(self) -> Replica | None:
        if not self._chosen:
            replica = await self._choose()
            if not self._chosen:  # another read of the operation may have been quicker, and is what counts
                self._chosen, self._replica = True, replica
        return self._replica


class Routing:
    """The choice, for all operations of a process."""

    def __init__(self, reading: Pool, replicas: Replicas, valkey: Valkey) -> None:
        """Take the pool of the primary's reading sessions."""
        self.primary = Source(reading)
        self.reading = reading
        self.replicas = replicas
        self._writers = Writers(valkey, lag_max_s=replicas.limit_s)

    def for_query(self, viewer: Viewer | None, *, address: int) -> Source:
        """What a query of this viewer reads from; who has no account is told from others by the address."""
        if not self.replicas:
            return self.primary
        return RoutedSource(self.reading, lambda: self._choose(viewer, address))

    async def wrote(self, user_id: UUID) -> None:
        """Remember that this user may have written something: their reads need all that is written by now."""
        if not self.replicas:
            return
        try:
            position = await self.replicas.written()
        except FAILED:
            position = UNREACHED
        await self._writers.wrote(user_id, position)

    async def _choose(self, viewer: Viewer | None, address: int) -> Replica | None:
        needed = NOTHING if viewer is None else await self._writers.needed(viewer.user_id)
        if needed is None:
            return None
        return self.replicas.choose(needed=needed, reader=address if viewer is None else viewer.user_id.int)

"""PostgreSQL: one asyncpg pool a process, shared by raw SQL, Piccolo and PgQueuer.

Piccolo's engine opens a connection of its own when it is constructed and one more for every query without a pool. The
engine here does neither: it is bound to the process's pool, so a transaction opened through it, a Piccolo query and a
raw statement inside it run on the same connection.

Nobody waits for a connection of the pool for ever: while all are taken, the next caller is told so within
`acquire_timeout_s`, instead of adding itself to a queue that only grows.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Generator, Sequence
from contextlib import asynccontextmanager
from typing import Any

import asyncpg
from asyncpg.pool import PoolAcquireContext, PoolConnectionProxy
from piccolo.engine.postgres import PostgresEngine
from piccolo.table import Table

from config.errors import ServiceUnavailable
from config.settings import PostgresSettings

Connection = asyncpg.Connection | PoolConnectionProxy

LONGEST_IDLE_S = 300.0
"""A connection that nobody has used for this long is closed, down to the pool's smallest size."""
QUERIES_OF_A_CONNECTION = 50_000
"""After so many it is replaced, for the server's side of a connection grows with what it has prepared."""


class Lease(PoolAcquireContext):
    """Getting a connection of the pool. Raises ServiceUnavailable when there is none in time."""

    async def __aenter__(self) -> PoolConnectionProxy:
        try:
            return await super().__aenter__()
        except TimeoutError as error:
            raise ServiceUnavailable("PostgreSQL", "no connection became free in time") from error

    def __await__(self) -> Generator[Any, Any, PoolConnectionProxy]:
        return self.__aenter__().__await__()


class Pool(asyncpg.Pool):
    """asyncpg's pool, whose every caller waits for a connection `patience_s` seconds at most."""

    def __init__(self, dsn: str, *, patience_s: float, min_size: int, max_size: int, **connection: Any) -> None:
        super().__init__(
            dsn,
            min_size=min_size,
            max_size=max_size,
            max_queries=QUERIES_OF_A_CONNECTION,
            max_inactive_connection_lifetime=LONGEST_IDLE_S,
            loop=None,
            connection_class=asyncpg.Connection,
            record_class=asyncpg.Record,
            **connection,
        )
        self._patience_s = patience_s

    def acquire(self, *, timeout: float | None = None) -> Lease:
        return Lease(self, self._patience_s if timeout is None else timeout)


class PooledEngine(PostgresEngine):
    """A Piccolo engine on a pool that somebody else opens and closes."""

    def __init__(self, pool: Pool) -> None:
        super().__init__(config={})
        self.pool = pool

    async def check_version(self) -> None:
        """Skipped: it would connect while the module is being wired; `segue doctor` reports the version."""

    async def prep_database(self) -> None:
        """Skipped: extensions are created by the migrations."""


@asynccontextmanager
async def open_pool(settings: PostgresSettings) -> AsyncIterator[Pool]:
    """Open the pool of one process and close it at the end. Raises ServiceUnavailable."""
    try:
        pool = await Pool(
            settings.url.reveal(),
            patience_s=settings.acquire_timeout_s,
            min_size=settings.pool_min,
            max_size=settings.pool_max,
            timeout=settings.acquire_timeout_s,
            command_timeout=settings.statement_timeout_s,
            server_settings={"application_name": "segue", "jit": "off"},
        )
    except (OSError, asyncpg.PostgresError, TimeoutError) as error:
        raise ServiceUnavailable("PostgreSQL", type(error).__name__) from error
    try:
        yield pool
    finally:
        await pool.close()


def bind_tables(tables: Sequence[type[Table]], engine: PooledEngine) -> None:
    """Attach the process's engine to its Piccolo tables; called once, where the process is wired."""
    for table in tables:
        table._meta._db = engine  # noqa: SLF001 -- Piccolo's only other way is a global piccolo_conf module


async def ping(pool: Pool) -> None:
    """Ask the server for one row. Raises ServiceUnavailable."""
    try:
        await pool.fetchval("SELECT 1", timeout=2.0)
    except (OSError, asyncpg.PostgresError, asyncpg.InterfaceError, TimeoutError) as error:
        raise ServiceUnavailable("PostgreSQL", type(error).__name__) from error

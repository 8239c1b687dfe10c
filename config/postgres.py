"""PostgreSQL: one asyncpg pool a process, shared by raw SQL, Piccolo and PgQueuer.

Piccolo's engine opens a connection of its own when it is constructed and one more for every query without a pool. The
engine here does neither: it is bound to the process's pool, so a transaction opened through it, a Piccolo query and a
raw statement inside it run on the same connection.

Nobody waits for a connection of the pool for ever: while all are taken, the next caller is told so within
`acquire_timeout_s`, instead of adding itself to a queue that only grows.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Generator, Iterator, Sequence
from contextlib import AbstractAsyncContextManager, asynccontextmanager, contextmanager, suppress
from contextvars import ContextVar
from typing import Any

import asyncpg
from asyncpg.pool import PoolAcquireContext, PoolConnectionProxy
from piccolo.engine.postgres import PostgresEngine
from piccolo.table import Table

from config.errors import ServiceUnavailable
from config.settings import PostgresSettings
from config.tally import counted

Connection = asyncpg.Connection | PoolConnectionProxy

LONGEST_IDLE_S = 300.0
"""A connection that nobody has used for this long is closed, down to the pool's smallest size."""
QUERIES_OF_A_CONNECTION = 50_000
"""After so many it is replaced, for the server's side of a connection grows with what it has prepared."""


SESSION = {"application_name": "segue", "jit": "off"}
# PostgreSQL plans for the average parent. It would sort the forty rows that a listener has on the average, and sort the
# thousands that one of them has; a page in the order of an index is as quick for both. It would also plan each time
# anew, for a plan of one's own looks a little cheaper, and take longer for that than for the page.
READING = {
    "plan_cache_mode": "force_generic_plan",
    "default_transaction_read_only": "on",
    "enable_sort": "off",
    "enable_hashjoin": "off",
    "enable_mergejoin": "off",
}


class Session(asyncpg.Connection):
    """A connection that goes back to the pool without a word to the server.

    asyncpg would have the server forget locks, cursors, listeners and settings of the session each time, which costs as
    much as a short query. Nothing here leaves any of them behind: what is set is set for a transaction. A transaction
    that is still open is rolled back all the same.
    """

    def get_reset_query(self) -> str:
        return ""

    # Every other way to send a statement goes through these. They answer the coroutine itself, for one more around each
    # statement would be paid where nobody asks for its time.

    def fetch(self, query: str, *args: object, **options: Any) -> Any:
        return counted(query, super().fetch(query, *args, **options))

    def fetchrow(self, query: str, *args: object, **options: Any) -> Any:
        return counted(query, super().fetchrow(query, *args, **options))

    def fetchval(self, query: str, *args: object, **options: Any) -> Any:
        return counted(query, super().fetchval(query, *args, **options))

    def execute(self, query: str, *args: object, **options: Any) -> Any:
        return counted(query, super().execute(query, *args, **options))

    def executemany(self, command: str, *args: Any, **options: Any) -> Any:
        return counted(command, super().executemany(command, *args, **options))


class Noted:
    """The statements of a block; not `complete` when a connection was taken of whose statements nothing is known."""

    def __init__(self) -> None:
        self.statements: list[str] = []
        self.complete = True


_noted: ContextVar[Noted | None] = ContextVar("noted", default=None)


@contextmanager
def statements_noted() -> Iterator[Noted]:
    """Note every statement that runs on a pool until the end of the block, in this task and in those it starts."""
    noted = Noted()
    token = _noted.set(noted)
    try:
        yield noted
    finally:
        _noted.reset(token)


class Lease(PoolAcquireContext):
    """Getting a connection of the pool. Raises ServiceUnavailable when there is none in time."""

    _note: Callable[[asyncpg.connection.LoggedQuery], None] | None = None

    async def __aenter__(self) -> PoolConnectionProxy:
        connection = await self._acquired()
        noted = _noted.get()
        if noted is not None:
            self._note = lambda query: noted.statements.append(query.query)
            connection.add_query_logger(self._note)
        return connection

    async def __aexit__(self, *exception: object) -> None:
        if self._note is not None and self.connection is not None:
            # The logger is the connection's, which somebody else is about to get.
            self.connection.remove_query_logger(self._note)
        await super().__aexit__(*exception)

    async def _acquired(self) -> PoolConnectionProxy:
        try:
            return await super().__aenter__()
        except TimeoutError as error:
            raise ServiceUnavailable("PostgreSQL", "no connection became free in time") from error

    def __await__(self) -> Generator[Any, Any, PoolConnectionProxy]:
        noted = _noted.get()
        if noted is not None:
            noted.complete = False
        return self._acquired().__await__()


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
            connection_class=Session,
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
        """Skipped: it would create extensions, and our tables use none."""


def open_pool(settings: PostgresSettings) -> AbstractAsyncContextManager[Pool]:
    """Open the pool of one process and close it at the end. Raises ServiceUnavailable."""
    return _opened(settings, SESSION)


def open_reading_pool(settings: PostgresSettings) -> AbstractAsyncContextManager[Pool]:
    """As :func:`open_pool`, for declared reads: what changes something is refused there. Raises ServiceUnavailable."""
    return _opened(settings, SESSION | READING)


@asynccontextmanager
async def _opened(settings: PostgresSettings, session: dict[str, str]) -> AsyncIterator[Pool]:
    try:
        pool = await Pool(
            settings.url.reveal(),
            patience_s=settings.acquire_timeout_s,
            min_size=settings.pool_min,
            max_size=settings.pool_max,
            timeout=settings.acquire_timeout_s,
            command_timeout=settings.statement_timeout_s,
            server_settings=session,
        )
    except (OSError, asyncpg.PostgresError, TimeoutError) as error:
        raise ServiceUnavailable("PostgreSQL", type(error).__name__) from error
    try:
        yield pool
    finally:
        await pool.close()


@asynccontextmanager
async def open_connection(
    settings: PostgresSettings, *, statement_timeout_s: float
) -> AsyncIterator[asyncpg.Connection]:
    """Open one connection beside the pool, for work that nobody waits for. Raises ServiceUnavailable."""
    try:
        connection = await asyncpg.connect(
            settings.url.reveal(),
            timeout=settings.acquire_timeout_s,
            command_timeout=statement_timeout_s,
            server_settings={"application_name": "segue schedules", "jit": "off"},
        )
    except (OSError, asyncpg.PostgresError, TimeoutError) as error:
        raise ServiceUnavailable("PostgreSQL", type(error).__name__) from error
    try:
        yield connection
    finally:
        # A server that does not answer any more must not keep a process from ending.
        with suppress(OSError, TimeoutError, asyncpg.PostgresError, asyncpg.InterfaceError):
            await connection.close(timeout=settings.acquire_timeout_s)


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

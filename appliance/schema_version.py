"""The database's schema from the operator's side: bring it up to date, or tell what is missing."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager

import asyncpg

from appliance.errors import NoRoom
from config import migrate
from config.errors import ServiceUnavailable
from config.settings import postgres_settings

TIMEOUT_S = 5.0

UNAVAILABLE = (
    OSError,
    TimeoutError,
    asyncpg.InterfaceError,
    asyncpg.PostgresConnectionError,
    asyncpg.InvalidAuthorizationSpecificationError,
    asyncpg.InvalidCatalogNameError,
    asyncpg.CannotConnectNowError,
    asyncpg.TooManyConnectionsError,
    asyncpg.LockNotAvailableError,
)
"""The server is not there for us, or not now. Any other error of a statement is a bug, and is shown as one."""


async def bring_up_to_date(variables: Mapping[str, str]) -> list[str]:
    """Apply what is missing and return the names.

    Raises MigrationChanged, ServiceUnavailable, NoRoom or InvalidSetting; what was applied before stays.
    """
    settings = postgres_settings(variables)
    try:
        return await migrate.migrate(settings.url.reveal(), migrate.load())
    except asyncpg.DiskFullError as error:
        raise NoRoom("PostgreSQL found no space left on its disk; free some and start again") from error
    except UNAVAILABLE as error:
        raise ServiceUnavailable("PostgreSQL", type(error).__name__) from error


async def server_version(variables: Mapping[str, str]) -> str:
    """Raises ServiceUnavailable or InvalidSetting."""
    async with _connection(variables) as connection:
        version: str = await connection.fetchval("SHOW server_version")
    return version


async def pending(variables: Mapping[str, str]) -> list[str]:
    """The migrations that the database lacks. Raises ServiceUnavailable or InvalidSetting."""
    async with _connection(variables) as connection:
        known = await connection.fetchval("SELECT to_regclass('schema_migrations') IS NOT NULL")
        rows = await connection.fetch("SELECT name FROM schema_migrations") if known else []
    applied = {row["name"] for row in rows}
    return [migration.name for migration in migrate.load() if migration.name not in applied]


@asynccontextmanager
async def _connection(variables: Mapping[str, str]) -> AsyncIterator[asyncpg.Connection]:
    settings = postgres_settings(variables)
    try:
        connection = await asyncpg.connect(settings.url.reveal(), timeout=TIMEOUT_S, command_timeout=TIMEOUT_S)
    except UNAVAILABLE as error:
        raise ServiceUnavailable("PostgreSQL", type(error).__name__) from error
    try:
        yield connection
    except UNAVAILABLE as error:
        raise ServiceUnavailable("PostgreSQL", type(error).__name__) from error
    finally:
        # A server that hangs would let a polite close() hang too.
        connection.terminate()

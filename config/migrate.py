"""Migrations: numbered SQL files, applied once each, in order, under one lock.

A file runs in a transaction of its own, with a lock timeout so that it never queues behind live traffic for long. A
file whose first line is `-- no transaction` runs statement by statement outside one, for CREATE INDEX CONCURRENTLY.
An applied file never changes: its digest is kept, and a difference stops the run.
"""

from __future__ import annotations

import asyncio
import hashlib
from pathlib import Path

import asyncpg
import msgspec

from config.errors import MigrationChanged

FOLDER = Path(__file__).parent / "migrations"
NO_TRANSACTION = "-- no transaction"
CONNECT_TIMEOUT_S = 10.0  # asyncpg waits a minute for an address that swallows every packet
LOCK_KEY = 0x5E69E  # any constant; it only has to be the same in every Segue process
LOCK_ASKED_EVERY_S = 0.1
TRY_LOCK = "SELECT pg_try_advisory_lock($1)"


class Migration(msgspec.Struct, frozen=True, kw_only=True):
    """One file of SQL."""

    name: str
    sql: str

    @property
    def digest(self) -> str:
        return hashlib.sha256(self.sql.encode()).hexdigest()


def load(folder: Path = FOLDER) -> list[Migration]:
    """Read the files in the order of their numbers."""
    return [Migration(name=path.stem, sql=path.read_text(encoding="utf-8")) for path in sorted(folder.glob("*.sql"))]


async def migrate(postgres_url: str, migrations: list[Migration]) -> list[str]:
    """Apply what is missing and return its names. Raises MigrationChanged; safe to run from several processes."""
    connection = await asyncpg.connect(postgres_url, timeout=CONNECT_TIMEOUT_S)
    try:
        await _lock(connection)
        await connection.execute(
            "CREATE TABLE IF NOT EXISTS schema_migrations"
            " (name text PRIMARY KEY, digest text NOT NULL, applied_at timestamptz NOT NULL DEFAULT now())"
        )
        rows = await connection.fetch("SELECT name, digest FROM schema_migrations")
        applied = {row["name"]: row["digest"] for row in rows}
        for migration in migrations:
            if applied.get(migration.name, migration.digest) != migration.digest:
                raise MigrationChanged(migration.name)
        pending = [migration for migration in migrations if migration.name not in applied]
        for migration in pending:
            await _apply(connection, migration)
        return [migration.name for migration in pending]
    finally:
        await connection.close()  # releases the advisory lock


async def _lock(connection: asyncpg.Connection) -> None:
    """Wait for the lock by asking for it: CREATE INDEX CONCURRENTLY waits for every statement that waits for a lock."""
    while not await connection.fetchval(TRY_LOCK, LOCK_KEY):  # noqa: ASYNC110 -- another process lets go of it
        await asyncio.sleep(LOCK_ASKED_EVERY_S)


async def _apply(connection: asyncpg.Connection, migration: Migration) -> None:
    record = "INSERT INTO schema_migrations (name, digest) VALUES ($1, $2)"
    if migration.sql.startswith(NO_TRANSACTION):
        for statement in filter(None, (part.strip() for part in migration.sql.split(";\n"))):
            await connection.execute(statement)
        await connection.execute(record, migration.name, migration.digest)
        return
    async with connection.transaction():
        await connection.execute("SET LOCAL lock_timeout = '5s'")
        await connection.execute(migration.sql)
        await connection.execute(record, migration.name, migration.digest)

"""Statements as PostgreSQL sees them: which were sent, and which indexes one goes down."""

import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import asyncpg

from config.postgres import Pool

OWN = ("current_setting('jit')", "typeinfo_tree")
"""Marks of what asyncpg sends for itself when it meets a new type."""


@asynccontextmanager
async def sent_through(*pools: Pool) -> AsyncIterator[list[str]]:
    """List what is sent to PostgreSQL through the pools meanwhile."""
    statements: list[str] = []

    def note(record: asyncpg.connection.LoggedQuery) -> None:
        if not any(mark in record.query for mark in OWN):
            statements.append(record.query)

    for pool in pools:
        for connection in await _every_connection(pool):
            connection.add_query_logger(note)
            await pool.release(connection)
    yield statements
    for pool in pools:
        for connection in await _every_connection(pool):
            connection.remove_query_logger(note)
            await pool.release(connection)


async def _every_connection(pool: Pool) -> list[asyncpg.pool.PoolConnectionProxy]:
    """All that the pool may hold, taken at once: one that is opened later would be overlooked."""
    return [await pool.acquire() for _ in range(pool.get_max_size())]


async def indexes_of(pool: Pool, text: str, *, types: int) -> set[str]:
    """Which indexes a statement goes down, as it is planned for whatever values; reading a whole table is no way."""
    async with pool.acquire() as connection, connection.transaction():
        for setting in ("enable_seqscan = off", "plan_cache_mode = force_generic_plan"):
            await connection.execute(f"SET LOCAL {setting}")
        await connection.execute(f"PREPARE explained AS {text}")
        values = ", ".join(["NULL"] * types)
        explained = await connection.fetchval(f"EXPLAIN (FORMAT JSON) EXECUTE explained({values})")
        await connection.execute("DEALLOCATE explained")
    return {match[1] for match in re.finditer(r'"Index Name": "([^"]+)"', explained)}

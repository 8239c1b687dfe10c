"""Filling a database by COPY, table after table, and refusing one that somebody uses."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable
from datetime import datetime

import asyncpg

from appliance.errors import ApplianceError
from appliance.synth.table import Table
from appliance.synth.whole import NAMES
from config.transactions import begun_again
from graph.listening.charts import write_charts
from graph.listening.popularity import show_popularity
from graph.listening.spans import ChartSpan

SORTING_MEMORY = "256MB"
"""For making an index of some million rows."""
HELD = ("users", "artists", "tracks")
"""Whoever uses a database has rows in one of these first."""

# Those of constraints stay. A partitioned table has its indexes from its parts, which would get other names.
INDEXES = """
SELECT indexrelid::regclass::text AS name, pg_get_indexdef(indexrelid) AS definition
FROM pg_index JOIN pg_class ON pg_class.oid = indrelid
WHERE indrelid = $1::text::regclass AND relkind = 'r'
    AND NOT EXISTS (SELECT FROM pg_constraint WHERE conindid = indexrelid)
ORDER BY indexrelid
"""


class DatabaseInUse(ApplianceError):
    """The database holds accounts or music, which nobody can tell from made-up ones later; fill another one."""

    code = "database_in_use"

    def __init__(self, table: str) -> None:
        super().__init__(
            f"the database already holds {table}, and what is made up must not be mixed with what is real; choose an"
            " empty one, such as another folder by --home"
        )


async def refuse_if_in_use(connection: asyncpg.Connection) -> None:
    """Raises DatabaseInUse."""
    for table in HELD:
        if await connection.fetchval(f"SELECT EXISTS (SELECT FROM {table})"):  # noqa: S608 -- a constant's name
            raise DatabaseInUse(table)


async def fill(postgres_url: str, tables: Iterable[Table], *, now: datetime, say: Callable[[str], None]) -> int:
    """Copy all rows in one transaction, so that what is stopped leaves nothing; answers how many there are.

    Charts and popular tracks follow from the rows, so they are written as the schedule writes them.

    Raises DatabaseInUse.
    """
    connection = await asyncpg.connect(postgres_url)
    try:
        async with connection.transaction():
            await connection.execute(f"SET LOCAL maintenance_work_mem = '{SORTING_MEMORY}'")
            await _take_tables(connection)
            await refuse_if_in_use(connection)
            total = sum([await _copy(connection, table, say=say) for table in tables])
            for span in ChartSpan:
                await write_charts(connection, span, now=now)
            while not await show_popularity(connection, now):
                pass
        # Without statistics the first queries would be planned for empty tables.
        await connection.execute("ANALYZE")
    finally:
        await connection.close()
    return total


@begun_again
async def _take_tables(connection: asyncpg.Connection) -> None:
    """Have everybody wait who would read or write what is filled: a second fill, a sign-up, what is done by a schedule.

    Indexes are taken away table after table. Who held a later table and waited for an earlier one would end the fill in
    its last minute; taken at once, there is only this moment at which that can be, and it costs nothing to begin again.
    """
    async with connection.transaction():
        await connection.execute(f"LOCK TABLE {', '.join(NAMES)} IN ACCESS EXCLUSIVE MODE", timeout=None)


async def _copy(connection: asyncpg.Connection, table: Table, *, say: Callable[[str], None]) -> int:
    """Copy the rows of one table; its indexes are made when the rows are there, by sorting, which is far quicker."""
    began = time.perf_counter()
    indexes = await connection.fetch(INDEXES, table.name)
    for statement in (*table.before, *(f"DROP INDEX {index['name']}" for index in indexes)):
        await connection.execute(statement)
    told = await connection.copy_records_to_table(
        table.name, columns=table.columns.split(), records=table.rows, timeout=None
    )
    for index in indexes:
        await connection.execute(index["definition"], timeout=None)
    count = int(told.rpartition(" ")[2])
    say(f"{table.name}: {count:,} rows in {time.perf_counter() - began:.1f} s")
    return count

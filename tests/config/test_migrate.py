import asyncio
from pathlib import Path

import asyncpg
import pytest

from config.errors import MigrationChanged
from config.migrate import Migration, load, migrate

FIRST = Migration(name="0001_first", sql="CREATE TABLE first (id int PRIMARY KEY)")
SECOND = Migration(name="0002_second", sql="CREATE TABLE second (id int REFERENCES first)")


async def tables(url: str) -> set[str]:
    connection = await asyncpg.connect(url)
    try:
        rows = await connection.fetch("SELECT tablename FROM pg_tables WHERE schemaname = 'public'")
    finally:
        await connection.close()
    return {row["tablename"] for row in rows}


async def test_applies_what_is_missing_in_order_and_nothing_twice(empty_database: str) -> None:
    assert await migrate(empty_database, [FIRST]) == ["0001_first"]
    assert await migrate(empty_database, [FIRST, SECOND]) == ["0002_second"]
    assert await migrate(empty_database, [FIRST, SECOND]) == []
    assert await tables(empty_database) == {"schema_migrations", "first", "second"}


async def test_changed_file_stops_the_run_before_anything_is_applied(empty_database: str) -> None:
    await migrate(empty_database, [FIRST])
    changed = Migration(name=FIRST.name, sql=FIRST.sql + " -- changed")
    with pytest.raises(MigrationChanged, match="0001_first was changed"):
        await migrate(empty_database, [changed, SECOND])
    assert await tables(empty_database) == {"schema_migrations", "first"}


async def test_failing_file_leaves_nothing_of_itself(empty_database: str) -> None:
    broken = Migration(name="0002_broken", sql="CREATE TABLE half (id int); SELECT 1 / 0")
    with pytest.raises(asyncpg.DivisionByZeroError):
        await migrate(empty_database, [FIRST, broken])
    assert await tables(empty_database) == {"schema_migrations", "first"}
    assert await migrate(empty_database, [FIRST, SECOND]) == ["0002_second"]


async def test_file_outside_a_transaction_runs_statement_by_statement(empty_database: str) -> None:
    sql = "-- no transaction\nCREATE INDEX CONCURRENTLY a ON first (id);\nCREATE INDEX CONCURRENTLY b ON first (id);\n"
    outside = Migration(name="0002_outside", sql=sql)
    assert await migrate(empty_database, [FIRST, outside]) == ["0001_first", "0002_outside"]


async def test_several_processes_at_once_apply_each_file_once(empty_database: str) -> None:
    applied = await asyncio.gather(*(migrate(empty_database, [FIRST, SECOND]) for _ in range(4)))
    assert sorted(name for names in applied for name in names) == ["0001_first", "0002_second"]


async def test_those_that_wait_do_not_keep_an_index_from_being_made(empty_database: str) -> None:
    outside = Migration(name="0002_outside", sql="-- no transaction\nCREATE INDEX CONCURRENTLY a ON first (id);\n")
    async with asyncio.timeout(60):
        applied = await asyncio.gather(*(migrate(empty_database, [FIRST, outside]) for _ in range(4)))
    assert sorted(name for names in applied for name in names) == ["0001_first", "0002_outside"]


async def test_migrations_of_the_project_make_the_schema_from_scratch(empty_database: str) -> None:
    names = [migration.name for migration in load()]
    assert await migrate(empty_database, load()) == names
    assert await migrate(empty_database, load()) == []
    assert {"users", "tracks", "assets", "pgqueuer"} <= await tables(empty_database)


def test_files_are_read_in_the_order_of_their_numbers(tmp_path: Path) -> None:
    for name in ("0010_c", "0002_b", "0001_a"):
        (tmp_path / f"{name}.sql").write_text(f"-- {name}")
    (tmp_path / "README.md").write_text("not SQL")
    assert [migration.name for migration in load(tmp_path)] == ["0001_a", "0002_b", "0010_c"]

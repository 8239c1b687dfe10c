"""PgQueuer's own installer is the oracle: what our migration makes is what it makes."""

import subprocess
import sys
from pathlib import Path

import asyncpg

from config.migrate import load, migrate

DESCRIPTIONS = {
    "tables": """
        SELECT relname::text, relkind::text, relpersistence::text, reloptions::text FROM pg_class
        WHERE relname LIKE 'pgqueuer%' AND relkind IN ('r', 'S', 'i')""",
    "columns": """
        SELECT attrelid::regclass::text, attname::text, format_type(atttypid, atttypmod), attnotnull,
               attidentity::text, pg_get_expr(adbin, adrelid)
        FROM pg_attribute LEFT JOIN pg_attrdef ON adrelid = attrelid AND adnum = attnum
        WHERE attrelid::regclass::text LIKE 'pgqueuer%' AND attnum > 0""",
    "constraints": """
        SELECT conrelid::regclass::text, conname::text, pg_get_constraintdef(oid) FROM pg_constraint
        WHERE conrelid::regclass::text LIKE 'pgqueuer%'""",
    "indexes": "SELECT indexname::text, indexdef FROM pg_indexes WHERE tablename LIKE 'pgqueuer%'",
    "types": """
        SELECT typname::text, enumlabel::text, enumsortorder::text FROM pg_enum JOIN pg_type ON pg_type.oid = enumtypid
        WHERE typname LIKE 'pgqueuer%'""",
    "functions": "SELECT pg_get_functiondef(oid) FROM pg_proc WHERE proname LIKE '%pgqueuer%'",
    "triggers": "SELECT pg_get_triggerdef(oid) FROM pg_trigger WHERE tgrelid::regclass::text LIKE 'pgqueuer%'",
}


async def describe(url: str) -> dict[str, list[tuple[object, ...]]]:
    connection = await asyncpg.connect(url)
    try:
        rows = {name: await connection.fetch(query) for name, query in DESCRIPTIONS.items()}
    finally:
        await connection.close()
    return {name: sorted(tuple(row) for row in found) for name, found in rows.items()}


async def test_queue_tables_are_those_of_the_installer(environment: dict[str, str], empty_database: str) -> None:
    pgq = Path(sys.executable).with_name("pgq")
    subprocess.run([pgq, "--pg-dsn", empty_database, "install"], check=True, capture_output=True)
    made, installed = await describe(environment["SEGUE_POSTGRES_URL"]), await describe(empty_database)
    assert {name: len(found) for name, found in installed.items()} == {name: len(found) for name, found in made.items()}
    assert made == installed
    assert len(installed["tables"]) >= 4
    assert len(installed["functions"]) == len(installed["triggers"]) == 1


async def test_installer_finds_nothing_missing(empty_database: str) -> None:
    await migrate(empty_database, load())
    pgq = Path(sys.executable).with_name("pgq")
    command = [pgq, "--pg-dsn", empty_database, "verify", "--expect", "present"]
    outcome = subprocess.run(command, check=False, capture_output=True, text=True)
    assert outcome.returncode == 0, outcome.stdout + outcome.stderr

from typing import Any

import pytest
from piccolo.columns import ForeignKey
from piccolo.table import Table

from config.postgres import Pool
from graph.app import TABLES

# What PostgreSQL calls the types that Piccolo's columns declare.
NAMES = {
    "UUID": "uuid",
    "TEXT": "text",
    "TEXT[]": "ARRAY",
    "BYTEA": "bytea",
    "BOOLEAN": "boolean",
    "INTEGER": "integer",
    "BIGINT": "bigint",
    "DATE": "date",
    "REAL": "real",
    "TIMESTAMPTZ": "timestamp with time zone",
}

COLUMNS = """
SELECT column_name, data_type, is_nullable = 'YES' AS nullable FROM information_schema.columns
WHERE table_schema = 'public' AND table_name = $1
"""


def declared(table: type[Table]) -> dict[str, tuple[str, bool]]:
    """Name to type and nullability, as the table's class says; a foreign key has the type of what it refers to."""
    found: dict[str, tuple[str, bool]] = {}
    for column in table._meta.columns:
        target: Any = column
        while isinstance(target, ForeignKey):
            target = target._foreign_key_meta.resolved_references._meta.primary_key
        found[column._meta.db_column_name] = (NAMES[target.column_type], column._meta.null)
    return found


@pytest.mark.parametrize("table", TABLES, ids=lambda table: table._meta.tablename)
async def test_piccolo_declares_what_the_migrations_make(table: type[Table], pool: Pool) -> None:
    rows = await pool.fetch(COLUMNS, table._meta.tablename)
    stored = {row["column_name"]: (row["data_type"], row["nullable"]) for row in rows}
    assert declared(table) == stored

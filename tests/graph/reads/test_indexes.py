"""What PostgreSQL does for every statement that the declarations give rise to: it goes down an index.

Sorting and reading whole tables are made expensive beyond measure, so that a plan has them only where there is no other
way: PostgreSQL marks such a step as disabled. So a missing index shows on a small catalogue, too. The plans are the
generic ones, as those of prepared statements become.
"""

import asyncio
import json
import re
from collections.abc import AsyncIterator, Iterator
from datetime import UTC, datetime
from typing import Any
from uuid import uuid4

import asyncpg
import pytest

from appliance.synth.filling import fill
from appliance.synth.sizes import Order, Sizes
from appliance.synth.whole import tables
from graph.reads import statements
from graph.reads.declarations import Column, Entity, One
from graph.reads.plans import OWN_KEY
from graph.reads.statements import Lookup, Statement
from loadtests.bench.connections import Connection, connections, entities

SIZES = Sizes(tracks=3000, artists=4000, albums=400, playlists=200, listeners=60)
DEAR = ("seqscan", "sort", "incremental_sort", "bitmapscan", "hashjoin", "mergejoin")
SETTINGS = {**{f"enable_{name}": "off" for name in DEAR}, "plan_cache_mode": "force_generic_plan"}
Step = dict[str, Any]
INDEX = """
SELECT coalesce(pg_partition_root(indexrelid)::regclass, indexrelid)::text AS name, attname AS leading_column
FROM pg_index JOIN pg_attribute ON attrelid = indrelid AND attnum = indkey[0]
WHERE indexrelid = $1::text::regclass
"""
OWNER = """
SELECT conrelid::regclass::text, conname FROM pg_constraint
WHERE conindid = $1::text::regclass AND contype IN ('p', 'u')
"""

EVERY_CONNECTION = [pytest.param(connection, id=connection.name) for connection in connections()]


@pytest.fixture(scope="module")
def catalogue(services: Any) -> Iterator[str]:
    """The URL of a small synthetic catalogue, with statistics."""
    database = f"explained_{uuid4().hex[:12]}"
    asyncio.run(_order(services, f"CREATE DATABASE {database} TEMPLATE segue_template"))
    url = services.postgres_url(database)
    now = datetime(2026, 3, 1, tzinfo=UTC)
    asyncio.run(fill(url, tables(Order(sizes=SIZES, seed=1, now=now)), now=now, say=lambda _line: None))
    yield url
    asyncio.run(_order(services, f"DROP DATABASE {database} WITH (FORCE)"))


async def _order(services: Any, statement: str) -> None:
    connection = await asyncpg.connect(services.environment["SEGUE_POSTGRES_URL"])
    try:
        await connection.execute(statement)
    finally:
        await connection.close()


@pytest.fixture
async def database(catalogue: str) -> AsyncIterator[asyncpg.Connection]:
    connection = await asyncpg.connect(catalogue, server_settings=SETTINGS, statement_cache_size=0)
    yield connection
    await connection.close()


async def plan(database: asyncpg.Connection, statement: Statement) -> Step:
    """The generic plan of a prepared statement: nothing of it is cut short for the values of one call."""
    values = ", ".join(["NULL"] * len(statement.parameters))
    await database.execute(f"PREPARE asked AS {statement.text}")
    (told,) = json.loads(await database.fetchval(f"EXPLAIN (FORMAT JSON) EXECUTE asked({values})"))
    await database.execute("DEALLOCATE asked")
    found: Step = told["Plan"]
    return found


def joinable(entity: Entity) -> list[One]:
    """The relations that are joined to the rows of an entity when no more is selected of them than plain columns."""
    others = entities()
    return [
        one
        for one in entity.one.values()
        if not one.part and others[one.entity].key == OWN_KEY and not others[one.entity].visible_joins
    ]


def plain_columns(entity: Entity) -> tuple[Column, ...]:
    return tuple(column for column in entity.columns.values() if not column.joins)


def steps(step: Step) -> Iterator[Step]:
    yield step
    for below in step.get("Plans", []):
        yield from steps(below)


def dear(step: Step) -> list[str]:
    """What reads a whole table or sorts, at a step and below it."""
    return [
        f"{one['Node Type']} of {one.get('Relation Name', one.get('Sort Key'))}"
        for one in steps(step)
        if one["Node Type"] in ("Seq Scan", "Sort", "Incremental Sort") and one["Disabled"]
    ]


def page_of(connection: Connection, step: Step) -> Step:
    """Where the rows of a page come from: behind it they are cut to size and put in order once more."""
    limits = [
        one for one in steps(step) if one["Node Type"] == "Limit" and "Plan" not in one.get("Parent Relationship", "")
    ]
    return limits[0 if connection.many.parent else 1]


async def descents(database: asyncpg.Connection, connection: Connection, *, backward: bool = False) -> set[str]:
    """The indexes that lead from the parent to the place from which a page goes on, in one descent."""
    statement = connection.page(after=True, backward=backward)
    number = statement.parameters.index("before_0" if backward else "after_0") + 1
    page = page_of(connection, await plan(database, statement))
    if dear(page):
        return set()
    entered = [one for one in steps(page) if re.search(rf"\${number}\b", one.get("Index Cond", ""))]
    found = [await database.fetchrow(INDEX, one["Index Name"]) for one in entered]
    parent = (connection.many.parent or "").rpartition(".")[2]
    return {index["name"] for index in found if not parent or index["leading_column"] == parent}


@pytest.mark.parametrize("connection", EVERY_CONNECTION)
@pytest.mark.parametrize("backward", [False, True], ids=["forward", "backward"])
async def test_a_page_comes_from_an_index_in_its_order(
    database: asyncpg.Connection, connection: Connection, *, backward: bool
) -> None:
    assert dear(page_of(connection, await plan(database, connection.page(backward=backward)))) == []
    assert len(await descents(database, connection, backward=backward)) == 1


@pytest.mark.parametrize("connection", [one for one in connections() if one.many.parent], ids=lambda one: one.name)
async def test_counting_a_connection_reads_no_whole_table(database: asyncpg.Connection, connection: Connection) -> None:
    assert dear(await plan(database, connection.count())) == []


@pytest.mark.parametrize("entity", entities().values(), ids=lambda one: one.type_name)
async def test_rows_by_their_keys_come_from_an_index(database: asyncpg.Connection, entity: Entity) -> None:
    found = dear(await plan(database, statements.by_keys(entity, list(entity.columns.values()))))
    # What is computed of a row may sort the few rows below it; no table is read for it.
    assert [step for step in found if step.startswith("Seq Scan")] == []


@pytest.mark.parametrize("entity", [one for one in entities().values() if joinable(one)], ids=lambda one: one.type_name)
async def test_what_is_joined_to_rows_comes_from_an_index(database: asyncpg.Connection, entity: Entity) -> None:
    ones, others = joinable(entity), entities()
    held = [entity.columns.get(one.column) or Column(sql=f"{entity.alias}.{one.column}") for one in ones]
    lookups = [
        Lookup(entity=others[one.entity], columns=plain_columns(others[one.entity]), held_in=number, where=one.where)
        for number, one in enumerate(ones, start=1)
    ]
    found = dear(await plan(database, statements.by_keys(entity, held, lookups=lookups)))
    assert [step for step in found if step.startswith("Seq Scan")] == []


@pytest.mark.parametrize("connection", EVERY_CONNECTION)
async def test_a_page_without_its_index_is_noticed(database: asyncpg.Connection, connection: Connection) -> None:
    (index,) = await descents(database, connection)
    transaction = database.transaction()
    await transaction.start()
    owner = await database.fetchrow(OWNER, index)
    drop = f"INDEX {index}" if owner is None else f"TABLE {owner[0]} DROP CONSTRAINT {owner[1]} CASCADE"
    await database.execute(f"{'DROP' if owner is None else 'ALTER'} {drop}")
    assert await descents(database, connection) == set()
    await transaction.rollback()

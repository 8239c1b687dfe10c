"""Pages of every connection at random depths: how long the database takes, on the catalogue of `segue synth`.

For each connection, in every order and both directions, parents are drawn: some at random, and those that have the
most. Of each of their lists some places are drawn, and the page of 20 that goes on from there is read with everything
that can be selected of its rows, as the graph's reader would: the prepared statement, on a connection of its pool. The
seconds are those of the whole round trip, as the loop of a process sees them: the least of three, for what else the
machine does is no property of the page.

`python -m loadtests.bench.pages` measures the database of the settings and prints a line for each connection.
"""

from __future__ import annotations

import argparse
import asyncio
import random
import time
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from uuid import UUID

from appliance.environment import environment
from appliance.home import DEFAULT_HOME, HOME_VARIABLE, open_home, resolve
from config.postgres import Pool, open_reading_pool
from config.settings import postgres_settings
from loadtests.bench.connections import Connection, Entity, by_keys, connections
from loadtests.bench.harness import Samples

LIMIT_S = 0.020
PAGE = 20
TIMES = 3
BUSIEST, ANY = 10, 30
"""Parents of each connection: those with the most rows, and others."""
PLACES = 5
"""Of each parent's list."""
DEEPEST = 20_000
"""Places are drawn from the first so many of a list: further down, only the drawing would take longer."""

Values = dict[str, object]


async def measure(pool: Pool, rng: random.Random) -> list[Samples]:
    """The samples of every connection and direction, the slowest p99 first."""
    found = []
    for connection in connections():
        drawn = await _drawn(pool, connection, rng)
        for backward in (False, True):
            seconds = [await _timed(pool, connection, values, place, backward=backward) for values, place in drawn]
            label = f"{connection.name}{', backward' * backward}"
            if seconds:
                found.append(Samples(label=label, seconds=tuple(seconds)))
    return sorted(found, key=lambda samples: -samples.percentile_s(99))


async def _timed(
    pool: Pool, connection: Connection, values: Values, place: Sequence[object] | None, *, backward: bool
) -> float:
    """One page after a place, or before it; without one, the first or the last page."""
    statement = connection.page(after=place is not None, backward=backward)
    name = "before" if backward else "after"
    bounds = {f"{name}_{number}": value for number, value in enumerate(place or ())}
    given = {**values, **connection.values, **bounds, "limit": PAGE + 1}
    arguments = [given[parameter] for parameter in statement.parameters]
    async with pool.acquire() as session:
        prepared = await session.prepare(statement.text)
        seconds = []
        for _ in range(TIMES):
            began = time.perf_counter()
            await prepared.fetch(*arguments)
            seconds.append(time.perf_counter() - began)
        return min(seconds)


async def _drawn(
    pool: Pool, connection: Connection, rng: random.Random
) -> list[tuple[Values, Sequence[object] | None]]:
    """Parents with a place in their list each; None is the end of a list."""
    drawn: list[tuple[Values, Sequence[object] | None]] = []
    viewer_id = await pool.fetchval("SELECT id FROM users WHERE role = 'listener' ORDER BY id LIMIT 1")
    for key in await _parents(pool, connection, rng):
        own = connection.parent is not None and connection.parent.table == "users"
        values = _values(key, viewer_id=key if own and key else viewer_id)
        if connection.parent is not None and not await _rows(pool, connection.parent, values):
            continue  # nobody who cannot see it gets as far as its lists
        places = await _places(pool, connection, values)
        drawn.append((values, None))
        drawn.extend((values, rng.choice(places)) for _ in range(PLACES if places else 0))
    return drawn


def _values(key: UUID | None, *, viewer_id: UUID) -> Values:
    keys = [] if key is None else [key]
    return {"keys": keys, "viewer_id": viewer_id, "is_admin": False, "market": "DE", "now": datetime.now(UTC)}


async def _rows(pool: Pool, entity: Entity, values: Values) -> Sequence[object]:
    """The rows by their keys that the viewer sees."""
    statement = by_keys(entity, [])
    return await pool.fetch(statement.text, *(values[parameter] for parameter in statement.parameters))


async def _parents(pool: Pool, connection: Connection, rng: random.Random) -> list[UUID | None]:
    many = connection.many
    if many.parent is None or connection.parent is None:
        return [None] * ANY
    source = many.source or f"{connection.node.table} AS {connection.node.alias}"
    busiest = await pool.fetch(
        f"SELECT {many.parent} FROM {source} WHERE {many.parent} IS NOT NULL"  # noqa: S608 -- of declarations
        f" GROUP BY 1 ORDER BY count(*) DESC LIMIT {BUSIEST}",
        timeout=600,
    )
    table, key = connection.parent.table, connection.parent.key
    some = await pool.fetch(f"SELECT {key} FROM {table} TABLESAMPLE SYSTEM (1) LIMIT 5000")  # noqa: S608 -- of declarations
    return [row[0] for row in [*busiest, *rng.sample(some, min(ANY, len(some)))]]


async def _places(pool: Pool, connection: Connection, values: Mapping[str, object]) -> list[tuple[Any, ...]]:
    """The places of a parent's list."""
    statement = connection.page()
    text = statement.text.replace("LIMIT 101", f"LIMIT {DEEPEST}")
    given = {**values, **connection.values, "limit": DEEPEST}
    rows = await pool.fetch(text, *(given[parameter] for parameter in statement.parameters), timeout=600)
    parts = len(connection.order.parts)
    return [tuple(row)[-parts:] for row in rows]


def report(samples: Sequence[Samples]) -> str:
    lines = [
        f"{one.label:<58} p50 {one.median_s * 1000:7.2f} ms   p99 {one.percentile_s(99) * 1000:7.2f} ms"
        f"   n={len(one.seconds)}{'' if one.percentile_s(99) < LIMIT_S else '   ABOVE THE LIMIT'}"
        for one in samples
    ]
    return "\n".join(lines)


async def _main(seed: int) -> None:
    variables = environment()
    home = open_home(Path(variables.get(HOME_VARIABLE) or DEFAULT_HOME))
    async with open_reading_pool(postgres_settings(resolve(home, variables))) as pool:
        print(report(await measure(pool, random.Random(seed))))  # noqa: S311, T201 -- a draw of samples; the report


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seed", type=int, default=1)
    asyncio.run(_main(parser.parse_args().seed))

"""What is written by hand goes down an index as well: no statement of a write reads a table, or sorts a playlist."""

import json
import re
from collections.abc import Iterator
from typing import Any

from graph.changes import service as changes
from graph.playlists import entries, service, upkeep
from graph.sharing import service as sharing

HOT = {
    "the entries' number": entries.COUNT,
    "entries by their ids": entries.OF_PLAYLIST,
    "the first place": entries.FIRST,
    "the last place": entries.LAST,
    "the place of an entry": entries.AT,
    "the place before another": entries.NEXT_BELOW,
    "the place behind another": entries.NEXT_ABOVE,
    "entries in their order": entries.IN_ORDER,
    "removing entries": entries.DELETE,
    "locking a playlist": service.LOCK,
    "forgetting a deleted playlist's entries": service.FORGET_ENTRIES,
    "the playlists of a deleted track": upkeep.HOLD.replace("ORDER BY id ", ""),  # at most a portion of them
    "the playlists that a deleted track is left in": upkeep.LEFT,
    "a page of changes": changes.CHANGES,
    "where a feed is": changes.FEED,
    "a link by its slug": sharing.FIND,
}
# On a small table PostgreSQL would read all of it and be right; so that is made dear beyond measure.
DEAR = ("seqscan", "sort", "incremental_sort", "bitmapscan", "hashjoin", "mergejoin")


def steps(plan: dict[str, Any]) -> Iterator[dict[str, Any]]:
    yield plan
    for below in plan.get("Plans", ()):
        yield from steps(below)


async def test_every_statement_goes_down_an_index(pool) -> None:
    dear = {}
    async with pool.acquire() as connection, connection.transaction():
        await connection.execute("SET LOCAL plan_cache_mode = force_generic_plan")
        for name in DEAR:
            await connection.execute(f"SET LOCAL enable_{name} = off")
        for number, (name, statement) in enumerate(HOT.items()):
            await connection.execute(f"PREPARE hot_{number} AS {statement}")
            nulls = ", ".join(["NULL"] * len(set(re.findall(r"\$\d", statement))))
            explained = await connection.fetchval(f"EXPLAIN (FORMAT JSON) EXECUTE hot_{number} ({nulls})")
            (plan,) = json.loads(explained)
            dear[name] = [step["Node Type"] for step in steps(plan["Plan"]) if step.get("Disabled")]
            await connection.execute(f"DEALLOCATE hot_{number}")
    assert {name: found for name, found in dear.items() if found} == {}

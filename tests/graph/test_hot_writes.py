"""What a like, a play and their upkeep do in PostgreSQL: every step goes down an index, whatever the tables hold."""

import json
import re
from collections.abc import AsyncIterator, Iterator
from typing import Any

import asyncpg
import pytest

from graph.library import availability, upkeep
from graph.library.shelves import SHELVES
from graph.listening import forgetting, orphans, popularity, retention, service

# A step that is disabled is in a plan only where there is no other way; plans are those of prepared statements.
SETTINGS = {"enable_seqscan": "off", "enable_hashjoin": "off", "plan_cache_mode": "force_generic_plan"}

STATEMENTS = {
    "who reports a play": service.LISTENER,
    "which tracks were played": service.TRACKS,
    "writing a play": service.WRITE,
    "what was renamed or deleted": upkeep.NOTED,
    "whose account was deleted": forgetting.NOTED,
    "showing what was heard of tracks": popularity.SHOW,
    "licences that begin or end": availability.NOTE_TRACKS,
    "releases that come out": availability.NOTE_ALBUMS,
    "who likes a track": availability.LIKED,
    "who has a track in a playlist": availability.ENTERED,
    "who has saved an album": availability.SAVED,
    **{f"a portion of {count.table}": count.portion for count in orphans.COUNTS},
    **{f"what {count.table} has of the deleted": count.remove for count in orphans.COUNTS},
    "a portion of a month": retention.LAST_OF_PORTION.format(partition="plays_astray"),
    "what was played recently in a month": retention.FORGET_RECENT.format(partition="plays_astray"),
    **{f"forgetting: {statement}": statement for statement in forgetting.FORGET},
    **{
        f"{shelf.kind.value}: {name}": statement
        for shelf in SHELVES.values()
        for name, statement in {
            "name as it is seen": shelf.seen.text,
            "name": shelf.named,
            "keep": shelf.keep,
            "drop": shelf.drop,
            "rename": shelf.rename,
            "remove": shelf.remove,
        }.items()
    },
}


@pytest.fixture
async def database(environment) -> AsyncIterator[asyncpg.Connection]:
    connection = await asyncpg.connect(environment["SEGUE_POSTGRES_URL"], server_settings=SETTINGS)
    yield connection
    await connection.close()


def steps(step: dict[str, Any]) -> Iterator[dict[str, Any]]:
    yield step
    for below in step.get("Plans", []):
        yield from steps(below)


async def test_no_step_reads_a_whole_table(database: asyncpg.Connection) -> None:
    dear: dict[str, list[str]] = {}
    for name, statement in STATEMENTS.items():
        await database.execute(f"PREPARE asked AS {statement}")
        values = ", ".join(["NULL"] * len(set(re.findall(r"\$\d+", statement))))
        (told,) = json.loads(await database.fetchval(f"EXPLAIN (FORMAT JSON) EXECUTE asked({values})"))
        await database.execute("DEALLOCATE asked")
        read_whole = [step["Relation Name"] for step in steps(told["Plan"]) if step["Node Type"] == "Seq Scan"]
        if read_whole:
            dear[name] = read_whole
    assert dear == {}

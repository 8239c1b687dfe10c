"""What a list costs in a market that excludes most of a catalogue."""

import json
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

from graph.catalog.reads import ARTIST, TRACK
from graph.licences.rules import Licence
from graph.reads.statements import Part, page
from graph.viewer import Role


def scans(plan: dict[str, Any], table: str) -> Iterator[int]:
    """How often each scan of a table ran."""
    if plan.get("Relation Name") == table:
        yield plan["Actual Loops"]
    for below in plan.get("Plans", ()):
        yield from scans(below, table)


async def test_tracks_that_the_market_excludes_are_left_out_by_their_row_alone(pool, add_user, add_catalogue) -> None:
    here = [Licence(market="SE")]
    licences = [here if n % 10 == 0 else [Licence(market="NO")] for n in range(300)]
    artist, _ = await add_catalogue(await add_user(Role.LABEL), licences)
    tracks = ARTIST.many["tracks"]
    statement = page(tracks, TRACK, [TRACK.columns["title"]], part=Part(order=tracks.orders["added"]))
    values = {
        "keys": [artist],
        "limit": 10,
        "viewer_id": (await add_user(Role.LISTENER)).user_id,
        "is_admin": False,
        "market": "SE",
        "now": datetime.now(UTC),
    }
    given = [values[name] for name in statement.parameters]
    assert len(await pool.fetch(statement.text, *given)) == 10
    explained = await pool.fetchval(f"EXPLAIN (ANALYZE, FORMAT JSON) {statement.text}", *given)
    plan = json.loads(explained)[0]["Plan"]
    (licence_look_ups,) = scans(plan, "licences")
    # There are 30 that may be heard here; the other 270 have led to no look-up, neither of licences nor of media.
    assert 10 <= licence_look_ups <= 30
    assert max(scans(plan, "assets")) <= 30
    assert list(scans(plan, "artists")) == [1]

"""What a list costs in a market that excludes most of a catalogue."""

import json
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

from config.postgres import Pool
from graph.catalog.reads import ALBUM, ARTIST, TRACK
from graph.keys import new_key
from graph.licences.rules import Licence
from graph.reads.declarations import Entity
from graph.reads.statements import Part, page
from graph.viewer import Role, Viewer

HERE, ELSEWHERE = [Licence(market="SE")], [Licence(market="NO")]
# One release for each track.
ADD_ALBUMS = """
WITH given AS (SELECT * FROM unnest($1::uuid[], $2::uuid[]) AS given (album, track)), added AS (
    INSERT INTO albums (id, artist_id, title, search_text)
    SELECT given.album, track.artist_id, 'Rivers', 'rivers' FROM given JOIN tracks AS track ON track.id = given.track
)
UPDATE tracks SET album_id = given.album FROM given WHERE tracks.id = given.track
"""


def scans(plan: dict[str, Any], table: str) -> Iterator[int]:
    """How often each scan of a table ran."""
    if plan.get("Relation Name") == table:
        yield plan["Actual Loops"]
    for below in plan.get("Plans", ()):
        yield from scans(below, table)


async def explained(
    pool: Pool, list_: str, node: Entity, order: str, *, artist: UUID, viewer: Viewer
) -> dict[str, Any]:
    """What PostgreSQL did for the first ten of an artist's list in the market SE."""
    many = ARTIST.many[list_]
    statement = page(many, node, [node.columns["title"]], part=Part(order=many.orders[order]))
    values = {
        "keys": [artist],
        "limit": 10,
        "viewer_id": viewer.user_id,
        "is_admin": False,
        "market": "SE",
        "now": datetime.now(UTC),
    }
    given = [values[name] for name in statement.parameters]
    assert len(await pool.fetch(statement.text, *given)) == 10
    told = await pool.fetchval(f"EXPLAIN (ANALYZE, FORMAT JSON) {statement.text}", *given)
    plan: dict[str, Any] = json.loads(told)[0]["Plan"]
    return plan


async def test_tracks_that_the_market_excludes_are_left_out_by_their_row_alone(pool, add_user, add_catalogue) -> None:
    licences = [HERE if n % 10 == 0 else ELSEWHERE for n in range(300)]
    artist, _ = await add_catalogue(await add_user(Role.LABEL), licences)
    viewer = await add_user(Role.LISTENER)
    plan = await explained(pool, "tracks", TRACK, "added", artist=artist, viewer=viewer)
    (licence_look_ups,) = scans(plan, "licences")
    # There are 30 that may be heard here; the other 270 have led to no look-up, neither of licences nor of media.
    assert 10 <= licence_look_ups <= 30
    assert max(scans(plan, "assets")) <= 30
    assert list(scans(plan, "artists")) == [1]


async def test_releases_that_the_market_excludes_are_left_out_without_their_tracks(
    pool, add_user, add_catalogue
) -> None:
    licences = [HERE if n % 10 == 0 else ELSEWHERE for n in range(300)]
    artist, tracks = await add_catalogue(await add_user(Role.LABEL), licences)
    await pool.execute(ADD_ALBUMS, [new_key() for _ in tracks], tracks)
    viewer = await add_user(Role.LISTENER)
    plan = await explained(pool, "albums", ALBUM, "newest", artist=artist, viewer=viewer)
    (track_look_ups,) = scans(plan, "tracks")
    assert 10 <= track_look_ups <= 30


async def test_releases_that_may_be_heard_everywhere_are_listed_without_their_tracks(
    pool, add_user, add_catalogue
) -> None:
    artist, tracks = await add_catalogue(await add_user(Role.LABEL), [[]] * 20)
    await pool.execute(ADD_ALBUMS, [new_key() for _ in tracks], tracks)
    viewer = await add_user(Role.LISTENER)
    plan = await explained(pool, "albums", ALBUM, "newest", artist=artist, viewer=viewer)
    assert list(scans(plan, "tracks")) == [0]

"""What was counted of deleted tracks and artists goes, and nothing else does."""

from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import pytest

from graph.catalog.deletion import delete_artist, delete_track
from graph.listening import orphans
from graph.listening.orphans import GRACE, remove_orphans
from graph.listening.rollup import roll_up
from graph.viewer import Role

LISTENERS = [UUID(int=n) for n in range(1, 6)]
TABLES = ("top_tracks", "recent_tracks", "listening_days", "top_artists")


async def rows(pool: Any) -> dict[str, int]:
    return {table: await pool.fetchval(f"SELECT count(*) FROM {table}") for table in TABLES}  # noqa: S608 -- as above


async def test_what_was_counted_of_what_is_deleted_goes(
    pool, add_user, add_track, add_play, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(orphans, "PORTION", 2)
    now = datetime.now(UTC)
    artists = [await add_user(Role.ARTIST) for _ in range(3)]
    tracks = [await add_track(artist, ready=60_000) for artist in artists]
    bands = [await pool.fetchval("SELECT id FROM artists WHERE owner_id = $1", one.user_id) for one in artists]
    for track, band in zip(tracks, bands, strict=True):
        for listener in LISTENERS:
            await add_play(now, user=listener, track=track, artist=band)
            await pool.execute("INSERT INTO recent_tracks VALUES ($1, $2, now())", listener, track)
    async with pool.acquire() as connection:
        await roll_up(connection, now)
        before = await rows(pool)
        await delete_track(pool, artists[0], track_id=tracks[0], removal_delay=timedelta(0))
        await delete_artist(pool, artists[1], artist_id=bands[1], removal_delay=timedelta(0))

        assert await remove_orphans(connection, now)
        assert await rows(pool) == before, "a report may be under way"

        assert await remove_orphans(connection, now + GRACE + timedelta(minutes=5))
        # The first artist has lost a track, the second is gone with its own.
        assert await rows(pool) == {
            "top_tracks": before["top_tracks"] // 3,
            "recent_tracks": before["recent_tracks"] // 3,
            "listening_days": before["listening_days"] // 3,
            "top_artists": before["top_artists"] * 2 // 3,
        }
        assert {row[0] for row in await pool.fetch("SELECT track_id FROM top_tracks")} == {tracks[2]}
        assert await pool.fetchval("SELECT count(*) FROM upkeep WHERE kind LIKE 'heard_%'") == 0

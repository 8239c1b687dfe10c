"""What nothing is called by leaves the list of genres, and whoever names it meanwhile has it all the same."""

import asyncio
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

import pytest

from graph import ids
from graph.catalog.changes import TrackChange, update_track
from graph.genres.upkeep import forget_genres
from graph.keys import new_key
from graph.viewer import Role, Viewer
from graph.works import works
from tests.graph.locks import waits
from tests.graph.turns import interrupted, take_turns

CALL = """
mutation($input: UpdateTrackInput!) {
  updateTrack(input: $input) { track { genres { edges { node { name } } } } userErrors { code } }
}
"""


@pytest.fixture
async def artist(add_user: Any) -> Viewer:
    viewer: Viewer = await add_user(Role.ARTIST)
    return viewer


async def add_genre(pool: Any, name: str) -> UUID:
    key = new_key()
    await pool.execute("INSERT INTO genres (id, slug, name) VALUES ($1, $2, $2)", key, name)
    return key


async def keep_up(pool: Any) -> bool:
    async with pool.acquire() as connection:
        return await forget_genres(connection, datetime.now(UTC))


async def listed(pool: Any) -> list[str]:
    return [row["name"] for row in await pool.fetch("SELECT name FROM genres ORDER BY name")]


async def test_a_genre_goes_with_the_last_that_is_called_by_it(pool: Any, artist: Viewer, add_track: Any) -> None:
    track, album = await add_track(artist), new_key()
    await pool.execute(
        "INSERT INTO albums (id, artist_id, title, search_text) SELECT $1, artist_id, 'A', 'a' FROM tracks", album
    )
    keys = {name: await add_genre(pool, name) for name in ("of an album", "of a track", "of nothing")}
    await pool.execute("INSERT INTO album_genres VALUES ($1, $2, 0)", keys["of an album"], album)
    await pool.execute("INSERT INTO track_genres VALUES ($1, $2, 0)", keys["of a track"], track)
    assert await keep_up(pool)
    assert await listed(pool) == ["of a track", "of an album"]
    await pool.execute("DELETE FROM tracks")
    await pool.execute("DELETE FROM albums")
    assert await keep_up(pool)
    assert await listed(pool) == []


async def test_a_genre_that_is_being_named_is_left_alone(pool: Any, artist: Viewer, add_track: Any) -> None:
    track, genre = await add_track(artist), await add_genre(pool, "folk")
    async with pool.acquire() as naming, naming.transaction():
        await naming.execute("INSERT INTO track_genres VALUES ($1, $2, 0)", genre, track)
        assert await keep_up(pool)
    assert await listed(pool) == ["folk"]


async def test_who_names_a_genre_while_it_goes_makes_it_anew(
    ask: Any, pool: Any, artist: Viewer, add_track: Any
) -> None:
    track, genre = await add_track(artist), await add_genre(pool, "folk")
    async with pool.acquire() as going, going.transaction():
        await going.execute("DELETE FROM genres WHERE id = $1", genre)
        given = {"trackId": ids.encode("Track", track), "genres": ["Folk"]}
        naming = asyncio.create_task(ask.data(CALL, artist, input=given))
        assert await waits(pool, naming)
    assert await naming == {"track": {"genres": {"edges": [{"node": {"name": "Folk"}}]}}, "userErrors": []}


@pytest.mark.parametrize("statements", range(10))
async def test_a_genre_that_goes_after_it_was_found_is_made_anew(
    pool: Any, artist: Viewer, add_track: Any, statements: int
) -> None:
    track = await add_track(artist)
    await add_genre(pool, "folk")

    async def name(turns: Any) -> None:
        await update_track(turns, artist, track_id=track, change=TrackChange(genres=["Folk"]))

    await take_turns(pool, interrupted(statements), name, keep_up)
    assert (
        await pool.fetchval("SELECT genre.slug FROM track_genres JOIN genres AS genre ON genre.id = genre_id") == "folk"
    )


def test_the_work_is_done_from_time_to_time(settings: Any) -> None:
    assert forget_genres in [work.perform for work in works(settings)]

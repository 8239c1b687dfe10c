"""What is deleted from the catalogue leaves every playlist, and its owners hear of it."""

import asyncio
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from graph.catalog.deletion import delete_artist, delete_track
from graph.playlists import upkeep
from graph.playlists.entries import add_entries
from graph.playlists.records import AT_THE_END
from graph.playlists.service import create_playlist
from graph.playlists.upkeep import remove_deleted
from graph.viewer import Role
from graph.works import works
from tests.graph.locks import waits

AT_ONCE = timedelta(0)


async def keep_up(pool: Any) -> bool:
    async with pool.acquire() as connection:
        return await remove_deleted(connection, datetime.now(UTC) + timedelta(minutes=5))


async def test_entries_of_a_deleted_track_go_and_every_owner_is_told(desk, artist, add_user, add_track) -> None:
    kept = await add_track(artist, ready=1000)
    a, b, c = await desk.add_tracks([desk.track, kept, desk.track])
    other = await add_user(Role.LISTENER)
    theirs = await create_playlist(desk.pool, other, name="Theirs", description="", public=True)
    given: dict[str, Any] = {"playlist_id": theirs, "revision": 1, "place": AT_THE_END, "market": None}
    (d,) = (await add_entries(desk.pool, other, track_ids=[desk.track], **given)).entry_ids
    await delete_track(desk.pool, artist, track_id=desk.track, removal_delay=AT_ONCE)
    assert await keep_up(desk.pool)
    assert await desk.order() == [b]
    assert await desk.revision() == 3
    assert sorted(await desk.told()) == sorted(
        [
            ("playlist", desk.playlist, False),
            ("playlist_entry", a, True),
            ("playlist_entry", b, False),
            ("playlist_entry", c, True),
        ]
    )
    assert await desk.told(other) == [("playlist", theirs, False), ("playlist_entry", d, True)]
    assert await desk.pool.fetchval("SELECT count(*) FROM upkeep WHERE kind = 'playlist_entry'") == 0


async def test_many_playlists_are_left_in_portions(desk, artist, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(upkeep, "PORTION", 2)
    monkeypatch.setattr(upkeep, "AT_ONCE", 1)
    for number in range(5):
        key = await create_playlist(desk.pool, desk.owner, name=f"{number}", description="", public=False)
        given: dict[str, Any] = {"playlist_id": key, "revision": 1, "place": AT_THE_END, "market": None}
        await add_entries(desk.pool, desk.owner, track_ids=[desk.track] * 2, **given)
    await delete_track(desk.pool, artist, track_id=desk.track, removal_delay=AT_ONCE)
    assert not await keep_up(desk.pool), "one track was all it wanted to do at once"
    assert await keep_up(desk.pool)
    assert await desk.pool.fetchval("SELECT count(*) FROM playlist_entries") == 0
    gone = [key for kind, key, deleted in await desk.told() if kind == "playlist_entry" and deleted]
    assert len(gone) == 10


async def test_a_playlist_that_is_deleted_meanwhile_hides_no_other(desk, artist, monkeypatch) -> None:
    """Who waited for a playlist and found it gone has none in hand, and goes on."""
    monkeypatch.setattr(upkeep, "PORTION", 1)
    await desk.add()
    other = await create_playlist(desk.pool, desk.owner, name="Other", description="", public=False)
    given: dict[str, Any] = {"playlist_id": other, "revision": 1, "place": AT_THE_END, "market": None}
    await add_entries(desk.pool, desk.owner, track_ids=[desk.track], **given)
    await delete_track(desk.pool, artist, track_id=desk.track, removal_delay=AT_ONCE)
    async with desk.pool.acquire() as connection:
        transaction = connection.transaction()
        await transaction.start()
        (first,) = await connection.fetchrow(f"SELECT id FROM ({upkeep.HOLD}) AS held", desk.track, 1)  # noqa: S608 -- a statement of ours
        await connection.execute("DELETE FROM playlists WHERE id = $1", first)
        keeping = asyncio.create_task(keep_up(desk.pool))
        assert await waits(desk.pool, keeping)
        await transaction.commit()
    assert await keeping
    assert await desk.pool.fetchval("SELECT count(*) FROM playlist_entries") == 0
    assert await desk.pool.fetchval("SELECT count(*) FROM playlists") == 1


async def test_an_artist_is_deleted_with_tracks_that_stand_in_playlists(desk, artist) -> None:
    await desk.add(3)
    artist_id = await desk.pool.fetchval("SELECT artist_id FROM tracks WHERE id = $1", desk.track)
    await delete_artist(desk.pool, artist, artist_id=artist_id, removal_delay=AT_ONCE)
    await keep_up(desk.pool)
    assert await desk.order() == []


async def test_who_added_an_entry_may_leave(desk, add_user) -> None:
    (entry,) = await desk.add()
    guest = await add_user(Role.LISTENER)
    await desk.pool.execute("UPDATE playlist_entries SET added_by = $1", guest.user_id)
    await desk.pool.execute("DELETE FROM users WHERE id = $1", guest.user_id)
    assert [tuple(row) for row in await desk.pool.fetch("SELECT id, added_by FROM playlist_entries")] == [(entry, None)]


def test_the_work_is_done_from_time_to_time(settings) -> None:
    assert remove_deleted in [work.perform for work in works(settings)]

"""What can be heard no longer, or again, is told to those who keep it, whether somebody wrote it or the clock did."""

import asyncio
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from uuid import UUID

import asyncpg
import msgspec
import pytest

from config.postgres import Pool
from graph.changes.ledger import record_change
from graph.changes.records import ChangeKind
from graph.keys import new_key
from graph.library import availability
from graph.library.availability import tell_availability
from graph.playlists.entries import add_entries
from graph.playlists.records import AT_THE_END
from graph.playlists.service import create_playlist
from graph.viewer import Role
from tests.graph.locks import waits

NOW = datetime.now(UTC)
HOUR = timedelta(hours=1)
LICENSE = "INSERT INTO licences (id, track_id, market, starts_at, ends_at) VALUES ($1, $2, 'DE', $3, $4)"


class Kept(msgspec.Struct, frozen=True, kw_only=True):
    """A track on an album, who likes it, in whose playlist it is, and who has saved the album."""

    pool: Pool
    connection: asyncpg.Connection
    track: UUID
    album: UUID
    entry: UUID
    fan: UUID
    editor: UUID
    collector: UUID

    async def told(self, now: datetime = NOW) -> set[tuple[UUID, str, UUID]]:
        """Whom the work tells what at that time; what was told before is forgotten."""
        await self.pool.execute("DELETE FROM changes")
        while not await tell_availability(self.connection, now):
            pass
        rows = await self.pool.fetch("SELECT user_id, kind, key FROM changes WHERE NOT deleted")
        return {tuple(row) for row in rows}

    @property
    def of_track(self) -> set[tuple[UUID, str, UUID]]:
        return {(self.fan, "liked_track", self.track), (self.editor, "playlist_entry", self.entry)}

    @property
    def of_album(self) -> set[tuple[UUID, str, UUID]]:
        return {*self.of_track, (self.collector, "saved_album", self.album)}


@pytest.fixture
async def kept(pool, add_user, add_track) -> AsyncIterator[Kept]:
    artist, fan, editor, collector = [await add_user(role) for role in (Role.ARTIST, *[Role.LISTENER] * 3)]
    track, album = await add_track(artist, ready=60_000), new_key()
    await pool.execute(
        "INSERT INTO albums (id, artist_id, title, search_text) SELECT $1, id, 'Water', 'water' FROM artists", album
    )
    await pool.execute("UPDATE tracks SET album_id = $1", album)
    await pool.execute("INSERT INTO liked_tracks VALUES ($1, $2, 'tune')", fan.user_id, track)
    await pool.execute("INSERT INTO saved_albums VALUES ($1, $2, 'water')", collector.user_id, album)
    playlist = await create_playlist(pool, editor, name="Evening", description="", public=False)
    added = await add_entries(
        pool, editor, playlist_id=playlist, revision=None, track_ids=[track], place=AT_THE_END, market=None
    )
    async with pool.acquire() as connection:
        made = Kept(
            pool=pool,
            connection=connection,
            track=track,
            album=album,
            entry=added.entry_ids[0],
            fan=fan.user_id,
            editor=editor.user_id,
            collector=collector.user_id,
        )
        await made.told()
        yield made


@pytest.mark.parametrize(
    ("starts_at", "ends_at"),
    [(NOW - HOUR, NOW + HOUR), (NOW + HOUR, NOW + 9 * HOUR)],
    ids=["a licence that ends", "a licence that begins"],
)
async def test_a_licence_by_the_clock_is_told_once_when_it_is_time(kept: Kept, starts_at, ends_at) -> None:
    await kept.pool.execute(LICENSE, new_key(), kept.track, starts_at, ends_at)
    assert await kept.told() == kept.of_album, "it was granted"
    assert await kept.told(NOW + HOUR) == set(), "other servers may be behind"
    assert await kept.told(NOW + HOUR + availability.BEHIND) == kept.of_album
    assert await kept.told(NOW + 2 * HOUR) == set()


async def test_licences_that_are_taken_back_are_told(kept: Kept) -> None:
    await kept.pool.execute(LICENSE, new_key(), kept.track, NOW, NOW + HOUR)
    assert await kept.told() == kept.of_album
    await kept.pool.execute("DELETE FROM licences")
    assert await kept.told() == kept.of_album


async def test_a_release_that_comes_out_by_the_clock_is_told_with_its_tracks(kept: Kept) -> None:
    await kept.pool.execute("UPDATE albums SET state = 'scheduled', live_at = $1", NOW + HOUR)
    assert await kept.told() == kept.of_album
    assert await kept.told(NOW + 2 * HOUR) == kept.of_album
    assert await kept.told(NOW + 3 * HOUR) == set()


@pytest.mark.parametrize(
    "write",
    ["UPDATE tracks SET withdrawn_at = now()", "UPDATE tracks SET album_id = NULL"],
    ids=["withdrawn", "moved to another release"],
)
async def test_what_is_written_to_a_track_is_told(kept: Kept, write: str) -> None:
    await kept.pool.execute("UPDATE tracks SET title = 'Song'")
    assert await kept.told() == set(), "a name is no matter of availability"
    await kept.pool.execute(write)
    assert await kept.told() == (kept.of_album if "withdrawn" in write else kept.of_track)


async def test_licence_of_a_track_that_nobody_likes_is_told_to_who_has_saved_its_album(kept: Kept) -> None:
    await kept.pool.execute("DELETE FROM liked_tracks")
    await kept.pool.execute("DELETE FROM playlist_entries")
    await kept.told()
    await kept.pool.execute(LICENSE, new_key(), kept.track, NOW, NOW + HOUR)
    assert await kept.told() == {(kept.collector, "saved_album", kept.album)}


async def test_what_nobody_keeps_is_not_noted(kept: Kept, add_user, add_track) -> None:
    other = await add_track(await add_user(Role.ARTIST), ready=60_000)
    await kept.pool.execute(LICENSE, new_key(), other, NOW, NOW + HOUR)
    assert await kept.pool.fetchval("SELECT count(*) FROM upkeep") == 0


async def test_many_are_told_in_portions(kept: Kept, add_user, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(availability, "PORTION", 2)
    fans = {kept.fan, *[(await add_user(Role.LISTENER)).user_id for _ in range(4)]}
    for fan in fans - {kept.fan}:
        await kept.pool.execute("INSERT INTO liked_tracks VALUES ($1, $2, 'tune')", fan, kept.track)
    await kept.pool.execute("UPDATE tracks SET withdrawn_at = now()")
    assert {user for user, kind, _ in await kept.told() if kind == "liked_track"} == fans


async def test_who_lets_go_meanwhile_is_not_told_that_it_is_there(kept: Kept) -> None:
    await kept.pool.execute("UPDATE tracks SET withdrawn_at = now()")
    async with kept.pool.acquire() as other:
        transaction = other.transaction()
        await transaction.start()
        await other.execute("DELETE FROM liked_tracks")
        await record_change(other, kept.fan, ChangeKind.LIKED_TRACK, kept.track, deleted=True)
        telling = asyncio.create_task(tell_availability(kept.connection, NOW))
        assert await waits(kept.pool, telling)
        await transaction.commit()
    await telling
    assert await kept.pool.fetchval("SELECT deleted FROM changes WHERE kind = 'liked_track'") is True

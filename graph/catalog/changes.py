"""Changing what is in the catalogue: what an artist corrects, or takes over from the tags that a master proposes.

What is left out stays as it is. The text that is searched names a track's artist and album, so it is written anew with
either. A track that changes its album changes the loudness of both, which the ingest makes anew from what it has.

Media stay: the labels inside a file for download are those of the time when its master was uploaded.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime
from functools import partial
from typing import Any, NamedTuple
from uuid import UUID

import msgspec
from msgspec import UNSET, UnsetType

from config.postgres import Connection, Pool
from config.transactions import begun_again
from graph.catalog import descriptions, search_texts, sql
from graph.catalog.credits import Credit
from graph.catalog.credits import checked as checked_credits
from graph.catalog.genres import GenreName
from graph.catalog.genres import checked as checked_genres
from graph.catalog.held import hold_album, hold_track
from graph.catalog.isrc import normalise
from graph.catalog.lyrics import Line, checked_lines, checked_text
from graph.catalog.records import Album, Track, artist_of
from graph.catalog.releases import ReleaseState, ReleaseType, require_schedule
from graph.catalog.remeasuring import measure_again
from graph.catalog.service import owned_album, require_number
from graph.check import Check
from graph.names import clean
from graph.search.text import index_text
from graph.viewer import Viewer

# Whoever locks a release locks its tracks afterwards, so those that a track leaves and comes to are locked before it.
HOLD_ALBUMS = """
SELECT id FROM albums WHERE id IN ($1, (SELECT album_id FROM tracks WHERE id = $2)) ORDER BY id FOR SHARE
"""
WRITE_TRACK = """
UPDATE tracks SET title = $2, album_id = $3, isrc = $4, disc_number = $5, track_number = $6, explicit = $7,
       musicbrainz_recording_id = $8, search_text = $9 WHERE id = $1
"""
WRITE_ALBUM = """
UPDATE albums SET title = $2, release_date = $3, type = $4, state = $5, live_at = $6, musicbrainz_release_id = $7,
       search_text = $8 WHERE id = $1
"""


class TrackChange(msgspec.Struct, frozen=True, kw_only=True):
    """What becomes of a track; None takes away what a track need not have."""

    title: str | UnsetType = UNSET
    album_id: UUID | UnsetType | None = UNSET
    isrc: str | UnsetType | None = UNSET
    disc_number: int | UnsetType = UNSET
    track_number: int | UnsetType | None = UNSET
    explicit: bool | UnsetType = UNSET
    musicbrainz_recording_id: UUID | UnsetType | None = UNSET
    genres: Sequence[str] | UnsetType = UNSET
    credits: Sequence[Credit] | UnsetType = UNSET
    lyrics: str | UnsetType | None = UNSET
    synced_lyrics: Sequence[Line] | UnsetType = UNSET


class AlbumChange(msgspec.Struct, frozen=True, kw_only=True):
    """What becomes of an album."""

    title: str | UnsetType = UNSET
    release_date: date | UnsetType | None = UNSET
    type: ReleaseType | UnsetType = UNSET
    state: ReleaseState | UnsetType = UNSET
    live_at: datetime | UnsetType | None = UNSET
    musicbrainz_release_id: UUID | UnsetType | None = UNSET
    genres: Sequence[str] | UnsetType = UNSET


class _Description(NamedTuple):
    """What is given of what stands beside a track's row."""

    genres: tuple[GenreName, ...] | UnsetType
    credits: tuple[Credit, ...] | UnsetType
    lyrics: str | UnsetType | None
    synced_lyrics: tuple[Line, ...] | UnsetType


@begun_again
async def update_track(pool: Pool, viewer: Viewer, *, track_id: UUID, change: TrackChange) -> Track:
    """Change a track that the viewer manages. Raises Forbidden, Refused."""
    async with pool.acquire() as connection, connection.transaction():
        if change.album_id is not UNSET:
            await connection.execute(HOLD_ALBUMS, change.album_id, track_id)
        before = await hold_track(connection, viewer, track_id)
        check = Check()
        after, description = _changed_track(before, change, check), _description(change, check)
        check.require()
        (artist,) = map(artist_of, await connection.fetch(sql.ARTISTS, [after.artist_id]))
        album = await owned_album(connection, artist, after.album_id)
        await connection.execute(
            WRITE_TRACK,
            track_id,
            after.title,
            after.album_id,
            after.isrc,
            after.disc_number,
            after.track_number,
            after.explicit,
            after.musicbrainz_recording_id,
            _text_of_track(after.title, artist.name, album),
        )
        await _describe(connection, track_id, description)
        await measure_again(connection, {before.album_id} ^ {after.album_id})
        return await hold_track(connection, viewer, track_id)  # with the artwork of the album that it is on now


@begun_again
async def update_album(pool: Pool, viewer: Viewer, *, album_id: UUID, change: AlbumChange) -> Album:
    """Change an album that the viewer manages. Raises Forbidden, Refused."""
    async with pool.acquire() as connection, connection.transaction():
        before, artist = await hold_album(connection, viewer, album_id)
        check = Check()
        after = _changed_album(before, change, check)
        genres = check.given(change.genres, partial(checked_genres, field="genres"))
        check.require()
        await connection.execute(
            WRITE_ALBUM,
            album_id,
            after.title,
            after.release_date,
            after.type.value,
            after.state.value,
            after.live_at,
            after.musicbrainz_release_id,
            index_text(after.title, artist.name),
        )
        if genres is not UNSET:
            await descriptions.write_album_genres(connection, {album_id: genres})
        if after.title != before.title:
            await search_texts.write_for_albums(connection, [album_id])
        return after


def _changed_track(track: Track, change: TrackChange, check: Check) -> Track:
    """Check what is given and put it into the record."""
    given = _given(change, Track)
    if "title" in given:
        given["title"] = check(lambda: clean(given["title"], field="title"), otherwise="")
    if given.get("isrc") is not None:
        given["isrc"] = check(lambda: normalise(given["isrc"]) if given["isrc"] else None, otherwise=None)
    check(lambda: require_number(given.get("disc_number"), field="discNumber"), otherwise=None)
    check(lambda: require_number(given.get("track_number"), field="trackNumber"), otherwise=None)
    return msgspec.structs.replace(track, **given)


def _changed_album(album: Album, change: AlbumChange, check: Check) -> Album:
    given = _given(change, Album)
    if "title" in given:
        given["title"] = check(lambda: clean(given["title"], field="title"), otherwise="")
    if "state" in given and given["state"] is not ReleaseState.SCHEDULED:
        given.setdefault("live_at", None)  # what is not scheduled any more has no time
    changed = msgspec.structs.replace(album, **given)
    check(lambda: require_schedule(changed.state, changed.live_at), otherwise=None)
    return changed


def _given(change: msgspec.Struct, record: type[msgspec.Struct]) -> dict[str, Any]:
    """What is given of the fields that the record has itself."""
    named = {name: getattr(change, name) for name in change.__struct_fields__ if name in record.__struct_fields__}
    return {name: value for name, value in named.items() if value is not UNSET}


def _description(change: TrackChange, check: Check) -> _Description:
    """Check what is given of what stands beside the track's row."""
    return _Description(
        genres=check.given(change.genres, partial(checked_genres, field="genres")),
        credits=check.given(change.credits, partial(checked_credits, field="credits")),
        lyrics=check.given(change.lyrics, lambda text: checked_text(text or "", field="lyrics")),
        synced_lyrics=check.given(change.synced_lyrics, partial(checked_lines, field="syncedLyrics")),
    )


async def _describe(connection: Connection, track_id: UUID, description: _Description) -> None:
    if description.genres is not UNSET:
        await descriptions.write_track_genres(connection, {track_id: description.genres})
    if description.credits is not UNSET:
        await descriptions.write_credits(connection, {track_id: description.credits})
    if description.lyrics is not UNSET:
        await descriptions.write_plain_lyrics(connection, {track_id: description.lyrics})
    if description.synced_lyrics is not UNSET:
        await descriptions.write_synced_lyrics(connection, {track_id: description.synced_lyrics})


def _text_of_track(title: str, artist_name: str, album: Album | None) -> str:
    return index_text(title, artist_name, album.title if album else "")

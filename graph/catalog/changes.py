"""Changing what is in the catalogue: what an artist corrects, or takes over from the tags that a master proposes.

What is left out stays as it is. The text that is searched names a track's artist and album, so it is written anew with
either. A track that changes its album changes the loudness of both, which the ingest makes anew from what it has.

Media stay: the labels inside a file for download are those of the time when its master was uploaded.
"""

from __future__ import annotations

from datetime import date
from uuid import UUID

import msgspec
from msgspec import UNSET, UnsetType

from config.postgres import Connection, Pool
from graph.catalog import sql
from graph.catalog.isrc import normalise
from graph.catalog.records import Album, Artist, Track, album_of, artist_of, track_of
from graph.catalog.remeasuring import measure_again
from graph.catalog.service import owned_album, require_number
from graph.errors import Forbidden, ProblemCode, refused
from graph.names import clean
from graph.search.text import index_text
from graph.viewer import Viewer

# Locked, so that of two changes, or a change and a deletion, the second sees what the first has made of it.
LOCK_TRACK = "SELECT id FROM tracks WHERE id = $1 FOR UPDATE"
LOCK_ALBUM = "SELECT id FROM albums WHERE id = $1 FOR UPDATE"
WRITE_TRACK = """
UPDATE tracks SET title = $2, album_id = $3, isrc = $4, disc_number = $5, track_number = $6, explicit = $7,
       search_text = $8 WHERE id = $1
"""
WRITE_ALBUM = "UPDATE albums SET title = $2, release_date = $3, search_text = $4 WHERE id = $1"
TRACKS_OF_ALBUM = """
SELECT track.id, track.title, artist.name FROM tracks AS track JOIN artists AS artist ON artist.id = track.artist_id
WHERE track.album_id = $1 ORDER BY track.id FOR UPDATE OF track
"""
WRITE_SEARCH_TEXTS = """
UPDATE tracks AS track SET search_text = found.search_text
FROM unnest($1::uuid[], $2::text[]) AS found (id, search_text) WHERE track.id = found.id
"""


class TrackChange(msgspec.Struct, frozen=True, kw_only=True):
    """What becomes of a track; None takes away what a track need not have."""

    title: str | UnsetType = UNSET
    album_id: UUID | UnsetType | None = UNSET
    isrc: str | UnsetType | None = UNSET
    disc_number: int | UnsetType = UNSET
    track_number: int | UnsetType | None = UNSET
    explicit: bool | UnsetType = UNSET


class AlbumChange(msgspec.Struct, frozen=True, kw_only=True):
    """What becomes of an album."""

    title: str | UnsetType = UNSET
    release_date: date | UnsetType | None = UNSET


async def update_track(pool: Pool, viewer: Viewer, *, track_id: UUID, change: TrackChange) -> Track:
    """Change a track that the viewer manages. Raises Forbidden, Refused."""
    async with pool.acquire() as connection, connection.transaction():
        before = await _locked_track(connection, track_id)
        _require_managed(viewer, before.owner_id)
        after = _changed_track(before, change)
        artist = await _artist(connection, after.artist_id)
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
            _text_of_track(after.title, artist.name, album),
        )
        await measure_again(connection, {before.album_id} ^ {after.album_id})
        return await _locked_track(connection, track_id)  # with the artwork of the album that it is on now


async def update_album(pool: Pool, viewer: Viewer, *, album_id: UUID, change: AlbumChange) -> Album:
    """Change an album that the viewer manages. Raises Forbidden, Refused."""
    async with pool.acquire() as connection, connection.transaction():
        before = await _locked_album(connection, album_id)
        artist = await _artist(connection, before.artist_id)
        _require_managed(viewer, artist.owner_id)
        after = _changed_album(before, change)
        text = index_text(after.title, artist.name)
        await connection.execute(WRITE_ALBUM, album_id, after.title, after.release_date, text)
        if after.title != before.title:
            tracks = await connection.fetch(TRACKS_OF_ALBUM, album_id)
            texts = [_text_of_track(track["title"], track["name"], after) for track in tracks]
            await connection.execute(WRITE_SEARCH_TEXTS, [track["id"] for track in tracks], texts)
        return after


def _changed_track(track: Track, change: TrackChange) -> Track:
    """Check what is given and put it into the record. Raises Refused."""
    given = {name: value for name, value in msgspec.structs.asdict(change).items() if value is not UNSET}
    if "title" in given:
        given["title"] = clean(given["title"], field="title")
    if "isrc" in given:
        given["isrc"] = normalise(given["isrc"]) if given["isrc"] else None
    require_number(given.get("disc_number"), field="discNumber")
    require_number(given.get("track_number"), field="trackNumber")
    return msgspec.structs.replace(track, **given)


def _changed_album(album: Album, change: AlbumChange) -> Album:
    given = {name: value for name, value in msgspec.structs.asdict(change).items() if value is not UNSET}
    if "title" in given:
        given["title"] = clean(given["title"], field="title")
    return msgspec.structs.replace(album, **given)


async def _locked_track(connection: Connection, track_id: UUID) -> Track:
    await connection.execute(LOCK_TRACK, track_id)
    # As an admin sees it: who may change it is decided by whose it is.
    row = await connection.fetchrow(sql.TRACKS, [track_id], None, True)  # noqa: FBT003 -- a statement's argument
    if row is None:
        raise refused(ProblemCode.NOT_FOUND, "trackId")
    return track_of(row)


async def _locked_album(connection: Connection, album_id: UUID) -> Album:
    await connection.execute(LOCK_ALBUM, album_id)
    row = await connection.fetchrow(sql.ALBUMS, [album_id])
    if row is None:
        raise refused(ProblemCode.NOT_FOUND, "albumId")
    return album_of(row)


def _require_managed(viewer: Viewer, owner_id: UUID) -> None:
    if not viewer.may_manage(owner_id):
        raise Forbidden("This belongs to another account.")


async def _artist(connection: Connection, artist_id: UUID) -> Artist:
    (row,) = await connection.fetch(sql.ARTISTS, [artist_id])  # it cannot go before what is its own
    return artist_of(row)


def _text_of_track(title: str, artist_name: str, album: Album | None) -> str:
    return index_text(title, artist_name, album.title if album else "")

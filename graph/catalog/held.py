"""Rows of the catalogue that a writer holds: locked, the viewer's to manage, and read as they are then.

A row is locked by one statement and read by the next one. A single statement that waits for a lock sees the row as it
has become, and whatever it joins to the row as that was before the wait.

Order of locks: an image, an artist, albums, tracks, each in the order of their keys. Whoever adds to an artist or an
album shares it, so that neither goes, gets another owner or another name before what is added to it is there.
"""

from __future__ import annotations

from uuid import UUID

from config.postgres import Connection
from graph.catalog import sql
from graph.catalog.records import Album, Artist, Track, album_of, artist_of, track_of
from graph.errors import Forbidden, ProblemCode, refused
from graph.viewer import Viewer

LOCK_ARTIST = "SELECT FROM artists WHERE id = $1 FOR UPDATE"
SHARE_ARTIST = "SELECT FROM artists WHERE id = $1 FOR SHARE"
LOCK_ALBUM = "SELECT FROM albums WHERE id = $1 FOR UPDATE"
LOCK_TRACK = "SELECT FROM tracks WHERE id = $1 FOR UPDATE"
LOCK_ALBUMS_OF_ARTIST = "SELECT FROM albums WHERE artist_id = $1 ORDER BY id FOR UPDATE"
# Also those of others on the artist's albums (docs/decisions/0051), each by its own index.
TRACKS_OF_ARTIST = """
SELECT id FROM tracks WHERE artist_id = $1
UNION SELECT track.id FROM albums AS album JOIN tracks AS track ON track.album_id = album.id WHERE album.artist_id = $1
"""
LOCK_TRACKS_OF_ARTIST = f"""
SELECT FROM tracks WHERE id = ANY(ARRAY({TRACKS_OF_ARTIST})) ORDER BY id FOR UPDATE
"""


async def hold_artist(connection: Connection, viewer: Viewer, artist_id: UUID) -> Artist:
    """An artist to change. Raises Forbidden, Refused."""
    await connection.execute(LOCK_ARTIST, artist_id)
    return await _artist(connection, viewer, artist_id)


async def share_artist(connection: Connection, viewer: Viewer, artist_id: UUID) -> Artist:
    """An artist to add to. Raises Forbidden, Refused."""
    await connection.execute(SHARE_ARTIST, artist_id)
    return await _artist(connection, viewer, artist_id)


async def hold_music(connection: Connection, artist_id: UUID) -> list[UUID]:
    """Lock all albums and tracks of an artist that is held; the tracks, with those that others have on the albums."""
    await connection.execute(LOCK_ALBUMS_OF_ARTIST, artist_id)
    await connection.execute(LOCK_TRACKS_OF_ARTIST, artist_id)
    return [row["id"] for row in await connection.fetch(TRACKS_OF_ARTIST, artist_id)]


async def hold_album(connection: Connection, viewer: Viewer, album_id: UUID) -> tuple[Album, Artist]:
    """An album to change, and its artist. Raises Forbidden, Refused."""
    await connection.execute(LOCK_ALBUM, album_id)
    row = await connection.fetchrow(sql.ALBUMS, [album_id])
    if row is None:
        raise refused(ProblemCode.NOT_FOUND, "albumId")
    album = album_of(row)
    return album, await _artist(connection, viewer, album.artist_id)


async def hold_track(connection: Connection, viewer: Viewer, track_id: UUID) -> Track:
    """A track to change. Raises Forbidden, Refused."""
    await connection.execute(LOCK_TRACK, track_id)
    row = await connection.fetchrow(sql.TRACKS, [track_id])
    if row is None:
        raise refused(ProblemCode.NOT_FOUND, "trackId")
    track = track_of(row)
    _require_managed(viewer, track.owner_id)
    return track


async def _artist(connection: Connection, viewer: Viewer, artist_id: UUID) -> Artist:
    row = await connection.fetchrow(sql.ARTISTS, [artist_id])
    if row is None:
        raise refused(ProblemCode.NOT_FOUND, "artistId")
    artist = artist_of(row)
    _require_managed(viewer, artist.owner_id)
    return artist


def _require_managed(viewer: Viewer, owner_id: UUID) -> None:
    if not viewer.may_manage(owner_id):
        raise Forbidden("This belongs to another account.")

"""Deleting from the catalogue: rows go at once, media when nobody can be playing them any more.

A track takes its uploads, its revisions and everything that was measured of it along; an album takes its tracks, also
those of other artists of the account, an artist takes albums and tracks. What is left in the object store is put on the
list of removals in the same transaction (`ingest.lifecycle.removals` works it off): uploads at once, media after the
removal delay, for URLs that were given out stay valid. An ingest job of a deleted track finds no row and leaves.

The rows are locked, so that an upload or a revision that comes to its end meanwhile finds its track gone.
"""

from __future__ import annotations

from datetime import timedelta
from uuid import UUID

from config.postgres import Connection, Pool
from config.transactions import begun_again
from graph.catalog.held import hold_album, hold_artist, hold_music, hold_track
from graph.catalog.remeasuring import measure_again
from graph.viewer import Viewer
from origin.layout import asset_directory

TRACKS_OF_ALBUM = "SELECT id FROM tracks WHERE album_id = $1 ORDER BY id FOR UPDATE"

UPLOADS = "SELECT object_key FROM uploads WHERE track_id = ANY($1::uuid[])"
DELETE_TRACKS = "DELETE FROM tracks WHERE id = ANY($1::uuid[]) RETURNING asset_id, album_id"
DELETE_ALBUM = "DELETE FROM albums WHERE id = $1"
DELETE_ALBUMS_OF_ARTIST = "DELETE FROM albums WHERE artist_id = $1 RETURNING id"
DELETE_ARTIST = "DELETE FROM artists WHERE id = $1"
REMOVE_LATER = "INSERT INTO removals (prefix, due_at) SELECT unnest($1::text[]), now() + $2::interval"
NOW = timedelta(0)


@begun_again
async def delete_track(pool: Pool, viewer: Viewer, *, track_id: UUID, removal_delay: timedelta) -> None:
    """Delete a track that the viewer manages. Raises Forbidden, Refused."""
    async with pool.acquire() as connection, connection.transaction():
        await hold_track(connection, viewer, track_id)
        await measure_again(connection, await _delete_tracks(connection, [track_id], removal_delay))


@begun_again
async def delete_album(pool: Pool, viewer: Viewer, *, album_id: UUID, removal_delay: timedelta) -> None:
    """Delete an album that the viewer manages, with its tracks. Raises Forbidden, Refused."""
    async with pool.acquire() as connection, connection.transaction():
        await hold_album(connection, viewer, album_id)
        tracks = [row["id"] for row in await connection.fetch(TRACKS_OF_ALBUM, album_id)]
        await _delete_tracks(connection, tracks, removal_delay)
        await connection.execute(DELETE_ALBUM, album_id)


@begun_again
async def delete_artist(pool: Pool, viewer: Viewer, *, artist_id: UUID, removal_delay: timedelta) -> None:
    """Delete an artist that the viewer manages, with albums and tracks. Raises Forbidden, Refused."""
    async with pool.acquire() as connection, connection.transaction():
        await hold_artist(connection, viewer, artist_id)
        left = await _delete_tracks(connection, await hold_music(connection, artist_id), removal_delay)
        gone = {row["id"] for row in await connection.fetch(DELETE_ALBUMS_OF_ARTIST, artist_id)}
        await connection.execute(DELETE_ARTIST, artist_id)
        await measure_again(connection, left - gone)


async def _delete_tracks(connection: Connection, tracks: list[UUID], removal_delay: timedelta) -> set[UUID]:
    """Delete locked tracks and promise the removal of their objects; returns the albums that they were on."""
    uploads = [row["object_key"] for row in await connection.fetch(UPLOADS, tracks)]
    gone = await connection.fetch(DELETE_TRACKS, tracks)
    await connection.execute(REMOVE_LATER, uploads, NOW)
    await connection.execute(REMOVE_LATER, [asset_directory(row["asset_id"]) for row in gone], removal_delay)
    return {row["album_id"] for row in gone if row["album_id"] is not None}

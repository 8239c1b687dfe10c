"""What tracks are found by: their own titles, and the names of their artists and albums, so it is written with either.

The tracks are locked before the names are read (`graph.catalog.held`), so of two that rename at one moment the second
writes both names.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Sequence
from uuid import UUID

from config.postgres import Connection
from graph.rows import Row
from graph.search.text import index_text

LOCK_TRACKS_OF_ALBUMS = "SELECT id FROM tracks WHERE album_id = ANY($1::uuid[]) ORDER BY id FOR UPDATE"
LOCK_TRACKS_OF_ARTIST = "SELECT id FROM tracks WHERE artist_id = $1 ORDER BY id FOR UPDATE"
NAMES = """
SELECT track.id, track.title, artist.name AS artist, coalesce(album.title, '') AS album
FROM tracks AS track JOIN artists AS artist ON artist.id = track.artist_id
LEFT JOIN albums AS album ON album.id = track.album_id
WHERE track.id = ANY($1::uuid[])
"""
WRITE = """
UPDATE tracks AS track SET search_text = found.search_text
FROM unnest($1::uuid[], $2::text[]) AS found (id, search_text) WHERE track.id = found.id
"""


async def write_for_albums(connection: Connection, albums: Sequence[UUID]) -> None:
    """Have the tracks of albums found by the titles that these have now."""
    await _write(connection, [row["id"] for row in await connection.fetch(LOCK_TRACKS_OF_ALBUMS, albums)])


async def write_for_artist(connection: Connection, artist_id: UUID) -> None:
    """Have the tracks of an artist found by the name that it has now."""
    await _write(connection, [row["id"] for row in await connection.fetch(LOCK_TRACKS_OF_ARTIST, artist_id)])


async def _write(connection: Connection, locked: Sequence[UUID]) -> None:
    tracks = await connection.fetch(NAMES, locked)
    # Those of twenty thousand tracks take half a second, in which a process would answer nobody.
    texts = await asyncio.to_thread(_texts, tracks)
    await connection.execute(WRITE, [track["id"] for track in tracks], texts)


def _texts(tracks: Iterable[Row]) -> list[str]:
    return [index_text(track["title"], track["artist"], track["album"]) for track in tracks]

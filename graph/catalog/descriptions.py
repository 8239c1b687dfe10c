"""Writing what describes tracks and albums beside their own rows: genres, credits, lyrics.

Each function makes what is given the whole of it, for all tracks of a mapping by a fixed number of statements, inside
the transaction that has locked them. Genres are made when they are first named.

Order of locks: genres are inserted in the order of their slugs, so that two who name the same new ones do not wait for
each other.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any
from uuid import UUID

import msgspec

from config.postgres import Connection
from graph.catalog.credits import Credit
from graph.catalog.genres import GenreName
from graph.catalog.lyrics import Line
from graph.keys import new_key

INSERT_GENRES = """
INSERT INTO genres (id, slug, name) SELECT * FROM unnest($1::uuid[], $2::text[], $3::text[])
ON CONFLICT (slug) DO NOTHING
"""
GENRES = "SELECT id, slug FROM genres WHERE slug = ANY($1::text[])"

DELETE_TRACK_GENRES = "DELETE FROM track_genres WHERE track_id = ANY($1::uuid[])"
INSERT_TRACK_GENRES = """
INSERT INTO track_genres (track_id, genre_id, position) SELECT * FROM unnest($1::uuid[], $2::uuid[], $3::smallint[])
"""
DELETE_ALBUM_GENRES = "DELETE FROM album_genres WHERE album_id = ANY($1::uuid[])"
INSERT_ALBUM_GENRES = """
INSERT INTO album_genres (album_id, genre_id, position) SELECT * FROM unnest($1::uuid[], $2::uuid[], $3::smallint[])
"""

DELETE_CREDITS = "DELETE FROM track_credits WHERE track_id = ANY($1::uuid[])"
# An artist that is not there, or goes just then, leaves the name.
INSERT_CREDITS = """
INSERT INTO track_credits (track_id, position, role, name, artist_id)
SELECT given.track_id, given.position, given.role, given.name, artist.id
FROM unnest($1::uuid[], $2::smallint[], $3::text[], $4::text[], $5::uuid[])
    AS given (track_id, position, role, name, artist_id)
LEFT JOIN artists AS artist ON artist.id = given.artist_id
"""

WRITE_PLAIN_LYRICS = """
INSERT INTO track_lyrics (track_id, plain) VALUES ($1, $2) ON CONFLICT (track_id) DO UPDATE SET plain = excluded.plain
"""
WRITE_SYNCED_LYRICS = """
INSERT INTO track_lyrics (track_id, synced) VALUES ($1, $2)
ON CONFLICT (track_id) DO UPDATE SET synced = excluded.synced
"""


async def write_track_genres(connection: Connection, genres: Mapping[UUID, Sequence[GenreName]]) -> None:
    await _write_genres(connection, genres, delete=DELETE_TRACK_GENRES, insert=INSERT_TRACK_GENRES)


async def write_album_genres(connection: Connection, genres: Mapping[UUID, Sequence[GenreName]]) -> None:
    await _write_genres(connection, genres, delete=DELETE_ALBUM_GENRES, insert=INSERT_ALBUM_GENRES)


async def _write_genres(
    connection: Connection, genres: Mapping[UUID, Sequence[GenreName]], *, delete: str, insert: str
) -> None:
    keys = await _genre_keys(connection, (genre for named in genres.values() for genre in named))
    await connection.execute(delete, list(genres))
    rows = [
        (subject, keys[genre.slug], place) for subject, named in genres.items() for place, genre in enumerate(named)
    ]
    await connection.execute(insert, *_columns(rows, width=3))


async def write_credits(connection: Connection, credits_: Mapping[UUID, Sequence[Credit]]) -> None:
    await connection.execute(DELETE_CREDITS, list(credits_))
    rows = [
        (track_id, place, credit.role.value, credit.name, credit.artist_id)
        for track_id, given in credits_.items()
        for place, credit in enumerate(given)
    ]
    await connection.execute(INSERT_CREDITS, *_columns(rows, width=5))


async def write_plain_lyrics(connection: Connection, track_id: UUID, text: str | None) -> None:
    await connection.execute(WRITE_PLAIN_LYRICS, track_id, text)


async def write_synced_lyrics(connection: Connection, track_id: UUID, lines: Sequence[Line]) -> None:
    await connection.execute(WRITE_SYNCED_LYRICS, track_id, msgspec.json.encode(lines).decode())


async def _genre_keys(connection: Connection, genres: Iterable[GenreName]) -> dict[str, UUID]:
    """The key of each genre by its slug, made where there was none."""
    named = {genre.slug: genre for genre in genres}
    ordered = [named[slug] for slug in sorted(named)]
    keys = [new_key() for _ in ordered]
    await connection.execute(INSERT_GENRES, keys, [one.slug for one in ordered], [one.name for one in ordered])
    return {row["slug"]: row["id"] for row in await connection.fetch(GENRES, list(named))}


def _columns(rows: Sequence[tuple[Any, ...]], *, width: int) -> list[list[Any]]:
    """Rows turned into as many arrays as they are wide, also when there is none."""
    return [list(column) for column in zip(*rows, strict=True)] if rows else [[] for _ in range(width)]

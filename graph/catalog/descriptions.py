"""Writing what describes tracks and albums beside their own rows: genres, credits, lyrics.

Each function makes what is given the whole of it, for all tracks of a mapping by a fixed number of statements, inside
the transaction that has locked them. What is there already is not written again. Genres are made when they are first
named.

Order of locks: genres are inserted in the order of their slugs, so that two who name the same new ones do not wait for
each other.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any
from uuid import UUID

import msgspec

from config.errors import Overtaken
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

# $1 the tracks or albums; $2 and $3 what each of them is to have.
DROP_TRACK_GENRES = """
DELETE FROM track_genres AS held WHERE held.track_id = ANY($1::uuid[]) AND NOT EXISTS (
    SELECT FROM unnest($2::uuid[], $3::uuid[]) AS given (track_id, genre_id)
    WHERE given.track_id = held.track_id AND given.genre_id = held.genre_id
)
"""
WRITE_TRACK_GENRES = """
INSERT INTO track_genres (track_id, genre_id, position) SELECT * FROM unnest($1::uuid[], $2::uuid[], $3::smallint[])
ON CONFLICT (genre_id, track_id) DO UPDATE SET position = excluded.position
WHERE track_genres.position <> excluded.position
"""
DROP_ALBUM_GENRES = """
DELETE FROM album_genres AS held WHERE held.album_id = ANY($1::uuid[]) AND NOT EXISTS (
    SELECT FROM unnest($2::uuid[], $3::uuid[]) AS given (album_id, genre_id)
    WHERE given.album_id = held.album_id AND given.genre_id = held.genre_id
)
"""
WRITE_ALBUM_GENRES = """
INSERT INTO album_genres (album_id, genre_id, position) SELECT * FROM unnest($1::uuid[], $2::uuid[], $3::smallint[])
ON CONFLICT (genre_id, album_id) DO UPDATE SET position = excluded.position
WHERE album_genres.position <> excluded.position
"""

# $1 the tracks, $2 how many credits each of them is to have.
DROP_CREDITS = """
DELETE FROM track_credits AS held USING unnest($1::uuid[], $2::smallint[]) AS given (track_id, length)
WHERE held.track_id = given.track_id AND held.position >= given.length
"""
# An artist that is not there, or goes just then, leaves the name.
WRITE_CREDITS = """
INSERT INTO track_credits (track_id, position, role, name, artist_id)
SELECT given.track_id, given.position, given.role, given.name, artist.id
FROM unnest($1::uuid[], $2::smallint[], $3::text[], $4::text[], $5::uuid[])
    AS given (track_id, position, role, name, artist_id)
LEFT JOIN artists AS artist ON artist.id = given.artist_id
ON CONFLICT (track_id, position) DO UPDATE
SET role = excluded.role, name = excluded.name, artist_id = excluded.artist_id
WHERE (track_credits.role, track_credits.name, track_credits.artist_id)
    IS DISTINCT FROM (excluded.role, excluded.name, excluded.artist_id)
"""

WRITE_PLAIN_LYRICS = """
INSERT INTO track_lyrics (track_id, plain) SELECT * FROM unnest($1::uuid[], $2::text[])
ON CONFLICT (track_id) DO UPDATE SET plain = excluded.plain WHERE track_lyrics.plain IS DISTINCT FROM excluded.plain
"""
WRITE_SYNCED_LYRICS = """
INSERT INTO track_lyrics (track_id, synced) SELECT * FROM unnest($1::uuid[], $2::jsonb[])
ON CONFLICT (track_id) DO UPDATE SET synced = excluded.synced WHERE track_lyrics.synced <> excluded.synced
"""


async def write_track_genres(connection: Connection, genres: Mapping[UUID, Sequence[GenreName]]) -> None:
    await _write_genres(connection, genres, drop=DROP_TRACK_GENRES, write=WRITE_TRACK_GENRES)


async def write_album_genres(connection: Connection, genres: Mapping[UUID, Sequence[GenreName]]) -> None:
    await _write_genres(connection, genres, drop=DROP_ALBUM_GENRES, write=WRITE_ALBUM_GENRES)


async def _write_genres(
    connection: Connection, genres: Mapping[UUID, Sequence[GenreName]], *, drop: str, write: str
) -> None:
    keys = await _genre_keys(connection, (genre for named in genres.values() for genre in named))
    rows = [
        (subject, keys[genre.slug], place) for subject, named in genres.items() for place, genre in enumerate(named)
    ]
    subjects, named_genres, places = _columns(rows, width=3)
    await connection.execute(drop, list(genres), subjects, named_genres)
    await connection.execute(write, subjects, named_genres, places)


async def write_credits(connection: Connection, credits_: Mapping[UUID, Sequence[Credit]]) -> None:
    await connection.execute(DROP_CREDITS, list(credits_), [len(given) for given in credits_.values()])
    rows = [
        (track_id, place, credit.role.value, credit.name, credit.artist_id)
        for track_id, given in credits_.items()
        for place, credit in enumerate(given)
    ]
    await connection.execute(WRITE_CREDITS, *_columns(rows, width=5))


async def write_plain_lyrics(connection: Connection, texts: Mapping[UUID, str | None]) -> None:
    await connection.execute(WRITE_PLAIN_LYRICS, list(texts), list(texts.values()))


async def write_synced_lyrics(connection: Connection, lines: Mapping[UUID, Sequence[Line]]) -> None:
    encoded = [msgspec.json.encode(one).decode() for one in lines.values()]
    await connection.execute(WRITE_SYNCED_LYRICS, list(lines), encoded)


async def _genre_keys(connection: Connection, genres: Iterable[GenreName]) -> dict[str, UUID]:
    """The key of each genre by its slug, made where there was none."""
    named = {genre.slug: genre for genre in genres}
    ordered = [named[slug] for slug in sorted(named)]
    keys = [new_key() for _ in ordered]
    await connection.execute(INSERT_GENRES, keys, [one.slug for one in ordered], [one.name for one in ordered])
    found = {row["slug"]: row["id"] for row in await connection.fetch(GENRES, list(named))}
    if len(found) < len(named):
        raise Overtaken  # one has gone since it was found (`graph.genres.upkeep`)
    return found


def _columns(rows: Sequence[tuple[Any, ...]], *, width: int) -> list[list[Any]]:
    """Rows turned into as many arrays as they are wide, also when there is none."""
    return [list(column) for column in zip(*rows, strict=True)] if rows else [[] for _ in range(width)]

"""Where delivered tracks belong: the artists and albums of the account, found by their names, made when there is none.

An album is found by its artist and title. What a delivery says of an album's type, date and state is written to it; of
several rows that name one album, the first that says something counts.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import date, datetime
from typing import NamedTuple
from uuid import UUID

from config.postgres import Connection
from graph.catalog.releases import ReleaseState, ReleaseType
from graph.keys import new_key
from graph.search.text import index_text
from graph.supply.rules import Row

FIND_ARTISTS = """
SELECT DISTINCT ON (name) name, id FROM artists WHERE owner_id = $1 AND name = ANY($2::text[]) ORDER BY name, id
"""
INSERT_ARTISTS = """
INSERT INTO artists (id, owner_id, name, search_text)
SELECT id, $4, name, search_text FROM unnest($1::uuid[], $2::text[], $3::text[]) AS given (id, name, search_text)
"""
FIND_ALBUMS = """
SELECT DISTINCT ON (album.artist_id, album.title) album.artist_id, album.title, album.id
FROM unnest($1::uuid[], $2::text[]) AS named (artist_id, title)
JOIN albums AS album ON album.artist_id = named.artist_id AND album.title = named.title
ORDER BY album.artist_id, album.title, album.id
"""
_GIVEN = """
FROM unnest($1::uuid[], $2::uuid[], $3::text[], $4::text[], $5::text[], $6::date[], $7::text[], $8::timestamptz[])
    AS given (id, artist_id, title, search_text, type, release_date, state, live_at)
"""
INSERT_ALBUMS = f"""
INSERT INTO albums (id, artist_id, title, search_text, type, release_date, state, live_at)
SELECT id, artist_id, title, search_text, coalesce(type, 'album'), release_date, coalesce(state, 'live'), live_at
{_GIVEN}
"""
UPDATE_ALBUMS = f"""
UPDATE albums AS album SET
    type = coalesce(given.type, album.type), release_date = coalesce(given.release_date, album.release_date),
    state = coalesce(given.state, album.state),
    live_at = CASE WHEN given.state IS NULL THEN album.live_at ELSE given.live_at END
{_GIVEN}
WHERE album.id = given.id AND num_nonnulls(given.type, given.release_date, given.state) > 0
"""  # noqa: S608 -- the part is the constant above

AlbumName = tuple[UUID, str]
"""The key of an album's artist, and its title."""


class Place(NamedTuple):
    """Where one row belongs."""

    artist_id: UUID
    album_id: UUID | None


class _Album(NamedTuple):
    """An album as INSERT_ALBUMS and UPDATE_ALBUMS take it."""

    id: UUID
    artist_id: UUID
    title: str
    search_text: str
    type: str | None
    release_date: date | None
    state: str | None
    live_at: datetime | None


async def places(connection: Connection, account_id: UUID, rows: Sequence[Row]) -> dict[int, Place]:
    """The artist and album of each row, by its index."""
    names = {row.artist for row in rows} | {artist for row in rows if (artist := _album_artist(row)) is not None}
    artists = await _artists(connection, account_id, sorted(names))
    albums = await _albums(connection, artists, rows)
    return {row.index: Place(artists[row.artist], albums.get(_album_name(row, artists))) for row in rows}


async def _artists(connection: Connection, account_id: UUID, names: Sequence[str]) -> dict[str, UUID]:
    found = {row["name"]: row["id"] for row in await connection.fetch(FIND_ARTISTS, account_id, names)}
    missing = {name: new_key() for name in names if name not in found}
    texts = [index_text(name) for name in missing]
    await connection.execute(INSERT_ARTISTS, list(missing.values()), list(missing), texts, account_id)
    return found | missing


async def _albums(
    connection: Connection, artists: dict[str, UUID], rows: Sequence[Row]
) -> dict[AlbumName | None, UUID]:
    named: dict[AlbumName, list[Row]] = {}
    for row in rows:
        if (name := _album_name(row, artists)) is not None:
            named.setdefault(name, []).append(row)
    wanted = [artist_id for artist_id, _ in named], [title for _, title in named]
    held = {(row["artist_id"], row["title"]): row["id"] for row in await connection.fetch(FIND_ALBUMS, *wanted)}
    keys = {name: held.get(name) or new_key() for name in named}
    albums = [_merged(keys[name], name, among) for name, among in named.items()]
    await connection.execute(INSERT_ALBUMS, *_columns(one for one in albums if (one.artist_id, one.title) not in held))
    await connection.execute(UPDATE_ALBUMS, *_columns(one for one in albums if (one.artist_id, one.title) in held))
    return dict(keys)


def _merged(key: UUID, name: AlbumName, rows: Sequence[Row]) -> _Album:
    """What the rows of one album say of it, the first that says something first."""
    said = [row.album for row in rows if row.album is not None]
    kind: ReleaseType | None = next((one.type for one in said if one.type is not None), None)
    state: ReleaseState | None = next((one.state for one in said if one.state is not None), None)
    return _Album(
        id=key,
        artist_id=name[0],
        title=name[1],
        search_text=index_text(name[1], _album_artist(rows[0]) or ""),
        type=None if kind is None else kind.value,
        release_date=next((one.release_date for one in said if one.release_date is not None), None),
        state=None if state is None else state.value,
        live_at=next((one.live_at for one in said if one.state is not None), None),
    )


def _album_artist(row: Row) -> str | None:
    return None if row.album is None else row.album.artist or row.artist


def _album_name(row: Row, artists: dict[str, UUID]) -> AlbumName | None:
    artist = _album_artist(row)
    return None if row.album is None or artist is None else (artists[artist], row.album.title)


def _columns(albums: Iterable[_Album]) -> list[list[object]]:
    kept = list(albums)
    return [[one[place] for one in kept] for place in range(len(_Album._fields))]

"""The releases of a delivery: known again by the distributor's own key, else by artist and title.

A release that there is not is made. What a delivery says of one is written to it; of several rows that name one
release, the first that says something counts. A release with a key is never taken for another one of its title, so a
single and the album that it announces are two. One that has none yet gets the key of the first that names it by artist
and title.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import date, datetime
from typing import NamedTuple, TypeAlias
from uuid import UUID

from config.postgres import Connection
from graph.catalog import descriptions
from graph.catalog.changes import write_texts_of_tracks
from graph.catalog.genres import GenreName
from graph.catalog.genres import checked as checked_genres
from graph.keys import new_key
from graph.search.text import index_text
from graph.supply.rules import Row, SuppliedAlbum

FIND_BY_KEY = """
SELECT supplied.supply_key, album.id, album.title
FROM supplied_albums AS supplied JOIN albums AS album ON album.id = supplied.album_id
JOIN artists AS artist ON artist.id = album.artist_id
WHERE supplied.account_id = $1 AND supplied.supply_key = ANY($2::text[]) AND artist.owner_id = $1
"""
# Those without a key first, for only these may get one.
FIND_BY_NAME = """
SELECT DISTINCT ON (album.artist_id, album.title) album.artist_id, album.title, album.id, supplied.supply_key
FROM unnest($2::uuid[], $3::text[]) AS named (artist_id, title)
JOIN albums AS album ON album.artist_id = named.artist_id AND album.title = named.title
LEFT JOIN supplied_albums AS supplied ON supplied.album_id = album.id AND supplied.account_id = $1
ORDER BY album.artist_id, album.title, supplied.supply_key IS NOT NULL, album.id
"""
# Releases come before their tracks in the order of locks, and each in the order of their keys.
LOCK = "SELECT id FROM albums WHERE id = ANY($1::uuid[]) ORDER BY id FOR NO KEY UPDATE"
_GIVEN = """
FROM unnest($1::uuid[], $2::uuid[], $3::text[], $4::text[], $5::text[], $6::date[], $7::text[], $8::timestamptz[])
    AS given (id, artist_id, title, search_text, type, release_date, state, live_at)
"""
INSERT = f"""
INSERT INTO albums (id, artist_id, title, search_text, type, release_date, state, live_at)
SELECT id, artist_id, title, search_text, coalesce(type, 'album'), release_date, coalesce(state, 'live'), live_at
{_GIVEN}
"""
# A release of which nothing new is said is not written, so that nobody is told of it.
UPDATE = f"""
UPDATE albums AS album SET
    artist_id = given.artist_id, title = given.title, search_text = given.search_text,
    type = coalesce(given.type, album.type), release_date = coalesce(given.release_date, album.release_date),
    state = coalesce(given.state, album.state),
    live_at = CASE WHEN given.state IS NULL THEN album.live_at ELSE given.live_at END
{_GIVEN}
WHERE album.id = given.id AND (
    album.artist_id, album.title, album.search_text, album.type, album.release_date, album.state, album.live_at
) IS DISTINCT FROM (
    given.artist_id, given.title, given.search_text, coalesce(given.type, album.type),
    coalesce(given.release_date, album.release_date), coalesce(given.state, album.state),
    CASE WHEN given.state IS NULL THEN album.live_at ELSE given.live_at END
)
"""  # noqa: S608 -- the part is the constant above
NOTE_KEYS = """
INSERT INTO supplied_albums (account_id, supply_key, album_id) SELECT $1, * FROM unnest($2::text[], $3::uuid[])
ON CONFLICT (account_id, supply_key) DO UPDATE SET album_id = excluded.album_id
WHERE supplied_albums.album_id <> excluded.album_id
"""


class ReleaseName(NamedTuple):
    """By what a row names its release: the distributor's key, else its artist and title."""

    key: str | None
    artist_id: UUID | None
    title: str | None


class _Release(NamedTuple):
    """A release as INSERT and UPDATE take it."""

    id: UUID
    artist_id: UUID
    title: str
    search_text: str
    type: str | None
    release_date: date | None
    state: str | None
    live_at: datetime | None


class _Held(NamedTuple):
    """A release that is there."""

    id: UUID
    title: str


Named: TypeAlias = Mapping[ReleaseName, Sequence[SuppliedAlbum]]
"""What the rows of a delivery say of each release, in their order."""


def named_by(album: SuppliedAlbum, artist_id: UUID) -> ReleaseName:
    if album.key is not None:
        return ReleaseName(album.key, None, None)
    return ReleaseName(None, artist_id, album.title)


def artist_of(row: Row) -> str | None:
    """The name of a release's artist: of the album as a whole, else of the track."""
    return None if row.album is None else row.album.artist or row.artist


async def releases(
    connection: Connection, account_id: UUID, artists: Mapping[str, UUID], rows: Sequence[Row]
) -> dict[ReleaseName, UUID]:
    """Write the releases that the rows name, and answer which they are."""
    said: dict[ReleaseName, list[tuple[str, SuppliedAlbum]]] = {}
    for row in rows:
        if row.album is not None and (artist := artist_of(row)) is not None:
            said.setdefault(named_by(row.album, artists[artist]), []).append((artist, row.album))
    firsts = {name: (artists[among[0][0]], among[0][1].title) for name, among in said.items()}
    held = await _held(connection, account_id, firsts)
    keys = {name: held[name].id if name in held else new_key() for name in said}
    merged = {name: _merged(keys[name], artists, among) for name, among in said.items()}
    await connection.execute(LOCK, [one.id for one in held.values()])
    await connection.execute(INSERT, *_columns(one for name, one in merged.items() if name not in held))
    # Two names may lead to one release, of which the earlier row speaks first.
    known = {merged[name].id: merged[name] for name in reversed(held)}
    await connection.execute(UPDATE, *_columns(known.values()))
    keyed = {name.key: key for name, key in keys.items() if name.key is not None}
    await connection.execute(NOTE_KEYS, account_id, list(keyed), list(keyed.values()))
    await _describe(connection, {keys[name]: [album for _, album in among] for name, among in said.items()})
    retitled = [one.id for name, one in held.items() if one.title != merged[name].title]
    if retitled:
        await write_texts_of_tracks(connection, retitled)
    return keys


async def _held(
    connection: Connection, account_id: UUID, wanted: Mapping[ReleaseName, tuple[UUID, str]]
) -> dict[ReleaseName, _Held]:
    """The releases that there are, by the names that lead to them."""
    keys = [name.key for name in wanted if name.key is not None]
    by_key = {row["supply_key"]: row for row in await connection.fetch(FIND_BY_KEY, account_id, keys)}
    columns = [artist_id for artist_id, _ in wanted.values()], [title for _, title in wanted.values()]
    found = await connection.fetch(FIND_BY_NAME, account_id, *columns)
    by_name = {(row["artist_id"], row["title"]): row for row in found}
    held: dict[ReleaseName, _Held] = {}
    for name, place in wanted.items():
        row = by_name.get(place) if name.key is None else by_key.get(name.key)
        if row is None and name.key is not None and place in by_name and by_name[place]["supply_key"] is None:
            row = by_name.pop(place)
        if row is not None:
            held[name] = _Held(row["id"], row["title"])
    return held


async def _describe(connection: Connection, albums: Mapping[UUID, Sequence[SuppliedAlbum]]) -> None:
    named: dict[UUID, tuple[GenreName, ...]] = {}
    for key, among in albums.items():
        genres = next((album.genres for album in among if album.genres is not None), None)
        if genres is not None:
            named[key] = checked_genres(genres, field="genres")
    if named:
        await descriptions.write_album_genres(connection, named)


def _merged(key: UUID, artists: Mapping[str, UUID], said: Sequence[tuple[str, SuppliedAlbum]]) -> _Release:
    """What the rows of one release say of it, the first that says something first."""
    artist, first = said[0]
    albums = [album for _, album in said]
    kind = next((one.type for one in albums if one.type is not None), None)
    stated = next((one for one in albums if one.state is not None), None)
    return _Release(
        id=key,
        artist_id=artists[artist],
        title=first.title,
        search_text=index_text(first.title, artist),
        type=None if kind is None else kind.value,
        release_date=next((one.release_date for one in albums if one.release_date is not None), None),
        state=None if stated is None or stated.state is None else stated.state.value,
        live_at=None if stated is None else stated.live_at,
    )


def _columns(found: Iterable[_Release]) -> list[list[object]]:
    kept = list(found)
    return [[one[place] for one in kept] for place in range(len(_Release._fields))]

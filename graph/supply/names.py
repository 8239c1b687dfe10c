"""By what a delivery names its releases, and which there are of them.

A release is known again by the distributor's own key, else by artist and title. One with a key is never taken for
another one of its title, so a single and the album that it announces are two. One that has none yet gets the key of the
first that names it by artist and title. In one delivery a release has one name: a row that comes to it by another one
is not written, for what it says of the release might be meant for another one.

Not here: what is said of releases (`graph.supply.releases`).
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import NamedTuple
from uuid import UUID

import msgspec

from config.errors import Overtaken
from config.postgres import Connection
from graph.errors import Problem, ProblemCode
from graph.supply.rules import Rejection, Row, SuppliedAlbum

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
LOCK = "SELECT FROM albums WHERE id = ANY($1::uuid[]) ORDER BY id FOR NO KEY UPDATE"
LOCKED = """
SELECT album.id, album.title FROM albums AS album JOIN artists AS artist ON artist.id = album.artist_id
WHERE album.id = ANY($1::uuid[]) AND artist.owner_id = $2
"""


class ReleaseName(NamedTuple):
    """By what a row names its release: the distributor's key, else its artist and title."""

    key: str | None
    artist_id: UUID | None
    title: str | None


class Held(NamedTuple):
    """A release that is there."""

    id: UUID
    title: str


class Mention(msgspec.Struct, frozen=True, kw_only=True):
    """A row that names a release, and what it says of it."""

    index: int
    """Of the row."""
    name: ReleaseName
    artist: str
    """Of the release as a whole."""
    artist_id: UUID
    album: SuppliedAlbum


def artist_of(row: Row) -> str | None:
    """The name of a release's artist: of the album as a whole, else of the track."""
    return None if row.album is None else row.album.artist or row.artist


def mentions(artists: Mapping[str, UUID], rows: Iterable[Row]) -> list[Mention]:
    """Those of the rows whose tracks are on a release, in their order."""
    found = []
    for row in rows:
        artist = artist_of(row)
        if row.album is not None and artist is not None:
            by_name = ReleaseName(None, artists[artist], row.album.title)
            name = by_name if row.album.key is None else ReleaseName(row.album.key, None, None)
            found.append(Mention(index=row.index, name=name, artist=artist, artist_id=artists[artist], album=row.album))
    return found


async def held_releases(
    connection: Connection, account_id: UUID, mentioned: Iterable[Mention]
) -> dict[ReleaseName, Held]:
    """The releases that there are by the names that lead to them, locked. Raises Overtaken."""
    places: dict[ReleaseName, tuple[UUID, str]] = {}
    for one in mentioned:
        places.setdefault(one.name, (one.artist_id, one.album.title))
    held = await _found(connection, account_id, places)
    found = {(one.id, one.title) for one in held.values()}
    keys = [key for key, _ in found]
    await connection.execute(LOCK, keys)
    if found != {(row["id"], row["title"]) for row in await connection.fetch(LOCKED, keys, account_id)}:
        raise Overtaken
    return held


async def _found(
    connection: Connection, account_id: UUID, places: Mapping[ReleaseName, tuple[UUID, str]]
) -> dict[ReleaseName, Held]:
    keys = [name.key for name in places if name.key is not None]
    by_key = {row["supply_key"]: row for row in await connection.fetch(FIND_BY_KEY, account_id, keys)}
    columns = [artist_id for artist_id, _ in places.values()], [title for _, title in places.values()]
    named = await connection.fetch(FIND_BY_NAME, account_id, *columns)
    by_name = {(row["artist_id"], row["title"]): row for row in named}
    without_key = {place: row for place, row in by_name.items() if row["supply_key"] is None}
    held: dict[ReleaseName, Held] = {}
    for name, place in places.items():
        row = by_name.get(place) if name.key is None else by_key.get(name.key) or without_key.pop(place, None)
        if row is not None:
            held[name] = Held(row["id"], row["title"])
    return held


def second_names(mentioned: Iterable[Mention], held: Mapping[ReleaseName, Held]) -> Iterator[Rejection]:
    """The rows that name a release otherwise than an earlier row does."""
    firsts: dict[UUID, Mention] = {}
    for one in mentioned:
        if one.name not in held:
            continue
        first = firsts.setdefault(held[one.name].id, one)
        if first.name != one.name:
            field = "title" if one.name.key is None else "key"
            message = f"The row {first.index} of this delivery names the same release otherwise; name it by one key."
            yield Rejection(index=one.index, problem=Problem(ProblemCode.INVALID_VALUE, ("album", field), message))

"""What a delivery says of its releases: one that there is not is made, to another one it is written.

Of several rows that name one release, the first that says something counts.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import date, datetime
from typing import NamedTuple
from uuid import UUID

from config.postgres import Connection
from graph.catalog import descriptions
from graph.catalog.genres import GenreName
from graph.catalog.genres import checked as checked_genres
from graph.catalog.search_texts import write_for_albums
from graph.keys import new_key
from graph.search.text import index_text
from graph.supply.names import Held, Mention, ReleaseName
from graph.supply.rules import SuppliedAlbum

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


async def write_releases(
    connection: Connection, account_id: UUID, mentioned: Iterable[Mention], held: Mapping[ReleaseName, Held]
) -> dict[ReleaseName, Held]:
    """Write the releases that rows mention, and answer which they are; `held` are those that there were."""
    said: dict[ReleaseName, list[Mention]] = {}
    for one in mentioned:
        said.setdefault(one.name, []).append(one)
    keys = {name: held[name].id if name in held else new_key() for name in said}
    merged = {name: _merged(keys[name], among) for name, among in said.items()}
    await connection.execute(INSERT, *_columns(one for name, one in merged.items() if name not in held))
    await connection.execute(UPDATE, *_columns(one for name, one in merged.items() if name in held))
    keyed = {name.key: key for name, key in keys.items() if name.key is not None}
    await connection.execute(NOTE_KEYS, account_id, list(keyed), list(keyed.values()))
    await _describe(connection, {keys[name]: [one.album for one in among] for name, among in said.items()})
    retitled = [one.id for name, one in merged.items() if name in held and held[name].title != one.title]
    if retitled:
        await write_for_albums(connection, retitled)
    return {name: Held(one.id, one.title) for name, one in merged.items()}


async def _describe(connection: Connection, albums: Mapping[UUID, Sequence[SuppliedAlbum]]) -> None:
    named: dict[UUID, tuple[GenreName, ...]] = {}
    for key, among in albums.items():
        genres = next((album.genres for album in among if album.genres is not None), None)
        if genres is not None:
            named[key] = checked_genres(genres, field="genres")
    if named:
        await descriptions.write_album_genres(connection, named)


def _merged(key: UUID, said: Sequence[Mention]) -> _Release:
    """What the rows of one release say of it, the first that says something first."""
    first = said[0]
    albums = [one.album for one in said]
    kind = next((one.type for one in albums if one.type is not None), None)
    stated = next((one for one in albums if one.state is not None), None)
    return _Release(
        id=key,
        artist_id=first.artist_id,
        title=first.album.title,
        search_text=index_text(first.album.title, first.artist),
        type=None if kind is None else kind.value,
        release_date=next((one.release_date for one in albums if one.release_date is not None), None),
        state=None if stated is None or stated.state is None else stated.state.value,
        live_at=None if stated is None else stated.live_at,
    )


def _columns(found: Iterable[_Release]) -> list[list[object]]:
    kept = list(found)
    return [[one[place] for one in kept] for place in range(len(_Release._fields))]

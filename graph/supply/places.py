"""Where delivered tracks belong: to artists of the account, found by their names and made when there is none.

Their releases are in `graph.supply.releases`.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple
from uuid import UUID

from config.postgres import Connection
from graph.keys import new_key
from graph.search.text import index_text
from graph.supply.releases import artist_of, named_by, releases
from graph.supply.rules import Row

FIND_ARTISTS = """
SELECT DISTINCT ON (name) name, id FROM artists WHERE owner_id = $1 AND name = ANY($2::text[]) ORDER BY name, id
"""
INSERT_ARTISTS = """
INSERT INTO artists (id, owner_id, name, search_text)
SELECT id, $4, name, search_text FROM unnest($1::uuid[], $2::text[], $3::text[]) AS given (id, name, search_text)
"""


class Place(NamedTuple):
    """Where one row belongs."""

    artist_id: UUID
    album_id: UUID | None


async def places(connection: Connection, account_id: UUID, rows: Sequence[Row]) -> dict[int, Place]:
    """The artist and album of each row, by its index."""
    names = {row.artist for row in rows} | {artist for row in rows if (artist := artist_of(row)) is not None}
    artists = await _artists(connection, account_id, sorted(names))
    albums = await releases(connection, account_id, artists, rows)
    found = {}
    for row in rows:
        artist = artist_of(row)
        named = None if row.album is None or artist is None else named_by(row.album, artists[artist])
        found[row.index] = Place(artists[row.artist], None if named is None else albums[named])
    return found


async def _artists(connection: Connection, account_id: UUID, names: Sequence[str]) -> dict[str, UUID]:
    found = {row["name"]: row["id"] for row in await connection.fetch(FIND_ARTISTS, account_id, names)}
    missing = {name: new_key() for name in names if name not in found}
    texts = [index_text(name) for name in missing]
    await connection.execute(INSERT_ARTISTS, list(missing.values()), list(missing), texts, account_id)
    return found | missing

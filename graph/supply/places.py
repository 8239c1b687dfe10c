"""Where delivered tracks belong: to artists of the account, found by their names and made when there is none.

The artists are shared until the delivery is written, so that none of them goes, or gets another name or owner, before
its tracks are there. Releases come after them in the order of locks (`graph.supply.names`, `graph.supply.releases`).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import NamedTuple
from uuid import UUID

from config.postgres import Connection
from graph.keys import new_key
from graph.search.text import index_text
from graph.supply.names import Held, artist_of, held_releases, mentions, second_names
from graph.supply.releases import write_releases
from graph.supply.rules import Rejection, Row

SHARE_ARTISTS = """
SELECT id, name FROM artists WHERE owner_id = $1 AND name = ANY($2::text[]) ORDER BY id FOR SHARE
"""
INSERT_ARTISTS = """
INSERT INTO artists (id, owner_id, name, search_text)
SELECT id, $4, name, search_text FROM unnest($1::uuid[], $2::text[], $3::text[]) AS given (id, name, search_text)
"""


class Place(NamedTuple):
    """Where one row belongs."""

    artist_id: UUID
    album: Held | None


async def places(
    connection: Connection, account_id: UUID, rows: Sequence[Row]
) -> tuple[dict[int, Place], list[Rejection]]:
    """The artist and album of each row, by its index, and the rows that have none. Raises Overtaken."""
    there = await _artists(connection, account_id, rows)
    artists = {name: there.get(name) or new_key() for name in _names(rows)}
    mentioned = mentions(artists, rows)
    held = await held_releases(connection, account_id, mentioned)
    rejections = list(second_names(mentioned, held))
    rejected = {one.index for one in rejections}
    kept = [row for row in rows if row.index not in rejected]
    await _make(connection, account_id, {name: artists[name] for name in _names(kept) if name not in there})
    named = {one.index: one for one in mentioned if one.index not in rejected}
    albums = await write_releases(connection, account_id, named.values(), held)
    found = {}
    for row in kept:
        album = albums[named[row.index].name] if row.index in named else None
        found[row.index] = Place(artists[row.artist], album)
    return found, rejections


def _names(rows: Sequence[Row]) -> list[str]:
    """The artists that rows name, for the tracks and for the releases."""
    return sorted({row.artist for row in rows} | {artist for row in rows if (artist := artist_of(row)) is not None})


async def _artists(connection: Connection, account_id: UUID, rows: Sequence[Row]) -> dict[str, UUID]:
    """Those that there are; of several of one name the oldest."""
    found: dict[str, UUID] = {}
    for row in await connection.fetch(SHARE_ARTISTS, account_id, _names(rows)):
        found.setdefault(row["name"], row["id"])
    return found


async def _make(connection: Connection, account_id: UUID, artists: Mapping[str, UUID]) -> None:
    texts = [index_text(name) for name in artists]
    await connection.execute(INSERT_ARTISTS, list(artists.values()), list(artists), texts, account_id)

"""By what a kept answer is known: the tables and the rows that it was made of.

Pure. An answer about one album is made of rows that were asked for by a key (the album, its artist), of lists below
them (its tracks), and of rows that no answer shows, by which others are hidden (licences, media, the release of a
track). A change of any of them is told by the keys of all that it is a part of (migration 0017): that of a licence by
its track, the track's album, and the artists of both. So what was asked for by the album's key leaves when that album
is told of, and the SQL says which tables that is true for. What was not asked for by keys, such as a search, a chart or
the list of all genres, changes with any row of its tables.

    tracks              everything that was made of the table
    tracks-any          what changes with any row of it
    album-0192…         what shows this album, or what is below it
    album-0192…-parts   what changes with what is below it

Tags of rows are those of the origin (`origin.resources`): a cache that purges `album-0192…` forgets both.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping

import msgspec

from graph.reads.footprints import Footprint, Footprints

KINDS = {
    "albums": "album",
    "artists": "artist",
    "assets": "asset",
    "genres": "genre",
    "images": "image",
    "playlists": "playlist",
    "tracks": "track",
    "users": "user",
}
"""What a row of a table is, whose key may be asked for."""
WHOLES = {
    "album": frozenset({"album", "artist"}),
    "asset": frozenset({"asset", "track", "album", "artist"}),
    "release": frozenset({"asset", "track", "album", "artist"}),
    "track": frozenset({"asset", "track", "album", "artist"}),
}
"""The kinds of keys by which a change is told, by the kind that its trigger names; else that kind alone."""
MOST_ROWS = 32
"""Tags of rows that an answer has, sent in two headers. More do not fit into the 4 KiB that nginx reserves for all."""

WORD = re.compile(r"[a-z_]+")
# What belongs to the asker, of which an answer to everybody has nothing.
ASKERS_OWN = re.compile(r"FROM (\w+) AS (\w+)\s+WHERE \2\.\w+ = :viewer_id(?=\s*(?:\)|AND\b|LIMIT\b))")


class Tables(msgspec.Struct, frozen=True, kw_only=True):
    """The tables of a database: all of them, and those that tell of their changes."""

    names: frozenset[str] = frozenset()
    watched: Mapping[str, frozenset[str]] = {}
    """The kinds of what a row is, or is a part of, by whose keys its changes are told; none where no keys are told."""

    def named(self, sql: str) -> frozenset[str]:
        """Those of which an answer to everybody may be made by some SQL."""
        return self.names & set(WORD.findall(ASKERS_OWN.sub("", sql).lower()))


class Uncertain(Exception):
    """An answer was made of a table that does not tell of its changes: it may not be given again."""


def told_kinds(arguments: Iterable[str]) -> frozenset[str]:
    """The kinds of keys by which changes of a table are told: its trigger names a kind, a column, a kind, and so on."""
    return frozenset().union(*(WHOLES.get(kind, {kind}) for kind in list(arguments)[::2]))


def told(message: str) -> Iterator[str]:
    """The tags of the answers that a change ends: of a table as a whole, or of rows of it."""
    table, *rows = message.split(" ")
    if not rows:
        yield table
        return
    yield _any(table)
    yield from rows


def tags_of(statements: Iterable[str], footprints: Footprints, tables: Tables) -> frozenset[str]:
    """The tags of an answer that ran these statements, of which some left footprints. Raises Uncertain."""
    whole = [Footprint(sql=text, table=None, keys=frozenset()) for text in statements if text not in footprints.texts]
    tags: set[str] = set()
    rows: dict[str, set[str]] = defaultdict(set)
    tables_of: dict[str, set[str]] = defaultdict(set)
    for part in (*footprints.parts, *whole):
        named = tables.named(part.sql)
        if not named <= tables.watched.keys():
            raise Uncertain
        kind = KINDS.get(part.table or "", "")
        told_by_key = {table for table in named if kind in tables.watched[table]}
        tags.update(named, map(_any, named - told_by_key))
        tables_of[kind].update(told_by_key)
        if told_by_key:
            rows[kind].update(f"{kind}-{key}" for key in part.keys)
        if told_by_key - {part.table}:
            rows[kind].update(f"{kind}-{key}-parts" for key in part.keys)
    while sum(map(len, rows.values())) > MOST_ROWS:
        most = max(rows, key=lambda kind: len(rows[kind]))
        del rows[most]
        tags.update(map(_any, tables_of[most]))
    return frozenset(tags.union(*rows.values()))


def _any(table: str) -> str:
    return f"{table}-any"

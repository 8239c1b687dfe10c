"""Search on PostgreSQL: all kinds in one statement, best first, by keyset.

Order: the whole name or title (0), then names that begin with the query (1), then the rest (2): all words are there,
the last one perhaps only begun. Within a rank artists come before albums before tracks before playlists, then by text,
then by id. The cursor is that key, so a page is stable while the catalogue grows.
"""

from __future__ import annotations

from collections.abc import Mapping
from enum import Enum
from uuid import UUID

import msgspec

from config.postgres import Pool
from graph.catalog import visibility
from graph.errors import BadRequest
from graph.paging import Window
from graph.reads.statements import numbered
from graph.search.text import tsquery, words_of

MAX_QUERY_LENGTH = 200


class SearchKind(Enum):
    """What can be found; the values are those of the statement, in its order."""

    ARTIST = 0
    ALBUM = 1
    TRACK = 2
    PLAYLIST = 3


class Place(msgspec.Struct, frozen=True):
    """Where a result stands in the order, which is its cursor, too."""

    rank: int
    kind: SearchKind
    text: str
    id: UUID

    @property
    def key(self) -> tuple[int, int, str, UUID]:
        return self.rank, self.kind.value, self.text, self.id


ORDER = "relevance"
ORDER_TYPES = ("integer", "integer", "text", "uuid")

FOUND = """
WITH found AS (
    SELECT 0 AS kind, id, search_text FROM artists
    WHERE 0 = ANY(:kinds::integer[]) AND to_tsvector('simple', search_text) @@ to_tsquery('simple', :words)
    UNION ALL
    SELECT 1, album.id, album.search_text FROM albums AS album
    WHERE 1 = ANY(:kinds::integer[]) AND to_tsvector('simple', album.search_text) @@ to_tsquery('simple', :words)
        AND {ALBUM}
    UNION ALL
    SELECT 2, track.id, track.search_text FROM tracks AS track
    WHERE 2 = ANY(:kinds::integer[]) AND to_tsvector('simple', track.search_text) @@ to_tsquery('simple', :words)
        AND {TRACK}
    UNION ALL
    SELECT 3, playlist.id, playlist.folded_name FROM playlists AS playlist
    WHERE 3 = ANY(:kinds::integer[]) AND to_tsvector('simple', playlist.folded_name) @@ to_tsquery('simple', :words)
        AND playlist.public
), ranked AS (
    SELECT kind, id, search_text COLLATE "C" AS text,
        CASE WHEN split_part(search_text, E'\\n', 1) = :folded THEN 0
             WHEN starts_with(search_text, :folded) THEN 1
             ELSE 2 END AS rank
    FROM found
)
SELECT rank, kind, text, id FROM ranked
WHERE :after_id::uuid IS NULL
    OR (rank, kind, text, id) > (:after_rank::integer, :after_kind::integer, :after_text::text COLLATE "C",
    :after_id::uuid)
ORDER BY rank, kind, text, id LIMIT :limit
"""
SEARCH = numbered(FOUND.format(ALBUM=visibility.ALBUM, TRACK=visibility.TRACK))
START = (None, None, None, None)


async def search(
    pool: Pool, seen_by: Mapping[str, object], *, query: str, kinds: frozenset[SearchKind], window: Window
) -> list[Place]:
    """What the words of `query` find: kinds and ids, one more than the page if there is more. Raises BadRequest.

    `seen_by` are the parameters of visibility (`graph.reads.reader`).
    """
    if len(query) > MAX_QUERY_LENGTH:
        raise BadRequest(f"`query` may have {MAX_QUERY_LENGTH} characters at most.")
    words = words_of(query)
    if not words:
        return []
    after = zip(("after_rank", "after_kind", "after_text", "after_id"), window.after or START, strict=True)
    values = {
        **seen_by,
        **dict(after),
        "words": tsquery(words),
        "folded": " ".join(words),
        "kinds": [kind.value for kind in kinds],
        "limit": window.fetch,
    }
    rows = await pool.fetch(SEARCH.text, *(values[name] for name in SEARCH.parameters))
    return [Place(row["rank"], SearchKind(row["kind"]), row["text"], row["id"]) for row in rows]

"""Search on PostgreSQL: all kinds in one statement, best first, by keyset.

Order: the whole name or title (0), then names that begin with the query (1), then the rest (2): all words are there,
the last one perhaps only begun. Within a rank artists come before albums before tracks, then by text, then by id. The
cursor is that key, so a page is stable while the catalogue grows.
"""

from __future__ import annotations

from enum import Enum
from typing import Annotated
from uuid import UUID

import msgspec

from config.postgres import Pool
from graph.errors import BadRequest
from graph.paging import Page, PageRequest, page_of
from graph.search.text import tsquery, words_of
from graph.viewer import Viewer

MAX_QUERY_LENGTH = 200


class SearchKind(Enum):
    """What can be found; the values are those of the statement, in its order."""

    ARTIST = 0
    ALBUM = 1
    TRACK = 2


class Place(msgspec.Struct, frozen=True, array_like=True):
    """The sort key of a result."""

    rank: Annotated[int, msgspec.Meta(ge=0, le=2)]
    kind: SearchKind
    # PostgreSQL takes no NUL, and nothing that is stored has one; a forged cursor may.
    text: Annotated[str, msgspec.Meta(pattern=r"\A[^\x00]*\Z")]
    id: UUID


# $1 tsquery, $2 the folded query, $3 kinds, $4 to $7 the place to start after (all null: the start), $8 rows,
# $9 the viewer's id or null, $10 whether the viewer is an admin.
SEARCH = """
WITH found AS (
    SELECT 0 AS kind, id, search_text FROM artists
    WHERE 0 = ANY($3::integer[]) AND to_tsvector('simple', search_text) @@ to_tsquery('simple', $1)
    UNION ALL
    SELECT 1, id, search_text FROM albums
    WHERE 1 = ANY($3::integer[]) AND to_tsvector('simple', search_text) @@ to_tsquery('simple', $1)
    UNION ALL
    SELECT 2, track.id, track.search_text FROM tracks AS track JOIN artists AS artist ON artist.id = track.artist_id
    WHERE 2 = ANY($3::integer[]) AND to_tsvector('simple', track.search_text) @@ to_tsquery('simple', $1)
        AND ($10::boolean OR artist.owner_id = $9::uuid
            OR EXISTS (SELECT FROM assets WHERE asset_id = track.asset_id AND status = 'ready'))
), ranked AS (
    SELECT kind, id, search_text COLLATE "C" AS text,
        CASE WHEN split_part(search_text, E'\\n', 1) = $2 THEN 0
             WHEN starts_with(search_text, $2) THEN 1
             ELSE 2 END AS rank
    FROM found
)
SELECT rank, kind, text, id FROM ranked
WHERE $7::uuid IS NULL OR (rank, kind, text, id) > ($4::integer, $5::integer, $6::text COLLATE "C", $7::uuid)
ORDER BY rank, kind, text, id LIMIT $8
"""


async def search(
    pool: Pool, viewer: Viewer | None, *, query: str, kinds: frozenset[SearchKind], request: PageRequest[Place]
) -> Page[Place]:
    """One page of what the words of `query` find, as places: kinds and ids. Raises BadRequest."""
    if len(query) > MAX_QUERY_LENGTH:
        raise BadRequest(f"`query` may have {MAX_QUERY_LENGTH} characters at most.")
    words = words_of(query)
    if not words:
        return Page(rows=(), cursors=(), has_next=False, has_previous=request.after is not None)
    after = request.after
    rows = await pool.fetch(
        SEARCH,
        tsquery(words),
        " ".join(words),
        [kind.value for kind in kinds],
        *((None, None, None, None) if after is None else (after.rank, after.kind.value, after.text, after.id)),
        request.fetch,
        *((None, False) if viewer is None else (viewer.user_id, viewer.is_admin)),
    )
    places = [Place(rank=row["rank"], kind=SearchKind(row["kind"]), text=row["text"], id=row["id"]) for row in rows]
    return page_of(places, request, key=lambda place: place)

"""Search's field of Query."""

from __future__ import annotations

import asyncio
from typing import Annotated

import strawberry

from graph.catalog.queries import album_by_key, artist_by_key, track_by_key
from graph.connections import After, First, PageInfo
from graph.context import Info
from graph.paging import DEFAULT_PAGE, page_request
from graph.search import service
from graph.search.service import Place, SearchKind
from graph.search.types import SearchConnection, SearchEdge

Words = Annotated[
    str,
    strawberry.argument(
        name="query",
        description="Words of a name or title, in any order, with or without accents; the last may be only begun.",
    ),
]
Kinds = Annotated[
    list[SearchKind] | None, strawberry.argument(description="What to search for; everything when it is left out.")
]


@strawberry.type
class SearchQuery:
    """Merged into Query by `graph.schema`."""

    @strawberry.field(description="Search by name and title, best first: exact, then beginning with it, then the rest.")
    async def search(
        self, info: Info, words: Words, kinds: Kinds = None, first: First = DEFAULT_PAGE, after: After = None
    ) -> SearchConnection | None:
        page = await service.search(
            info.context.services.pool,
            info.context.viewer,
            query=words,
            kinds=frozenset(SearchKind if kinds is None else kinds),
            request=page_request(first, after, key_type=Place),
        )
        # One load for each result, so the loaders make one statement for each kind.
        nodes = await asyncio.gather(*(FETCH[place.kind](info.context, place.id) for place in page.rows))
        edges = [SearchEdge(cursor=cursor, node=node) for cursor, node in zip(page.cursors, nodes, strict=True)]
        return SearchConnection(edges=edges, page_info=PageInfo.of(page))


FETCH = {SearchKind.ARTIST: artist_by_key, SearchKind.ALBUM: album_by_key, SearchKind.TRACK: track_by_key}

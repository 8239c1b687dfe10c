"""Search's field of Query."""

from __future__ import annotations

from typing import Annotated

import strawberry

from graph.connections import After, First, PageInfo
from graph.context import Info
from graph.paging import window, write_cursor
from graph.search import service
from graph.search.service import SearchKind
from graph.search.types import SearchConnection, SearchEdge

Words = Annotated[
    str,
    strawberry.argument(
        name="query",
        description="Words of a name or title, in any order, with or without accents; the last may be only begun.",
    ),
]
Kinds = Annotated[
    list[SearchKind] | None,
    strawberry.argument(description="What to search for, each at most once; everything when it is left out."),
]


@strawberry.type
class SearchQuery:
    """Merged into Query by `graph.schema`."""

    @strawberry.field(description="Search by name and title, best first: exact, then beginning with it, then the rest.")
    async def search(
        self, info: Info, words: Words, kinds: Kinds = None, first: First = None, after: After = None
    ) -> SearchConnection | None:
        reader = info.context.reader
        asked = window({"first": first, "after": after}, order=service.ORDER, types=service.ORDER_TYPES)
        found = await service.search(
            info.context.services.pool,
            reader.seen,
            query=words,
            kinds=frozenset(SearchKind if kinds is None else kinds),
            window=asked,
        )
        places = found[: asked.size]
        # All kinds in one call, so the reader makes one statement for each kind.
        nodes = await reader.several(info, [(KINDS[place.kind], place.id) for place in places], under=("edges", "node"))
        cursors = [write_cursor(service.ORDER, place.key) for place in places]
        return SearchConnection(
            edges=[SearchEdge(cursor=cursor, node=node) for cursor, node in zip(cursors, nodes, strict=True)],
            page_info=PageInfo(
                has_next_page=len(found) > asked.size,
                has_previous_page=after is not None,
                start_cursor=cursors[0] if cursors else None,
                end_cursor=cursors[-1] if cursors else None,
            ),
        )


KINDS = {
    SearchKind.ARTIST: "Artist",
    SearchKind.ALBUM: "Album",
    SearchKind.TRACK: "Track",
    SearchKind.PLAYLIST: "Playlist",
}

"""Search in GraphQL: a connection over what can be found."""

from __future__ import annotations

from typing import Annotated

import strawberry

from graph import enums
from graph.catalog.types import Album, Artist, Track
from graph.connections import PageInfo
from graph.playlists.types import Playlist
from graph.search.service import SearchKind

enums.publish(
    SearchKind,
    name="SearchKind",
    description="What can be searched for.",
    values={
        SearchKind.ARTIST: "Artists, by name.",
        SearchKind.ALBUM: "Albums, by title and artist.",
        SearchKind.TRACK: "Tracks, by title, artist and album.",
        SearchKind.PLAYLIST: "Public playlists, by name.",
    },
)

SearchResult = Annotated[
    Artist | Album | Track | Playlist, strawberry.union("SearchResult", description="Something that search finds.")
]


@strawberry.type(description="A result and its place in the list.")
class SearchEdge:
    cursor: str = strawberry.field(description="Pass it as `after` to continue behind this edge.")
    node: SearchResult | None = strawberry.field(description="What was found; null if it is gone by now.")


@strawberry.type(description="A page of results, best first.")
class SearchConnection:
    edges: list[SearchEdge] = strawberry.field(description="The results of this page.")
    page_info: PageInfo = strawberry.field(description="Where the page is.")

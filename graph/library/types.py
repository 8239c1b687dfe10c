"""The library in GraphQL; `graph.library.reads` declares how it is read."""

from __future__ import annotations

from datetime import datetime
from enum import Enum
from typing import Annotated, ClassVar, Generic, TypeVar

import strawberry

from graph import enums
from graph.accounts.types import User
from graph.catalog.types import Album, Artist, Track
from graph.connections import Connection, Edge, Paged, listing
from graph.library.reads import LIBRARY
from graph.playlists.queries import OrderBy as PlaylistOrderBy
from graph.playlists.types import Playlist, PlaylistOrder
from graph.reads.declarations import Entity

T = TypeVar("T")


class LibraryOrder(Enum):
    """In which order a part of a library is listed; the values are those of `reads.LIBRARY`."""

    RECENT = "recent"
    NAME = "name"


enums.publish(
    LibraryOrder,
    name="LibraryOrder",
    description="In which order a part of your library is listed.",
    values={
        LibraryOrder.RECENT: "What you added last comes first.",
        LibraryOrder.NAME: "By name or title, without regard to case, accents and signs.",
    },
)

OrderBy = Annotated[LibraryOrder, strawberry.argument(description="In which order.")]
kept = listing(order_by=(OrderBy, LibraryOrder.RECENT))


@strawberry.type(description="Something in your library, and its place in the list.")
class LibraryEdge(Edge[T], Generic[T]):
    added_at: datetime = strawberry.field(description="When you added it.")


@strawberry.type(description="A page of your library.")
class LibraryConnection(Paged, Generic[T]):
    edges: list[LibraryEdge[T]] = strawberry.field(description="What is on this page.")


@strawberry.type(description="What you have collected. Things that you cannot see (any more) are left out.")
class Library:
    entity: ClassVar[Entity] = LIBRARY

    liked_tracks: LibraryConnection[Track] | None = strawberry.field(
        resolver=kept, description="The tracks that you like."
    )
    saved_albums: LibraryConnection[Album] | None = strawberry.field(
        resolver=kept, description="The albums that you have saved."
    )
    followed_artists: LibraryConnection[Artist] | None = strawberry.field(
        resolver=kept, description="The artists that you follow."
    )
    followed_users: LibraryConnection[User] | None = strawberry.field(
        resolver=kept, description="The users whom you follow."
    )
    followed_playlists: LibraryConnection[Playlist] | None = strawberry.field(
        resolver=kept, description="The playlists that you follow; your own are `playlists`."
    )
    playlists: Connection[Playlist] | None = strawberry.field(
        resolver=listing(order_by=(PlaylistOrderBy, PlaylistOrder.UPDATED)), description="Your own playlists."
    )

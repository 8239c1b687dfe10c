"""The library in GraphQL; `graph.library.reads` declares how it is read."""

from __future__ import annotations

from datetime import datetime
from enum import Enum
from typing import Annotated, ClassVar, Generic, TypeVar

import strawberry

from graph import enums
from graph.accounts.types import User
from graph.catalog.types import Album, Artist, Track
from graph.connections import After, Before, Edge, First, Last, Paged, connected
from graph.context import Info
from graph.library.reads import LIBRARY
from graph.playlists.types import Playlist
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


@strawberry.type(description="Something in your library, and its place in the list.")
class LibraryEdge(Edge[T], Generic[T]):
    added_at: datetime = strawberry.field(description="When you added it.")


@strawberry.type(description="A page of your library.")
class LibraryConnection(Paged, Generic[T]):
    edges: list[LibraryEdge[T]] = strawberry.field(description="What is on this page.")


@strawberry.type(description="What you have collected. Things that you cannot see (any more) are left out.")
class Library:
    entity: ClassVar[Entity] = LIBRARY

    @strawberry.field(description="The tracks that you like.")
    def liked_tracks(  # noqa: PLR0917 -- arguments of a field
        self,
        info: Info,
        first: First = None,
        after: After = None,
        last: Last = None,
        before: Before = None,
        order_by: OrderBy = LibraryOrder.RECENT,
    ) -> LibraryConnection[Track] | None:
        return connected(self, info)

    @strawberry.field(description="The albums that you have saved.")
    def saved_albums(  # noqa: PLR0917 -- as above
        self,
        info: Info,
        first: First = None,
        after: After = None,
        last: Last = None,
        before: Before = None,
        order_by: OrderBy = LibraryOrder.RECENT,
    ) -> LibraryConnection[Album] | None:
        return connected(self, info)

    @strawberry.field(description="The artists that you follow.")
    def followed_artists(  # noqa: PLR0917 -- as above
        self,
        info: Info,
        first: First = None,
        after: After = None,
        last: Last = None,
        before: Before = None,
        order_by: OrderBy = LibraryOrder.RECENT,
    ) -> LibraryConnection[Artist] | None:
        return connected(self, info)

    @strawberry.field(description="The users whom you follow.")
    def followed_users(  # noqa: PLR0917 -- as above
        self,
        info: Info,
        first: First = None,
        after: After = None,
        last: Last = None,
        before: Before = None,
        order_by: OrderBy = LibraryOrder.RECENT,
    ) -> LibraryConnection[User] | None:
        return connected(self, info)

    @strawberry.field(description="The playlists that you follow; your own are `User.playlists`.")
    def followed_playlists(  # noqa: PLR0917 -- as above
        self,
        info: Info,
        first: First = None,
        after: After = None,
        last: Last = None,
        before: Before = None,
        order_by: OrderBy = LibraryOrder.RECENT,
    ) -> LibraryConnection[Playlist] | None:
        return connected(self, info)

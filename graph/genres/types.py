"""Genre in GraphQL."""

from __future__ import annotations

from typing import ClassVar

import strawberry

from graph.catalog.types import Album, Track
from graph.connections import After, Before, Connection, First, Last, connected
from graph.context import Info
from graph.genres.reads import GENRE
from graph.node import Node
from graph.reads.declarations import Entity


@strawberry.type(description="A kind of music, as artists call it.")
class Genre(Node):
    entity: ClassVar[Entity] = GENRE
    type_name: ClassVar[str] = GENRE.type_name
    name: str = strawberry.field(description="The name as it is shown.")

    @strawberry.field(description="The albums of this genre, the newest first.")
    def albums(
        self, info: Info, first: First = None, after: After = None, last: Last = None, before: Before = None
    ) -> Connection[Album] | None:
        return connected(self, info)

    @strawberry.field(description="The tracks of this genre, the newest first.")
    def tracks(
        self, info: Info, first: First = None, after: After = None, last: Last = None, before: Before = None
    ) -> Connection[Track] | None:
        return connected(self, info)

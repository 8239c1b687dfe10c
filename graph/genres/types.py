"""Genre in GraphQL."""

from __future__ import annotations

from typing import ClassVar

import strawberry

from graph.catalog.types import Album, Track
from graph.connections import Connection, listing
from graph.genres.reads import GENRE
from graph.node import Node
from graph.reads.declarations import Entity


@strawberry.type(description="A kind of music, as artists call it.")
class Genre(Node):
    entity: ClassVar[Entity] = GENRE
    type_name: ClassVar[str] = GENRE.type_name
    name: str = strawberry.field(description="The name as it is shown.")
    albums: Connection[Album] | None = strawberry.field(
        resolver=listing(), description="The albums of this genre, the newest first."
    )
    tracks: Connection[Track] | None = strawberry.field(
        resolver=listing(), description="The tracks of this genre, the newest first."
    )

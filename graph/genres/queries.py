"""The genres' fields of Query."""

from __future__ import annotations

import strawberry

from graph.catalog.queries import Id
from graph.connections import After, Before, Connection, First, Last
from graph.context import Info
from graph.genres.reads import GENRES
from graph.genres.types import Genre


@strawberry.type
class GenresQuery:
    """Merged into Query by `graph.schema`."""

    @strawberry.field(description="One genre; null when the id names none.")
    async def genre(self, info: Info, global_id: Id) -> Genre | None:
        return await info.context.reader.named(info, Genre, global_id)

    @strawberry.field(description="All genres by name.")
    async def genres(
        self, info: Info, first: First = None, after: After = None, last: Last = None, before: Before = None
    ) -> Connection[Genre] | None:
        page: Connection[Genre] | None = await info.context.reader.page(info, GENRES, None)
        return page

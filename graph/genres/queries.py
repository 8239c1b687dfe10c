"""The genres' fields of Query."""

from __future__ import annotations

from typing import Any

import strawberry

from graph.catalog.queries import Id
from graph.connections import Connection, paging
from graph.context import Info
from graph.genres.reads import GENRES
from graph.genres.types import Genre


@strawberry.type
class GenresQuery:
    """Merged into Query by `graph.schema`."""

    @strawberry.field(description="One genre; null when the id names none.")
    async def genre(self, info: Info, global_id: Id) -> Genre | None:
        return await info.context.reader.named(info, Genre, global_id)

    @strawberry.field(description="All genres that a track or an album is called by, by name.")
    @paging
    async def genres(self, info: Info, **_page: Any) -> Connection[Genre] | None:
        page: Connection[Genre] | None = await info.context.reader.page(info, GENRES, None)
        return page

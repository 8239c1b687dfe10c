"""The catalogue's fields of Query."""

from __future__ import annotations

from typing import Annotated

import strawberry

from graph.catalog.types import Album, Artist, Track
from graph.context import Info

Id = Annotated[strawberry.ID, strawberry.argument(name="id", description="The global id.")]


@strawberry.type
class CatalogQuery:
    """Merged into Query by `graph.schema`."""

    @strawberry.field(description="One artist; null when the id names none.")
    async def artist(self, info: Info, global_id: Id) -> Artist | None:
        return await info.context.reader.named(info, Artist, global_id)

    @strawberry.field(description="One album; null when the id names none that you may see.")
    async def album(self, info: Info, global_id: Id) -> Album | None:
        return await info.context.reader.named(info, Album, global_id)

    @strawberry.field(description="One track; null when the id names none that you may see.")
    async def track(self, info: Info, global_id: Id) -> Track | None:
        return await info.context.reader.named(info, Track, global_id)

"""The images' fields of Query."""

from __future__ import annotations

from typing import Annotated

import strawberry

from graph.context import Info
from graph.images.types import Image

Id = Annotated[strawberry.ID, strawberry.argument(name="id", description="The global id.")]


@strawberry.type
class ImagesQuery:
    """Merged into Query by `graph.schema`."""

    @strawberry.field(
        description="One image; null when the id names none that you may see. Ask it until an upload is ready."
    )
    async def image(self, info: Info, global_id: Id) -> Image | None:
        return await info.context.reader.named(info, Image, global_id)

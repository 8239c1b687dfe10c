"""`node` and `nodes`: anything by its global id, under the same visibility rules as its own field."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from typing import Annotated
from uuid import UUID

import strawberry

from graph import ids
from graph.accounts.queries import user_by_key
from graph.catalog.queries import Id, album_by_key, artist_by_key, track_by_key
from graph.context import Context, Info
from graph.errors import BadRequest
from graph.images.types import image_by_key
from graph.node import Node
from graph.paging import MAX_PAGE


@strawberry.type
class NodeQuery:
    """Merged into Query by `graph.schema`."""

    @strawberry.field(description="Anything by its global id; null when the id names nothing that you may see.")
    async def node(self, info: Info, global_id: Id) -> Node | None:
        return await fetch(info.context, global_id)

    @strawberry.field(description="Several at once, in the order of the ids, with null for what there is not.")
    async def nodes(
        self,
        info: Info,
        global_ids: Annotated[
            list[strawberry.ID], strawberry.argument(name="ids", description=f"At most {MAX_PAGE} global ids.")
        ],
    ) -> list[Node | None]:
        if len(global_ids) > MAX_PAGE:
            raise BadRequest(f"`ids` may hold {MAX_PAGE} at most, not {len(global_ids)}.")
        return list(await asyncio.gather(*(fetch(info.context, text) for text in global_ids)))


async def fetch(context: Context, text: str) -> Node | None:
    """Find what an id names; None for garbage, for a type that is no node, and for what the viewer may not see."""
    decoded = ids.decode(text)
    if decoded is None or decoded[0] not in BY_TYPE:
        return None
    type_name, key = decoded
    return await BY_TYPE[type_name](context, key)


BY_TYPE: Mapping[str, Callable[[Context, UUID], Awaitable[Node | None]]] = {
    "Album": album_by_key,
    "Artist": artist_by_key,
    "Image": image_by_key,
    "Track": track_by_key,
    "User": user_by_key,
}

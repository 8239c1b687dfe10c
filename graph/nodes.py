"""`node` and `nodes`: anything by its global id, under the same visibility rules as its own field."""

from __future__ import annotations

from typing import Annotated

import strawberry

from graph import ids
from graph.catalog.queries import Id
from graph.context import Info
from graph.errors import BadRequest
from graph.node import Node
from graph.paging import MAX_PAGE
from graph.reads.models import models_of


@strawberry.type
class NodeQuery:
    """Merged into Query by `graph.schema`."""

    @strawberry.field(description="Anything by its global id; null when the id names nothing that you may see.")
    async def node(self, info: Info, global_id: Id) -> Node | None:
        (found,) = await named(info, [global_id])
        return found

    @strawberry.field(description="Several at once, one for each id in their order, with null for what there is not.")
    async def nodes(
        self,
        info: Info,
        global_ids: Annotated[
            list[strawberry.ID], strawberry.argument(name="ids", description=f"At most {MAX_PAGE} global ids.")
        ],
    ) -> list[Node | None]:
        if len(global_ids) > MAX_PAGE:
            raise BadRequest(f"`ids` may hold {MAX_PAGE} at most, not {len(global_ids)}.")
        return await named(info, global_ids)


async def named(info: Info, global_ids: list[strawberry.ID]) -> list[Node | None]:
    """What ids name, by one statement for each type; None for garbage, for what is no node, for what is not seen."""
    nodes = models_of(info.schema).of_interface("Node")
    wanted = [decoded if (decoded := ids.decode(text)) and decoded[0] in nodes else None for text in global_ids]
    found = iter(await info.context.reader.several(info, [one for one in wanted if one is not None]))
    return [None if one is None else next(found) for one in wanted]

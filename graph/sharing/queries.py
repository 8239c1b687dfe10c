"""Share links in Query and Mutation."""

from __future__ import annotations

from typing import Annotated

import strawberry

from graph import ids
from graph.context import Info
from graph.errors import ProblemCode, refused
from graph.payloads import INPUT, UserErrors
from graph.sharing import service
from graph.sharing.types import CreateShareLinkInput, CreateShareLinkPayload, ShareLink

Slug = Annotated[str, strawberry.argument(description="The last part of the link's address.")]


@strawberry.type
class SharingQuery:
    """Merged into Query by `graph.schema`."""

    @strawberry.field(description="Where a share link leads; null when there is no such link.")
    async def share_link(self, info: Info, slug: Slug) -> ShareLink | None:
        link = await service.find_link(info.context.services.pool, slug)
        return None if link is None else await _shown(info, link, under=("node",))


@strawberry.type
class SharingMutation:
    """Merged into Mutation by `graph.schema`."""

    @strawberry.mutation(
        description="Get the share link of something that everybody may see; again, it is the same link.",
        extensions=[UserErrors(CreateShareLinkPayload)],
    )
    async def create_share_link(
        self, info: Info, given: Annotated[CreateShareLinkInput, INPUT]
    ) -> CreateShareLinkPayload | None:
        info.context.require_viewer()
        named = ids.decode(given.subject_id)
        if named is None or named[0] not in service.SHAREABLE:
            raise refused(ProblemCode.NOT_FOUND, "subjectId")
        link = await service.create_link(
            info.context.services.pool, type_name=named[0], key=named[1], seen=info.context.reader.seen
        )
        return CreateShareLinkPayload(share_link=await _shown(info, link, under=("shareLink", "node")))


async def _shown(info: Info, link: service.Link, *, under: tuple[str, ...]) -> ShareLink:
    (node,) = await info.context.reader.several(info, [(link.type_name, link.key)], under=under)
    return ShareLink.of(link, base_url=info.context.services.settings.share_url, node=node)

"""A proposal in GraphQL."""

from __future__ import annotations

from typing import ClassVar
from uuid import UUID

import strawberry

from graph.images.types import Image
from graph.proposals.reads import PROPOSAL
from graph.proposals.tags import ProposedTags
from graph.reads.declarations import Entity

SCALARS = {
    UUID: strawberry.scalar(
        name="UUID",
        description="An id of another catalogue, in the 36 characters of RFC 9562; our own ids are ID.",
        specified_by_url="https://www.rfc-editor.org/rfc/rfc9562",
        serialize=str,
        parse_value=UUID,
    )
}


@strawberry.type(description="What the newest ready master of a track says about itself.")
class Proposal:
    entity: ClassVar[Entity] = PROPOSAL
    tags: ProposedTags | None = strawberry.field(description="Its tags, if it has any.")
    image: Image | None = strawberry.field(
        description=(
            "The picture inside it, if it has one; `setArtwork` takes it over. It may still be drawn, or have failed."
        )
    )

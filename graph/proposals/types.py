"""A proposal in GraphQL."""

from __future__ import annotations

from typing import ClassVar

import strawberry

from graph.images.types import Image
from graph.proposals.reads import PROPOSAL
from graph.proposals.tags import ProposedTags
from graph.reads.declarations import Entity


@strawberry.type(description="What the newest ready master of a track says about itself.")
class Proposal:
    entity: ClassVar[Entity] = PROPOSAL
    tags: ProposedTags | None = strawberry.field(description="Its tags, if it has any.")
    image: Image | None = strawberry.field(
        description=(
            "The picture inside it, if it has one; `setArtwork` takes it over. It may still be drawn, or have failed."
        )
    )

"""Share links in GraphQL."""

from __future__ import annotations

import strawberry

from graph.node import Node
from graph.payloads import Payload
from graph.scalars import URL
from graph.sharing.service import Link

PATH = "/s/"
"""Below it the previews are served (`graph.sharing.page`)."""


@strawberry.type(description="A short address that leads to an album, an artist, a playlist or a track.")
class ShareLink:
    slug: str = strawberry.field(description="What it is called; `shareLink` finds it again.")
    url: URL = strawberry.field(description="A page for browsers and for previews in other apps.")
    node: Node | None = strawberry.field(
        description="What it leads to; null when that is gone, or is not for you to see."
    )

    @classmethod
    def of(cls, link: Link, *, base_url: str, node: Node | None) -> ShareLink:
        return cls(slug=link.slug, url=URL(address(base_url, link.slug)), node=node)


def address(base_url: str, slug: str) -> str:
    """The URL of a link's page."""
    return f"{base_url}{PATH}{slug}"


@strawberry.input(description="What to share.")
class CreateShareLinkInput:
    subject_id: strawberry.ID = strawberry.field(
        description="An album, an artist, a playlist or a track that everybody may see."
    )


@strawberry.type(description="What `createShareLink` answers.")
class CreateShareLinkPayload(Payload):
    share_link: ShareLink | None = strawberry.field(default=None, description="The link.")

"""The parts of a profile in GraphQL; `Artist` itself is in `graph.catalog.types`."""

from __future__ import annotations

import msgspec
import strawberry

from graph.profiles.links import Link


@strawberry.type(description="A page elsewhere that an artist leads to.")
class ArtistLink:
    title: str = strawberry.field(description="What to show for it.")
    url: str = strawberry.field(description="Where it leads: a web address.")


def links_of(text: str) -> list[ArtistLink]:
    """Links as the database has them."""
    return [ArtistLink(title=link.title, url=link.url) for link in msgspec.json.decode(text, type=tuple[Link, ...])]

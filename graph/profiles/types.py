"""The parts of a profile in GraphQL; `Artist` itself is in `graph.catalog.types`."""

from __future__ import annotations

import msgspec
import strawberry

from graph.profiles.links import Link
from graph.scalars import URL


@strawberry.type(description="A page elsewhere that an artist leads to.")
class ArtistLink:
    title: str = strawberry.field(description="What to show for it.")
    url: URL = strawberry.field(description="Where it leads: a web address.")


def links_of(text: str) -> list[ArtistLink]:
    """Links as the database has them."""
    links = msgspec.json.decode(text, type=tuple[Link, ...])
    return [ArtistLink(title=link.title, url=URL(link.url)) for link in links]

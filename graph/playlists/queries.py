"""Playlists in Query, and those of an account; the latter are merged into User by `graph.accounts.types`."""

from __future__ import annotations

from typing import Annotated

import strawberry

from graph.catalog.queries import Id
from graph.connections import Connection, listing
from graph.context import Info
from graph.playlists.types import Playlist, PlaylistOrder

OrderBy = Annotated[PlaylistOrder, strawberry.argument(description="In which order.")]


@strawberry.type
class PlaylistsQuery:
    """Merged into Query by `graph.schema`."""

    @strawberry.field(description="One playlist; null when the id names none that you may see.")
    async def playlist(self, info: Info, global_id: Id) -> Playlist | None:
        return await info.context.reader.named(info, Playlist, global_id)


@strawberry.type
class UserPlaylists:
    """What everybody sees of an account's playlists, and the account of its own."""

    playlists: Connection[Playlist] | None = strawberry.field(
        resolver=listing(order_by=(OrderBy, PlaylistOrder.UPDATED)),
        description="The account's playlists: all of them for itself, the public ones for others.",
    )

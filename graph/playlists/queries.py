"""Playlists in Query, and those of an account; the latter are merged into User by `graph.accounts.types`."""

from __future__ import annotations

from typing import Annotated, Any

import strawberry

from graph.catalog.queries import Id
from graph.connections import After, Before, Connection, First, Last, connected
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

    @strawberry.field(description="The account's playlists: all of them for itself, the public ones for others.")
    def playlists(  # noqa: PLR0917 -- arguments of a field
        self: Any,
        info: Info,
        first: First = None,
        after: After = None,
        last: Last = None,
        before: Before = None,
        order_by: OrderBy = PlaylistOrder.UPDATED,
    ) -> Connection[Playlist] | None:
        return connected(self, info)

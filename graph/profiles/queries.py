"""The artists that an account looks after; merged into User by `graph.accounts.types`."""

from __future__ import annotations

from typing import Any

import strawberry

from graph.catalog.types import Artist
from graph.connections import Connection, connected, paging
from graph.context import Info


@strawberry.type
class ViewerArtists:
    """A field that only the user sees."""

    @strawberry.field(
        description="The artists that you look after, in the order in which they were added; null for all but the user."
    )
    @paging
    def artists(self: Any, info: Info, **_page: Any) -> Connection[Artist] | None:
        viewer = info.context.viewer
        return connected(self, info) if viewer is not None and viewer.user_id == self.key else None

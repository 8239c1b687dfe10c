"""The artists that an account looks after; merged into User by `graph.accounts.types`."""

from __future__ import annotations

from typing import Any

import strawberry

from graph.catalog.types import Artist
from graph.connections import After, Before, Connection, First, Last, connected
from graph.context import Info


@strawberry.type
class ViewerArtists:
    """A field that only the user sees."""

    @strawberry.field(
        description="The artists that you look after, in the order in which they were added; null for all but the user."
    )
    def artists(
        self: Any, info: Info, first: First = None, after: After = None, last: Last = None, before: Before = None
    ) -> Connection[Artist] | None:
        viewer = info.context.viewer
        return connected(self, info) if viewer is not None and viewer.user_id == self.key else None

"""What an account knows of its library; merged into User by `graph.accounts.types`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any

import strawberry

from graph.connections import Connection, connected, paging
from graph.context import Info

if TYPE_CHECKING:
    from graph.accounts.types import User
    from graph.library.types import Library

LazyUser = Annotated["User", strawberry.lazy("graph.accounts.types")]
"""User is made of the class below, so it can only be named here."""
LazyLibrary = Annotated["Library", strawberry.lazy("graph.library.types")]


@strawberry.type
class ViewerLibrary:
    """Fields that only the user sees, and whether the viewer follows this one."""

    library: LazyLibrary | None = strawberry.field(
        description="What you have collected; null for everybody but the user."
    )
    viewer_is_following: bool = strawberry.field(
        description="Whether you follow this user; false when nobody is signed in."
    )

    @strawberry.field(
        description="Whom you follow; null for everybody but the user.",
        deprecation_reason="Since November 2026: ask `library { followedUsers }`, which has orders.",
    )
    @paging
    def following(self: Any, info: Info, **_page: Any) -> Connection[LazyUser] | None:
        viewer = info.context.viewer
        return connected(self, info) if viewer is not None and viewer.user_id == self.key else None

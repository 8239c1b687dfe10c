"""What an account knows of its library; merged into User by `graph.accounts.types`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any
from uuid import UUID

import strawberry

from graph.connections import After, First
from graph.context import Info
from graph.paging import DEFAULT_PAGE, page_request

if TYPE_CHECKING:
    from graph.library.types import UserConnection


@strawberry.type
class ViewerLibrary:
    """Fields that only the user sees."""

    @strawberry.field(description="Whom you follow; null for everybody but the user.")
    async def following(
        self: Any, info: Info, first: First = DEFAULT_PAGE, after: After = None
    ) -> Annotated[UserConnection, strawberry.lazy("graph.library.types")] | None:
        # Imported here: the connection is made of users, and User is made of this class.
        from graph.library import service  # noqa: PLC0415 -- see above
        from graph.library.types import UserConnection  # noqa: PLC0415 -- see above

        viewer = info.context.viewer
        if viewer is None or viewer.user_id != self.key:
            return None
        request = page_request(first, after, key_type=UUID)
        page = await service.following(info.context.services.pool, viewer.user_id, request=request)
        return UserConnection.of(page)

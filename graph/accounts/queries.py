"""The accounts' fields of Query."""

from __future__ import annotations

import strawberry

from graph.accounts.types import User
from graph.context import Info


@strawberry.type
class AccountsQuery:
    """Merged into Query by `graph.schema`."""

    @strawberry.field(description="The signed-in user; null when nobody is signed in.")
    async def viewer(self, info: Info) -> User | None:
        viewer = info.context.viewer
        return None if viewer is None else await info.context.reader.one(info, User, viewer.user_id)

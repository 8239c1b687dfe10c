"""The accounts' fields of Query."""

from __future__ import annotations

from uuid import UUID

import strawberry

from graph.accounts import loaders
from graph.accounts.types import User
from graph.context import Context, Info


async def user_by_key(context: Context, key: UUID) -> User | None:
    record = await context.load(loaders.users, key)
    return None if record is None else User.of(record)


@strawberry.type
class AccountsQuery:
    """Merged into Query by `graph.schema`."""

    @strawberry.field(description="The signed-in user; null when nobody is signed in.")
    async def viewer(self, info: Info) -> User | None:
        viewer = info.context.viewer
        return None if viewer is None else await user_by_key(info.context, viewer.user_id)

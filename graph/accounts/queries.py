"""The accounts' fields of Query."""

from __future__ import annotations

import strawberry

from graph.accounts.types import User
from graph.catalog.queries import Id
from graph.context import Info


@strawberry.type
class AccountsQuery:
    """Merged into Query by `graph.schema`."""

    @strawberry.field(description="The signed-in user; null when nobody is signed in.")
    async def viewer(self, info: Info) -> User | None:
        return await info.context.reader.asker(info, User)

    @strawberry.field(description="One user; null when the id names none.")
    async def user(self, info: Info, global_id: Id) -> User | None:
        return await info.context.reader.named(info, User, global_id)

"""An account as a record: what the rest of the graph may know of a user. The password hash never leaves the SQL."""

from __future__ import annotations

from uuid import UUID

import msgspec

from graph.rows import Row
from graph.viewer import Role


class User(msgspec.Struct, frozen=True, kw_only=True):
    """One account."""

    id: UUID
    email: str
    display_name: str
    role: Role
    listening_private: bool
    market: str | None
    """The country that the account has chosen; None: wherever a request comes from."""


def user_of(row: Row) -> User:
    return User(
        id=row["id"],
        email=row["email"],
        display_name=row["display_name"],
        role=Role(row["role"]),
        listening_private=row["listening_private"],
        market=row["market"],
    )

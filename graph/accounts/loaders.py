"""Batch functions of accounts."""

from __future__ import annotations

from uuid import UUID

from graph.accounts.records import User, user_of
from graph.context import Context

USERS = "SELECT id, email, display_name, role, listening_private FROM users WHERE id = ANY($1::uuid[])"


async def users(context: Context, keys: list[UUID]) -> list[User | None]:
    """One account for each key; None where there is none."""
    rows = await context.services.pool.fetch(USERS, keys)
    by_id = {row["id"]: user_of(row) for row in rows}
    return [by_id.get(key) for key in keys]

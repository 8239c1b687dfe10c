"""Rules of following: whom one may follow, and the page of those whom one follows. Both directions are idempotent.

Who unfollows stops seeing what the other plays at once: the mutation makes watchers ask anew (`graph.live`).
"""

from __future__ import annotations

from uuid import UUID

import asyncpg
from piccolo.query.mixins import OnConflictAction

from config.postgres import Pool
from graph.accounts.records import User, user_of
from graph.errors import ProblemCode, refused
from graph.library.tables import FollowTable
from graph.paging import Page, PageRequest, page_of

# In the order of the primary key of `follows`, so a page is one index range however many one follows.
FOLLOWING = """
    SELECT u.id, u.email, u.display_name, u.role, u.listening_private
    FROM follows f JOIN users u ON u.id = f.followed_id
    WHERE f.follower_id = $1 AND ($2::uuid IS NULL OR f.followed_id > $2)
    ORDER BY f.followed_id LIMIT $3
"""


async def follow(*, follower_id: UUID, followed_id: UUID) -> None:
    """Follow a user; again is no error. Raises Refused."""
    if follower_id == followed_id:
        raise refused(ProblemCode.INVALID_VALUE, "userId", "You cannot follow yourself.")
    row = FollowTable(follower_id=follower_id, followed_id=followed_id)
    try:
        await FollowTable.insert(row).on_conflict(
            target=(FollowTable.follower_id, FollowTable.followed_id), action=OnConflictAction.do_nothing
        )
    except asyncpg.ForeignKeyViolationError as error:
        raise refused(ProblemCode.NOT_FOUND, "userId") from error


async def unfollow(*, follower_id: UUID, followed_id: UUID) -> None:
    """Follow a user no longer; one who was not followed is no error."""
    await FollowTable.delete().where(FollowTable.follower_id == follower_id, FollowTable.followed_id == followed_id)


async def following(pool: Pool, follower_id: UUID, *, request: PageRequest[UUID]) -> Page[User]:
    """One page of those whom a user follows."""
    rows = await pool.fetch(FOLLOWING, follower_id, request.after, request.fetch)
    return page_of([user_of(row) for row in rows], request, key=lambda user: user.id)

"""Following in GraphQL."""

from __future__ import annotations

import strawberry

from graph.accounts import records
from graph.accounts.types import User
from graph.connections import PageInfo
from graph.paging import Page
from graph.payloads import Payload


@strawberry.input(description="Whom to follow.")
class FollowUserInput:
    user_id: strawberry.ID = strawberry.field(description="The user.")


@strawberry.type(description="What `followUser` answers.")
class FollowUserPayload(Payload):
    user: User | None = strawberry.field(default=None, description="Whom you follow now.")


@strawberry.input(description="Whom to follow no longer.")
class UnfollowUserInput:
    user_id: strawberry.ID = strawberry.field(description="The user.")


@strawberry.type(description="What `unfollowUser` answers.")
class UnfollowUserPayload(Payload):
    user: User | None = strawberry.field(default=None, description="Whom you do not follow any more.")


@strawberry.type(description="A user and its place in a list.")
class UserEdge:
    cursor: str = strawberry.field(description="Pass it as `after` to continue behind this edge.")
    node: User = strawberry.field(description="The user.")


@strawberry.type(description="A page of users.")
class UserConnection:
    edges: list[UserEdge] = strawberry.field(description="The users of this page.")
    page_info: PageInfo = strawberry.field(description="Where the page is.")

    @classmethod
    def of(cls, page: Page[records.User]) -> UserConnection:
        edges = [
            UserEdge(cursor=cursor, node=User.of(row)) for cursor, row in zip(page.cursors, page.rows, strict=True)
        ]
        return cls(edges=edges, page_info=PageInfo.of(page))

"""The library's fields of Mutation."""

from __future__ import annotations

from typing import Annotated

import strawberry

from graph import ids
from graph.accounts.queries import user_by_key
from graph.accounts.types import User
from graph.context import Info
from graph.library import service
from graph.library.types import FollowUserInput, FollowUserPayload, UnfollowUserInput, UnfollowUserPayload
from graph.live.service import announce_rights
from graph.payloads import INPUT, UserErrors


@strawberry.type
class LibraryMutation:
    """Merged into Mutation by `graph.schema`."""

    @strawberry.mutation(
        description="Follow a user, which shows you what they play; again is no error.",
        extensions=[UserErrors(FollowUserPayload)],
    )
    async def follow_user(
        self,
        info: Info,
        given: Annotated[FollowUserInput, INPUT],
    ) -> FollowUserPayload | None:
        viewer = info.context.require_viewer()
        followed_id = ids.require(User.type_name, given.user_id, field="userId")
        await service.follow(follower_id=viewer.user_id, followed_id=followed_id)
        return FollowUserPayload(user=await user_by_key(info.context, followed_id))

    @strawberry.mutation(
        description="Follow a user no longer, which ends at once what you see of them; again is no error.",
        extensions=[UserErrors(UnfollowUserPayload)],
    )
    async def unfollow_user(
        self,
        info: Info,
        given: Annotated[UnfollowUserInput, INPUT],
    ) -> UnfollowUserPayload | None:
        viewer = info.context.require_viewer()
        followed_id = ids.require(User.type_name, given.user_id, field="userId")
        await service.unfollow(follower_id=viewer.user_id, followed_id=followed_id)
        await announce_rights(info.context.services.presence, listener_id=followed_id)
        return UnfollowUserPayload(user=await user_by_key(info.context, followed_id))

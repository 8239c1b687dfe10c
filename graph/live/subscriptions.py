"""The live fields of Subscription."""

from __future__ import annotations

from collections.abc import AsyncGenerator
from contextlib import aclosing
from typing import Annotated

import strawberry

from graph import ids
from graph.accounts.types import User
from graph.context import Info
from graph.errors import Forbidden
from graph.live import service
from graph.live.types import NowPlaying

UserId = Annotated[strawberry.ID, strawberry.argument(description="The listener.")]


@strawberry.type
class LiveSubscription:
    """Merged into Subscription by `graph.schema`."""

    @strawberry.subscription(
        description=(
            "What a listener plays: first what is played now, if anything, then every change. For followers and the"
            " listener. A listener who listens in private plays nothing; it ends when you may not see it any more."
        )
    )
    async def now_playing(self, info: Info, user_id: UserId) -> AsyncGenerator[NowPlaying, None]:
        viewer = info.context.require_viewer()
        listener_id = ids.find(User.type_name, user_id)
        if listener_id is None:
            raise Forbidden(service.STRANGERS)
        services = info.context.services
        events = service.watch(
            services.audience,
            services.presence,
            services.fanout,
            watcher_id=viewer.user_id,
            listener_id=listener_id,
        )
        # Closed here, not whenever the collector comes by: a watcher that has gone leaves the channel at once.
        async with aclosing(events):
            async for event in events:
                yield NowPlaying.of(event)

"""The playback's fields of Mutation."""

from __future__ import annotations

import time
from typing import Annotated

import strawberry

from graph import ids
from graph.catalog.types import Track
from graph.context import Info
from graph.payloads import INPUT, UserErrors
from graph.playback import service
from graph.playback.delivery import Delivery
from graph.playback.types import Playback, StartPlaybackInput, StartPlaybackPayload


@strawberry.type
class PlaybackMutation:
    """Merged into Mutation by `graph.schema`."""

    @strawberry.mutation(
        description="Get signed URLs of a track's manifests; for everybody who is signed in.",
        extensions=[UserErrors(StartPlaybackPayload)],
    )
    async def start_playback(
        self,
        info: Info,
        given: Annotated[StartPlaybackInput, INPUT],
    ) -> StartPlaybackPayload | None:
        viewer = info.context.require_viewer()
        services = info.context.services
        playback = await service.start(
            services.pool,
            services.valkey,
            viewer=viewer,
            track_id=ids.require(Track.type_name, given.track_id, field="trackId"),
            delivery=Delivery(
                origin_url=services.settings.origin_url,
                key=services.settings.edge_keys[0],
                lifetime_s=services.settings.playback_lifetime_s,
            ),
            now_s=int(time.time()),
        )
        return StartPlaybackPayload(playback=Playback.of(playback))

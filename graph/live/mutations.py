"""The live fields of Mutation."""

from __future__ import annotations

from typing import Annotated

import strawberry

from graph import ids
from graph.accounts.types import User
from graph.catalog.types import Track
from graph.context import Info
from graph.live import service
from graph.live.types import (
    NowPlaying,
    ReportPlaybackInput,
    ReportPlaybackPayload,
    SetListeningPrivacyInput,
    SetListeningPrivacyPayload,
)
from graph.payloads import INPUT, UserErrors


@strawberry.type
class LiveMutation:
    """Merged into Mutation by `graph.schema`."""

    @strawberry.mutation(
        description=(
            "Tell what your player does: at every change, and at least every 30 seconds while it plays. A player that"
            " has not told anything for a minute stops showing."
        ),
        extensions=[UserErrors(ReportPlaybackPayload)],
    )
    async def report_playback(
        self,
        info: Info,
        given: Annotated[ReportPlaybackInput, INPUT],
    ) -> ReportPlaybackPayload | None:
        services = info.context.services
        event = await service.report(
            services.pool,
            services.presence,
            user_id=info.context.require_viewer().user_id,
            track_id=ids.require(Track.type_name, given.track_id, field="trackId"),
            state=given.state,
            position_ms=given.position_ms,
        )
        return ReportPlaybackPayload(now_playing=None if event is None else NowPlaying.of(event))

    @strawberry.mutation(
        description="Listen in private, which hides at once what you play, or in the open again.",
        extensions=[UserErrors(SetListeningPrivacyPayload)],
    )
    async def set_listening_privacy(
        self,
        info: Info,
        given: Annotated[SetListeningPrivacyInput, INPUT],
    ) -> SetListeningPrivacyPayload | None:
        viewer = info.context.require_viewer()
        services = info.context.services
        await service.set_privacy(services.pool, services.presence, user_id=viewer.user_id, private=given.private)
        return SetListeningPrivacyPayload(
            viewer=await info.context.reader.one(info, User, viewer.user_id, under=("viewer",))
        )

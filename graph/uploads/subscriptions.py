"""The uploads' fields of Subscription."""

from __future__ import annotations

from collections.abc import AsyncGenerator
from contextlib import aclosing
from typing import Annotated

import strawberry

from graph import ids
from graph.catalog.progress import IngestState
from graph.catalog.types import Track
from graph.context import Info
from graph.failures import IngestFailure
from graph.uploads import progress
from ingest.contract import Progress, Status

TrackId = Annotated[strawberry.ID, strawberry.argument(description="The track.")]


@strawberry.type
class UploadsSubscription:
    """Merged into Subscription by `graph.schema`."""

    @strawberry.subscription(
        description=(
            "How far the newest master of a track is: first the current state, then every later one, up to the final"
            " one. For the track's owner and for admins."
        )
    )
    async def ingest_progress(self, info: Info, track_id: TrackId) -> AsyncGenerator[IngestState, None]:
        services = info.context.services
        asset_id = await progress.asset_to_watch(
            services.pool, info.context.require_viewer(), track_id=ids.find(Track.type_name, track_id)
        )
        # Closed here, not whenever the collector comes by: a watcher that has gone leaves the channel at once.
        async with aclosing(progress.watch(services.pool, services.fanout, asset_id=asset_id)) as states:
            async for state in states:
                failed = state.status is Status.FAILED
                yield _state(state, quarantined=failed and await progress.is_quarantined(services.pool, state))


def _state(event: Progress, *, quarantined: bool) -> IngestState:
    code = event.failure_code
    return IngestState(
        quarantined=quarantined,
        status=event.status,
        stage=event.stage,
        fraction=event.fraction,
        failure=None if code is None else IngestFailure.of(code),
    )

"""Mutations of licences."""

from __future__ import annotations

from typing import Annotated

import strawberry

from graph import ids
from graph.catalog.types import Track
from graph.context import Info
from graph.licences import service
from graph.licences.types import LicenceInput
from graph.payloads import INPUT, Payload, UserErrors


@strawberry.input(description="All licences of a track.")
class SetTrackLicencesInput:
    track_id: strawberry.ID = strawberry.field(description="One of your tracks.")
    licences: list[LicenceInput] = strawberry.field(
        description="At most 2,000 by market, in the place of those that it has. With none, the track may be heard"
        " everywhere."
    )


@strawberry.type(description="What `setTrackLicences` answers.")
class SetTrackLicencesPayload(Payload):
    track: Track | None = strawberry.field(default=None, description="The track as it is now.")


@strawberry.type
class LicencesMutation:
    """Merged into Mutation by `graph.schema`."""

    @strawberry.mutation(
        description=(
            "Say where and when a track may be heard. Lists and new playbacks follow at once; URLs that were given out"
            " work until they expire."
        ),
        extensions=[UserErrors(SetTrackLicencesPayload)],
    )
    async def set_track_licences(
        self, info: Info, given: Annotated[SetTrackLicencesInput, INPUT]
    ) -> SetTrackLicencesPayload | None:
        services = info.context.services
        key = ids.require(Track.type_name, given.track_id, field="trackId")
        await service.set_licences(
            services.pool,
            services.valkey,
            info.context.require_viewer(),
            track_id=key,
            grants=[licence.grant for licence in given.licences],
        )
        return SetTrackLicencesPayload(track=await info.context.reader.one(info, Track, key, under=("track",)))

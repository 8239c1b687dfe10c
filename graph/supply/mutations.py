"""Mutations of deliveries."""

from __future__ import annotations

from typing import Annotated

import strawberry

from graph.context import Info
from graph.payloads import INPUT, UserErrors
from graph.supply import service
from graph.supply.types import RejectedTrack, UpsertedTrack, UpsertTracksInput, UpsertTracksPayload


@strawberry.type
class SupplyMutation:
    """Merged into Mutation by `graph.schema`."""

    @strawberry.mutation(
        description=(
            "Deliver a catalogue: make tracks with their artists and albums, or bring them up to date. The rows that"
            " cannot be written are reported, all others are written together; the same delivery again changes nothing."
        ),
        extensions=[UserErrors(UpsertTracksPayload)],
    )
    async def upsert_tracks(self, info: Info, given: Annotated[UpsertTracksInput, INPUT]) -> UpsertTracksPayload | None:
        services = info.context.services
        delivered = await service.upsert_tracks(
            services.pool,
            services.valkey,
            info.context.require_viewer(),
            await given.supplied(),
        )
        return UpsertTracksPayload(
            tracks=[UpsertedTrack.of(one) for one in delivered.accepted],
            rejected=[RejectedTrack.of(one) for one in delivered.rejected],
        )

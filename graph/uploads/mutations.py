"""The uploads' fields of Mutation."""

from __future__ import annotations

from typing import Annotated

import strawberry

from graph import ids
from graph.catalog.queries import track_by_key
from graph.catalog.types import Track
from graph.context import Info
from graph.payloads import INPUT, UserErrors
from graph.uploads import progress, service
from graph.uploads.types import (
    CompleteUploadInput,
    CompleteUploadPayload,
    CreateUploadInput,
    CreateUploadPayload,
    Upload,
)


@strawberry.type
class UploadsMutation:
    """Merged into Mutation by `graph.schema`."""

    @strawberry.mutation(
        description=(
            "Announce a master for one of your tracks; artists only. Answers the request that stores it. Asked again"
            " for the same file before it is completed, it renews the same upload."
        ),
        extensions=[UserErrors(CreateUploadPayload)],
    )
    async def create_upload(
        self,
        info: Info,
        wanted: Annotated[CreateUploadInput, INPUT],
    ) -> CreateUploadPayload | None:
        viewer = info.context.require_viewer()
        services = info.context.services
        announced = await service.create(
            services.pool,
            services.store,
            viewer=viewer,
            track_id=ids.find(Track.type_name, wanted.track_id),
            promise=wanted.promise(),
            limits=service.Limits(
                max_bytes=services.settings.max_upload_bytes, lifetime_s=services.settings.upload_lifetime_s
            ),
        )
        return CreateUploadPayload(upload=Upload.of(announced))

    @strawberry.mutation(
        description=(
            "Tell that the file has been sent. It is compared with what was announced; then its ingest is queued, once,"
            " however often this is called."
        ),
        extensions=[UserErrors(CompleteUploadPayload)],
    )
    async def complete_upload(
        self,
        info: Info,
        wanted: Annotated[CompleteUploadInput, INPUT],
    ) -> CompleteUploadPayload | None:
        viewer = info.context.require_viewer()
        services = info.context.services
        kept = await service.complete(
            services.pool,
            services.store,
            viewer=viewer,
            upload_id=ids.require(Upload.type_name, wanted.upload_id, field="uploadId"),
        )
        await progress.announce(services.valkey, kept)
        return CompleteUploadPayload(track=await track_by_key(info.context, kept.track_id))

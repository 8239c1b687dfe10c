"""The uploads' fields of Mutation."""

from __future__ import annotations

from typing import Annotated

import strawberry

from graph import ids
from graph.catalog.types import Track
from graph.context import Info
from graph.payloads import INPUT, UserErrors
from graph.uploads import progress, service
from graph.uploads.types import (
    AbortUploadInput,
    AbortUploadPayload,
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
            "Announce a master for one of your tracks; artists only. Answers the requests that store it. Asked again"
            " for the same file before it is completed, it renews the same upload and tells what has arrived."
        ),
        extensions=[UserErrors(CreateUploadPayload)],
    )
    async def create_upload(
        self,
        info: Info,
        given: Annotated[CreateUploadInput, INPUT],
    ) -> CreateUploadPayload | None:
        viewer = info.context.require_viewer()
        services = info.context.services
        announced = await service.create(
            services.pool,
            services.store,
            viewer=viewer,
            track_id=ids.find(Track.type_name, given.track_id),
            promise=given.promise(),
            in_parts=given.in_parts,
            limits=services.settings.uploads,
        )
        return CreateUploadPayload(upload=Upload.of(announced))

    @strawberry.mutation(
        description=(
            "Tell that the file has been sent. Its parts are put together, it is compared with what was announced, and"
            " its ingest is queued, once, however often this is called."
        ),
        extensions=[UserErrors(CompleteUploadPayload)],
    )
    async def complete_upload(
        self,
        info: Info,
        given: Annotated[CompleteUploadInput, INPUT],
    ) -> CompleteUploadPayload | None:
        viewer = info.context.require_viewer()
        services = info.context.services
        kept = await service.complete(
            services.pool,
            services.store,
            viewer=viewer,
            upload_id=ids.require(Upload.type_name, given.upload_id, field="uploadId"),
            back_catalogue=bool(given.back_catalogue),
        )
        await progress.announce(services.valkey, kept)
        track = await info.context.reader.one(info, Track, kept.track_id, under=("track",))
        return CompleteUploadPayload(track=track)

    @strawberry.mutation(
        description="Give up an upload that has not been completed: what has arrived of it is removed.",
        extensions=[UserErrors(AbortUploadPayload)],
    )
    async def abort_upload(
        self,
        info: Info,
        given: Annotated[AbortUploadInput, INPUT],
    ) -> AbortUploadPayload | None:
        services = info.context.services
        await service.abort(
            services.pool,
            services.store,
            viewer=info.context.require_viewer(),
            upload_id=ids.require(Upload.type_name, given.upload_id, field="uploadId"),
        )
        return AbortUploadPayload(aborted_upload_id=given.upload_id)

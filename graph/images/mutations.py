"""The images' fields of Mutation."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated

import strawberry

from graph import ids
from graph.context import Info
from graph.errors import ProblemCode, refused
from graph.images import artwork, service
from graph.images.types import Illustrated, Image
from graph.payloads import INPUT, Payload, UserErrors
from graph.scalars import URL, ByteCount
from graph.uploads.types import Header


@strawberry.input(description="A picture that is about to be sent.")
class CreateImageUploadInput:
    content_type: str = strawberry.field(
        description="Its media type, such as `image/jpeg`, or `application/octet-stream`; has to be sent along."
    )
    size_bytes: ByteCount = strawberry.field(description="Its size; 20 MB at most.")
    sha256: str = strawberry.field(description="The SHA-256 of the whole file as 64 hexadecimal digits.")


@strawberry.input(description="A picture that has been sent.")
class CompleteImageUploadInput:
    image_id: strawberry.ID = strawberry.field(description="The image that createImageUpload answered.")


@strawberry.input(description="What gets which artwork.")
class SetArtworkInput:
    subject_id: strawberry.ID = strawberry.field(description="An artist, an album, a track or a playlist of yours.")
    image_id: strawberry.ID | None = strawberry.field(
        default=None, description="An image of yours, or one that was proposed to you; without it the artwork goes."
    )


@strawberry.type(description="A request to be sent with the picture as its body; then call `completeImageUpload`.")
class ImageUpload:
    method: str = strawberry.field(description="The HTTP method.")
    url: URL = strawberry.field(description="The address; signed, valid until `expiresAt`.")
    headers: list[Header] = strawberry.field(description="Headers that have to be sent; at most 10.")
    expires_at: datetime = strawberry.field(description="Until when the request is answered.")


@strawberry.type(description="What `createImageUpload` answers.")
class CreateImageUploadPayload(Payload):
    image: Image | None = strawberry.field(default=None, description="The image that the picture becomes.")
    upload: ImageUpload | None = strawberry.field(
        default=None, description="What to send where; null when we have this picture of yours already."
    )


@strawberry.type(description="What `completeImageUpload` answers.")
class CompleteImageUploadPayload(Payload):
    image: Image | None = strawberry.field(default=None, description="The image, which is about to be drawn.")


@strawberry.type(description="What `setArtwork` answers.")
class SetArtworkPayload(Payload):
    subject: Illustrated | None = strawberry.field(
        default=None, description="What has the artwork now; it is shown once the image is ready."
    )


@strawberry.type
class ImagesMutation:
    """Merged into Mutation by `graph.schema`."""

    @strawberry.mutation(
        description=(
            "Announce a picture: JPEG, PNG, WebP, AVIF or GIF. Asked again for the same picture, it"
            " answers the same image."
        ),
        extensions=[UserErrors(CreateImageUploadPayload)],
    )
    async def create_image_upload(
        self, info: Info, given: Annotated[CreateImageUploadInput, INPUT]
    ) -> CreateImageUploadPayload | None:
        services = info.context.services
        announced = await service.announce(
            services.pool,
            services.store,
            viewer=info.context.require_viewer(),
            content_type=given.content_type,
            size_bytes=given.size_bytes,
            sha256=given.sha256,
            lifetime_s=services.settings.uploads.lifetime_s,
        )
        image = await info.context.reader.one(info, Image, announced.image.id, under=("image",))
        return CreateImageUploadPayload(image=image, upload=_request(announced))

    @strawberry.mutation(
        description="Tell that the picture has been sent. Its sizes are drawn, once, however often this is called.",
        extensions=[UserErrors(CompleteImageUploadPayload)],
    )
    async def complete_image_upload(
        self, info: Info, given: Annotated[CompleteImageUploadInput, INPUT]
    ) -> CompleteImageUploadPayload | None:
        viewer, services = info.context.require_viewer(), info.context.services
        image_id = ids.require(Image.type_name, given.image_id, field="imageId")
        await service.complete(services.pool, services.store, viewer=viewer, image_id=image_id)
        image = await info.context.reader.one(info, Image, image_id, under=("image",))
        return CompleteImageUploadPayload(image=image)

    @strawberry.mutation(
        description="Give an artist, album, track or playlist of yours its artwork, or take it away.",
        extensions=[UserErrors(SetArtworkPayload)],
    )
    async def set_artwork(self, info: Info, given: Annotated[SetArtworkInput, INPUT]) -> SetArtworkPayload | None:
        viewer, services = info.context.require_viewer(), info.context.services
        named = ids.decode(given.subject_id)
        if named is None:
            raise refused(ProblemCode.NOT_FOUND, "subjectId")
        type_name, key = named
        image_id = given.image_id
        await artwork.set_artwork(
            services.pool,
            viewer,
            type_name=type_name,
            key=key,
            image_id=None if image_id is None else ids.require(Image.type_name, image_id, field="imageId"),
        )
        (subject,) = await info.context.reader.several(info, [named], under=("subject",))
        return SetArtworkPayload(subject=subject)


def _request(announced: service.Announced) -> ImageUpload | None:
    if announced.put is None:
        return None
    headers = [Header(name=name, value=value) for name, value in announced.put.headers.items()]
    return ImageUpload(method="PUT", url=URL(announced.put.url), headers=headers, expires_at=announced.expires_at)

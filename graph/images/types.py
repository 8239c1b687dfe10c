"""Image in GraphQL, and Illustrated: whatever has one.

Not here: artists, albums and tracks, which are Illustrated (`graph.catalog.types`).
"""

from __future__ import annotations

from typing import ClassVar
from uuid import UUID

import strawberry

from graph import enums
from graph.context import Context, Info
from graph.failures import IngestFailure
from graph.images import loaders, records
from graph.node import Node
from ingest.contract import ImageStatus
from origin.image import ImageFormat, image_url

enums.publish(
    ImageStatus,
    name="ImageStatus",
    description="Where an uploaded picture is on its way to viewers.",
    values={
        ImageStatus.ANNOUNCED: "Promised; it has not arrived.",
        ImageStatus.QUEUED: "Arrived, and waiting for a worker.",
        ImageStatus.PROCESSING: "Its sizes are being drawn.",
        ImageStatus.READY: "Everybody can see it; final.",
        ImageStatus.FAILED: "The picture cannot be used, `failure` says why; final.",
    },
)
enums.publish(
    ImageFormat,
    name="ImageFormat",
    description="The format of a file of an image; every size comes in each of them.",
    values={
        ImageFormat.AVIF: "`image/avif`: the smallest.",
        ImageFormat.WEBP: "`image/webp`: for clients without AVIF.",
        ImageFormat.JPEG: "`image/jpeg`: for every client.",
    },
)


@strawberry.type(description="One file of an image.")
class ImageFile:
    size: int = strawberry.field(description="The size in pixels that it is meant for: 64, 300, 640 or 1200.")
    width: int = strawberry.field(description="Its width in pixels; a small picture is not enlarged to the size.")
    height: int = strawberry.field(description="Its height in pixels.")
    format: ImageFormat = strawberry.field(description="Its format.")
    url: str = strawberry.field(description="Where it is; public, and never another picture.")


@strawberry.type(description="A picture in several sizes and formats. Only its owner sees it until it is ready.")
class Image(Node):
    type_name: ClassVar[str] = "Image"
    record: strawberry.Private[records.Image]
    status: ImageStatus = strawberry.field(description="Whether it can be seen.")
    failure: IngestFailure | None = strawberry.field(description="Set when `status` is FAILED.")
    width: int | None = strawberry.field(description="Width of the largest size in pixels; null until it is ready.")
    height: int | None = strawberry.field(description="Height of the largest size in pixels; null until it is ready.")
    color: str | None = strawberry.field(description="The average colour as `#rrggbb`; null until it is ready.")
    placeholder: str | None = strawberry.field(
        description="A BlurHash to show until a file is loaded; null until it is ready."
    )

    @classmethod
    def of(cls, record: records.Image) -> Image:
        code, drawn = record.failure_code, record.drawn
        return cls(
            key=record.id,
            record=record,
            status=record.status,
            failure=None if code is None else IngestFailure.of(code),
            width=None if drawn is None else drawn.width_px,
            height=None if drawn is None else drawn.height_px,
            color=None if drawn is None else drawn.color,
            placeholder=None if drawn is None else drawn.placeholder,
        )

    @strawberry.field(description="Its files, the smallest size first; none until it is ready.")
    def files(self, info: Info) -> list[ImageFile]:
        origin_url = info.context.services.settings.origin_url
        return [
            ImageFile(
                size=size.size_px,
                width=size.width_px,
                height=size.height_px,
                format=image_format,
                url=image_url(origin_url, self.key, size.size_px, image_format),
            )
            for size in (self.record.drawn.sizes if self.record.drawn else ())
            for image_format in ImageFormat
        ]


@strawberry.interface(description="Something that has artwork.")
class Illustrated(Node):
    image_id: strawberry.Private[UUID | None]

    @strawberry.field(
        description="The artwork, once it is ready. A track without artwork of its own shows that of its album."
    )
    async def image(self, info: Info) -> Image | None:
        image = await image_by_key(info.context, self.image_id)
        return image if image is not None and image.status is ImageStatus.READY else None


async def image_by_key(context: Context, key: UUID | None) -> Image | None:
    """The image of a key that the viewer may see."""
    record = None if key is None else await context.load(loaders.images, key)
    return None if record is None else Image.of(record)

"""Image in GraphQL, and Illustrated: whatever has one.

Not here: artists, albums and tracks, which are Illustrated (`graph.catalog.types`).
"""

from __future__ import annotations

from typing import ClassVar

import strawberry

from graph import enums
from graph.context import Info
from graph.failures import IngestFailure
from graph.images.reads import IMAGE
from graph.node import Node
from graph.reads.declarations import Entity
from ingest.contract import ImageStatus
from origin.image import ImageFormat, ImageSize, image_url

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
    entity: ClassVar[Entity] = IMAGE
    type_name: ClassVar[str] = IMAGE.type_name
    sizes: strawberry.Private[tuple[ImageSize, ...] | None]
    status: ImageStatus = strawberry.field(description="Whether it can be seen.")
    failure: IngestFailure | None = strawberry.field(description="Set when `status` is FAILED.")
    width: int | None = strawberry.field(description="Width of the largest size in pixels; null until it is ready.")
    height: int | None = strawberry.field(description="Height of the largest size in pixels; null until it is ready.")
    color: str | None = strawberry.field(description="The average colour as `#rrggbb`; null until it is ready.")
    placeholder: str | None = strawberry.field(
        description="A BlurHash to show until a file is loaded; null until it is ready."
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
            for size in self.sizes or ()
            for image_format in ImageFormat
        ]


@strawberry.interface(description="Something that has artwork.")
class Illustrated(Node):
    image: Image | None = strawberry.field(
        description="The artwork, once it is ready. A track without artwork of its own shows that of its album."
    )

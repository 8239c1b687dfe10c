"""Image in GraphQL, and Illustrated: whatever has one.

Not here: artists, albums and tracks, which are Illustrated (`graph.catalog.types`).
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Annotated, ClassVar

import strawberry

from graph import enums
from graph.context import Info
from graph.failures import IngestFailure
from graph.images import files
from graph.images.files import File
from graph.images.reads import IMAGE
from graph.node import Node
from graph.reads.declarations import Entity
from graph.scalars import URL
from ingest.contract import ImageStatus
from origin.image import ImageFormat, ImageSize

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
    media_type: str = strawberry.field(description="Its media type, such as for `type` of a `<source>`.")
    url: URL = strawberry.field(description="Where it is; public, and never another picture.")

    @classmethod
    def of(cls, file: File) -> ImageFile:
        return cls(
            size=file.size.size_px,
            width=file.size.width_px,
            height=file.size.height_px,
            format=file.format,
            media_type=file.format.media_type,
            url=URL(file.url),
        )


OneFormat = Annotated[
    ImageFormat, strawberry.argument(name="format", description="In which format; JPEG, which every client shows.")
]


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

    @strawberry.field(
        description="Its files, one for each size and format, the smallest size first; none until it is ready."
    )
    def files(
        self,
        info: Info,
        formats: Annotated[
            list[ImageFormat] | None, strawberry.argument(description="Only those in these formats, each at most once.")
        ] = None,
    ) -> list[ImageFile]:
        return [ImageFile.of(one) for one in self._files(info, ImageFormat if formats is None else formats)]

    @strawberry.field(
        description="The file for a place of a page: the smallest that is as wide or wider, or else the largest; null"
        " until it is ready. Ask for twice the width for a dense screen."
    )
    def file(
        self,
        info: Info,
        width: Annotated[int, strawberry.argument(description="The width of the place in pixels.")],
        image_format: OneFormat = ImageFormat.JPEG,
    ) -> ImageFile | None:
        found = files.fitting(self._files(info, [image_format]), width_px=width)
        return None if found is None else ImageFile.of(found)

    @strawberry.field(
        description="All sizes of a format as the `srcset` of an `<img>` or a `<source>`, from which a browser takes"
        " the one that fits; null until it is ready."
    )
    def srcset(self, info: Info, image_format: OneFormat = ImageFormat.JPEG) -> str | None:
        return files.srcset(self._files(info, [image_format]))

    def _files(self, info: Info, formats: Iterable[ImageFormat]) -> list[File]:
        origin_url = info.context.services.settings.media.origin_url
        return files.files_of(self.key, self.sizes or (), formats, origin_url=origin_url)


@strawberry.interface(description="Something that has artwork.")
class Illustrated(Node):
    image: Image | None = strawberry.field(
        description="The artwork, once it is ready. A track without artwork of its own shows that of its album."
    )

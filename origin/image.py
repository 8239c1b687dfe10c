"""The image: what ingest draws of a picture that somebody uploaded, what the origin serves of it, and where both live.

A picture is kept in a few sizes, each in every format, so that a client takes the smallest that fills its place in the
best format that it shows. Sizes go by the longest edge and keep the picture's shape; nothing is ever enlarged. So a
picture of 500 pixels has the sizes 64, 300 and 640, and the last of them is 500 pixels wide: the name of a size is what
was asked for, its record says what there is (docs/decisions/0043).

Images are public: they have no token, and never change under their URL.

Not here: reading or writing the store (`origin.store`, `ingest.images`), drawing.
"""

from __future__ import annotations

from enum import Enum
from uuid import UUID

import msgspec

SIZES_PX = (64, 300, 640, 1200)
"""A row of a list, a tile, a player's page, the same on a dense screen."""


class ImageFormat(Enum):
    """The formats of every size, the smallest files first; the value is also the file's extension."""

    AVIF = "avif"
    WEBP = "webp"
    JPEG = "jpeg"

    @property
    def media_type(self) -> str:
        return f"image/{self.value}"


class ImageSize(msgspec.Struct, frozen=True, kw_only=True):
    """One size of an image, in every format. `size_px` is its name, `width_px` and `height_px` what it has."""

    size_px: int
    width_px: int
    height_px: int

    def __post_init__(self) -> None:
        if self.size_px not in SIZES_PX:
            raise ValueError(f"a size is one of {SIZES_PX}, not {self.size_px}")
        if not (self.width_px > 0 and self.height_px > 0 and max(self.width_px, self.height_px) <= self.size_px):
            raise ValueError(f"{self.width_px} by {self.height_px} pixels do not fit into a size of {self.size_px}")


def sizes_of(width_px: int, height_px: int) -> tuple[int, ...]:
    """Which sizes a picture has: those that are smaller, and the first that holds all of it."""
    longest = max(width_px, height_px)
    return tuple(size for index, size in enumerate(SIZES_PX) if index == 0 or SIZES_PX[index - 1] < longest)


# Keys in the object store, and the same layout again in URLs, without a token.


def image_directory(image_id: UUID) -> str:
    """Everything of one image. Ends with a slash."""
    return f"images/{image_id}/"


def source_key(image_id: UUID) -> str:
    """The picture as it was sent, until it is drawn; no URL leads to it."""
    return f"{image_directory(image_id)}source"


def image_key(image_id: UUID, size_px: int, image_format: ImageFormat) -> str:
    return f"{image_directory(image_id)}{size_px}.{image_format.value}"


def image_url(origin_url: str, image_id: UUID, size_px: int, image_format: ImageFormat) -> str:
    return f"{origin_url}/{image_key(image_id, size_px, image_format)}"

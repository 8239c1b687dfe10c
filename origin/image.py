"""The image: what ingest draws of a picture that somebody uploaded, what the origin serves of it, and where both live.

A picture is kept in a few sizes, each in every format, so that a client takes the smallest that fills its place in the
best format that it shows. Sizes go by the longest edge and keep the picture's shape; nothing is ever enlarged. So a
picture of 500 pixels has the sizes 64, 300 and 640, and the last of them is 500 pixels wide: the name of a size is what
was asked for, its record says what there is (docs/decisions/0043).

Images are public: they have no token, and never change under their URL. Beside the files of an image lies its record,
which is written last and has the digest of each of them and its own, so whoever reads notices wrong bytes.

Not here: reading or writing the store (`origin.store`, `ingest.images`), drawing.
"""

from __future__ import annotations

from enum import Enum
from uuid import UUID

import msgspec

from origin.asset import block_digest
from origin.seal import BrokenSeal, seal, unseal

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


class InvalidRecord(ValueError):
    """The record of an image is damaged; have the picture drawn again."""


class ImageObject(msgspec.Struct, frozen=True, array_like=True):
    """One stored file of an image."""

    size_px: int
    image_format: ImageFormat
    byte_length: int
    sha256: str
    """As `origin.asset.block_digest` writes it."""


class ImageRecord(msgspec.Struct, frozen=True, kw_only=True):
    """Every file of an image: the content of `image.json`."""

    image_id: UUID
    files: tuple[ImageObject, ...]

    def file(self, size_px: int, image_format: ImageFormat) -> ImageObject:
        """Raises KeyError."""
        for file in self.files:
            if (file.size_px, file.image_format) == (size_px, image_format):
                return file
        raise KeyError(f"{size_px}.{image_format.value}")


def encode(record: ImageRecord) -> bytes:
    """Write the record as JSON, the same bytes for the same image."""
    return seal("image", msgspec.json.encode(record))


def decode(data: bytes) -> ImageRecord:
    """Read a record. Raises InvalidRecord, also for one that differs by a bit from what was written."""
    try:
        return msgspec.json.decode(unseal("image", data), type=ImageRecord)
    except (msgspec.DecodeError, BrokenSeal) as error:
        raise InvalidRecord(f"not a record: {error}") from error


def image_object(size_px: int, image_format: ImageFormat, content: bytes) -> ImageObject:
    """Describe a file of an image by its content."""
    return ImageObject(size_px, image_format, len(content), block_digest(content))


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


def record_key(image_id: UUID) -> str:
    return f"{image_directory(image_id)}image.json"


def image_key(image_id: UUID, size_px: int, image_format: ImageFormat) -> str:
    return f"{image_directory(image_id)}{size_px}.{image_format.value}"


def image_url(origin_url: str, image_id: UUID, size_px: int, image_format: ImageFormat) -> str:
    return f"{origin_url}/{image_key(image_id, size_px, image_format)}"

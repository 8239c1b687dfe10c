"""What a picture's own header claims, and the limits that it has to keep before any library decodes it.

The limits are those of the time and memory that one picture may take: 420 kB of PNG can hold 12,000 by 12,000 pixels,
which open in a millisecond and take half a gigabyte to scale down.
"""

from __future__ import annotations

from enum import Enum

import msgspec

from ingest.contract import FailureCode
from ingest.errors import MediaError

MAX_SIDE_PX = 10_000
MAX_PIXELS = 40_000_000
MAX_CHUNKS = 10_000
"""A photograph has a few hundred chunks; a picture of empty ones would keep a walker busy."""


class PictureFormat(Enum):
    """The formats that are read; the value is the end of the name of libvips' loader."""

    JPEG = "Jpeg"
    PNG = "Png"
    WEBP = "Webp"
    AVIF = "Heif"
    GIF = "Nsgif"


class PictureHeader(msgspec.Struct, frozen=True, kw_only=True):
    """The claim of a header, as stored: an orientation may still turn it. Raises MediaError outside of the limits."""

    format: PictureFormat
    width_px: int
    height_px: int

    def __post_init__(self) -> None:
        width, height = self.width_px, self.height_px
        if width <= 0 or height <= 0:
            raise invalid("a picture without pixels")
        if max(width, height) > MAX_SIDE_PX or width * height > MAX_PIXELS:
            raise invalid(f"{width} by {height} pixels are more than {MAX_SIDE_PX} a side or {MAX_PIXELS} in all")


def invalid(detail: str) -> MediaError:
    return MediaError(FailureCode.ARTWORK_INVALID, detail)


def take(data: bytes, start: int, length: int) -> bytes:
    """Exactly `length` bytes from `start`. Raises MediaError when the picture ends before them."""
    piece = data[start : start + length]
    if len(piece) < length:
        raise invalid(f"the picture ends inside its header, at byte {len(data)}")
    return piece

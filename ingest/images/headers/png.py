"""PNG (ISO/IEC 15948): the signature, then IHDR with the dimensions. Animated PNG shows its first picture."""

from __future__ import annotations

import struct

from ingest.images.headers.header import PictureFormat, PictureHeader, invalid, take

MAGIC = b"\x89PNG\r\n\x1a\n"


def matches(data: bytes) -> bool:
    return data.startswith(MAGIC)


def parse(data: bytes) -> PictureHeader:
    """Read the header. Raises MediaError."""
    length, name, width, height = struct.unpack(">I4sII", take(data, len(MAGIC), 16))
    if name != b"IHDR" or length != 13:
        raise invalid("a PNG that does not begin with its IHDR")
    return PictureHeader(format=PictureFormat.PNG, width_px=width, height_px=height)

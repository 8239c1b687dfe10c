"""GIF (87a and 89a): the logical screen, which the first picture of an animation may fill in part.

A picture may stand out beyond the screen, and decoders then enlarge the canvas: so the first picture's own descriptor
counts too.
"""

from __future__ import annotations

import struct

from ingest.images.headers.header import MAX_CHUNKS, PictureFormat, PictureHeader, invalid, take

MAGICS = (b"GIF87a", b"GIF89a")
SCREEN = 13
EXTENSION = 0x21
PICTURE = 0x2C
COLOUR_TABLE = 0x80


def matches(data: bytes) -> bool:
    return data.startswith(MAGICS)


def parse(data: bytes) -> PictureHeader:
    """Read the header. Raises MediaError."""
    width, height, flags = struct.unpack("<HHB", take(data, 6, 5))
    position = SCREEN + (3 << (flags & 7) + 1 if flags & COLOUR_TABLE else 0)
    left, top, across, down = struct.unpack("<HHHH", take(data, _first_picture(data, position) + 1, 8))
    return PictureHeader(
        format=PictureFormat.GIF, width_px=max(width, left + across), height_px=max(height, top + down)
    )


def _first_picture(data: bytes, position: int) -> int:
    """Where the first picture's descriptor is, behind any extensions."""
    for _ in range(MAX_CHUNKS):
        kind = take(data, position, 1)[0]
        if kind == PICTURE:
            return position
        if kind != EXTENSION:
            break
        position = _behind_blocks(data, position + 2)
    raise invalid("a GIF without a picture")


def _behind_blocks(data: bytes, position: int) -> int:
    """The end of a list of sub-blocks, each with its length before it, the last of length 0."""
    for _ in range(MAX_CHUNKS):
        length = take(data, position, 1)[0]
        position += 1 + length
        if length == 0:
            return position
    raise invalid(f"a GIF's extension of more than {MAX_CHUNKS} blocks")

"""JPEG (ITU-T T.81): markers by their own lengths up to the frame header, which has the dimensions.

Every frame header before the first scan counts, and they have to agree: a second one would be what another decoder
goes by.
"""

from __future__ import annotations

import struct

from ingest.images.headers.header import MAX_CHUNKS, PictureFormat, PictureHeader, invalid, take

MAGIC = b"\xff\xd8\xff"
# SOF0 to SOF15 without DHT (C4), JPG (C8) and DAC (CC); lossless and hierarchical frames are refused by the decoder.
FRAMES = frozenset(range(0xC0, 0xD0)) - {0xC4, 0xC8, 0xCC}
ALONE = frozenset({0x01, *range(0xD0, 0xD8)})
"""Markers without a length."""
START_OF_SCAN = 0xDA
END = 0xD9
COMPONENTS = frozenset({1, 3, 4})
"""Grey, colour, and the four inks of a printer."""


def matches(data: bytes) -> bool:
    return data.startswith(MAGIC)


def parse(data: bytes) -> PictureHeader:
    """Read the header. Raises MediaError."""
    position = 2
    found: PictureHeader | None = None
    for _ in range(MAX_CHUNKS):
        position, marker = _marker(data, position)
        if marker in ALONE:
            continue
        if marker in (START_OF_SCAN, END):
            break
        (length,) = struct.unpack(">H", take(data, position, 2))
        if marker in FRAMES:
            if found is not None:
                raise invalid("a JPEG with two frames")
            found = _frame(take(data, position + 2, 6))
        position += max(length, 2)
    if found is None:
        raise invalid("a JPEG without a frame before its first scan")
    return found


def _marker(data: bytes, position: int) -> tuple[int, int]:
    """The marker at `position` and where its body begins; any number of FF may come before it."""
    if take(data, position, 1) != b"\xff":
        raise invalid(f"no JPEG marker at byte {position}")
    end = position + 1
    while (marker := take(data, end, 1)[0]) == 0xFF:
        end += 1
    return end + 1, marker


def _frame(body: bytes) -> PictureHeader:
    _precision, height, width, components = struct.unpack(">BHHB", body)
    if components not in COMPONENTS:
        raise invalid(f"a JPEG of {components} components")
    return PictureHeader(format=PictureFormat.JPEG, width_px=width, height_px=height)

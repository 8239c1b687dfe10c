"""AVIF (AV1 Image File Format 1.1 on HEIF, ISO/IEC 23008-12): boxes down to the spatial extents of every item.

Every `ispe` property counts and the largest is taken: which item is shown follows from several boxes, and a picture of
tiles has the extents of the whole and of a tile. A property may turn the picture or crop it; decoders do so when they
open it. HEIC has the same boxes and another brand, and is refused.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator

from ingest.images.headers.header import MAX_CHUNKS, PictureFormat, PictureHeader, invalid, take

STILL, SEQUENCE = b"avif", b"avis"
BRANDS = frozenset({STILL, SEQUENCE})
MAX_BRANDS_BYTES = 256
PATH = (b"meta", b"iprp", b"ipco")
FULL_BOX = 4
"""The version and flags that `meta` and `ispe` begin with."""


def matches(data: bytes) -> bool:
    if data[4:8] != b"ftyp":
        return False
    length = min(int.from_bytes(data[:4], "big"), MAX_BRANDS_BYTES)
    brands = [data[8:12], *(data[at : at + 4] for at in range(16, length, 4))]
    return any(brand in BRANDS for brand in brands)


def as_still(data: bytes) -> bytes:
    """An animation as its first picture: it holds that one as a still as well, but libvips goes by the first brand."""
    return data[:8] + STILL + data[12:] if data[8:12] == SEQUENCE else data


def parse(data: bytes) -> PictureHeader:
    """Read the header. Raises MediaError."""
    start, end = 0, len(data)
    for name in PATH:
        start, end = _find(data, start, end, name)
        start += FULL_BOX if name == b"meta" else 0
    extents = [
        struct.unpack(">II", take(data, body + FULL_BOX, 8))
        for name, body, _ in _boxes(data, start, end)
        if name == b"ispe"
    ]
    if not extents:
        raise invalid("an AVIF without the extents of its picture")
    width, height = (max(sides) for sides in zip(*extents, strict=True))
    return PictureHeader(format=PictureFormat.AVIF, width_px=width, height_px=height)


def _find(data: bytes, start: int, end: int, wanted: bytes) -> tuple[int, int]:
    for name, body, behind in _boxes(data, start, end):
        if name == wanted:
            return body, behind
    raise invalid(f"an AVIF without {wanted.decode()}")


def _boxes(data: bytes, start: int, end: int) -> Iterator[tuple[bytes, int, int]]:
    """The (name, start of the body, end) of each box; one of length 0 goes on to the end (ISO/IEC 14496-12, 4.2)."""
    for _ in range(MAX_CHUNKS):
        if start >= end:
            return
        length, name = struct.unpack(">I4s", take(data, start, 8))
        head = 8
        if length == 1:
            (length,) = struct.unpack(">Q", take(data, start + 8, 8))
            head = 16
        behind = end if length == 0 else start + length
        if behind < start + head or behind > end:
            raise invalid(f"an AVIF whose box {name!r} does not fit")
        yield name, start + head, behind
        start = behind

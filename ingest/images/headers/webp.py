"""WebP (RFC 9649): RIFF with a lossy (VP8), a lossless (VP8L) or an extended (VP8X) first chunk.

An extended picture's canvas is what its frames are drawn on; decoders refuse a frame that does not fit into it.
"""

from __future__ import annotations

import struct

from ingest.images.headers.header import PictureFormat, PictureHeader, invalid, take

FIRST_CHUNK = 12
BODY = 20
KEY_FRAME = b"\x9d\x01\x2a"
LOSSLESS = 0x2F


def matches(data: bytes) -> bool:
    return data[:4] == b"RIFF" and data[8:12] == b"WEBP"


def parse(data: bytes) -> PictureHeader:
    """Read the header. Raises MediaError."""
    reader = READERS.get(take(data, FIRST_CHUNK, 4))
    if reader is None:
        raise invalid("a WebP without a picture first")
    width, height = reader(data)
    return PictureHeader(format=PictureFormat.WEBP, width_px=width, height_px=height)


def _lossy(data: bytes) -> tuple[int, int]:
    """RFC 6386, section 9.1: 3 bytes of tag, 3 of start code, then 14 bits of each dimension."""
    code, width, height = struct.unpack("<3sHH", take(data, BODY + 3, 7))
    if code != KEY_FRAME:
        raise invalid("a WebP that does not begin with a key frame")
    return width & 0x3FFF, height & 0x3FFF


def _lossless(data: bytes) -> tuple[int, int]:
    signature, bits = struct.unpack("<BI", take(data, BODY, 5))
    if signature != LOSSLESS:
        raise invalid("a lossless WebP without its signature")
    return (bits & 0x3FFF) + 1, (bits >> 14 & 0x3FFF) + 1


def _extended(data: bytes) -> tuple[int, int]:
    body = take(data, BODY, 10)
    return int.from_bytes(body[4:7], "little") + 1, int.from_bytes(body[7:10], "little") + 1


READERS = {b"VP8 ": _lossy, b"VP8L": _lossless, b"VP8X": _extended}

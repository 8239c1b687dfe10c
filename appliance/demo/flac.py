"""FLAC metadata: a VORBIS_COMMENT and a PICTURE block put into an encoded file (RFC 9639, section 8).

The audio frames and STREAMINFO stay as the encoder wrote them; its own comments and padding are dropped.

Not here: encoding, and reading tags (the importer's job, with a reader of its own).
"""

from __future__ import annotations

import struct
from collections.abc import Iterator
from typing import Final

from appliance.demo.tags import FRONT_COVER, Cover, Tags

MARKER: Final = b"fLaC"
STREAMINFO: Final = 0
PADDING: Final = 1
VORBIS_COMMENT: Final = 4
PICTURE: Final = 6
LAST_BLOCK: Final = 0x80
VENDOR: Final = "segue demo"


def with_metadata(flac: bytes, tags: Tags) -> bytes:
    """The same file with these tags and this cover."""
    blocks, frames = _split(flac)
    kept = [(kind, body) for kind, body in blocks if kind not in (PADDING, VORBIS_COMMENT, PICTURE)]
    kept += [(VORBIS_COMMENT, vorbis_comment(tags)), (PICTURE, picture(tags.cover))]
    written = [_block(kind, body, last=index == len(kept) - 1) for index, (kind, body) in enumerate(kept)]
    return b"".join([MARKER, *written, frames])


def vorbis_comment(tags: Tags) -> bytes:
    """`NAME=value` fields in UTF-8 with little-endian lengths (section 8.6)."""
    fields = [
        f"TITLE={tags.title}",
        f"ARTIST={tags.artist}",
        f"ALBUM={tags.album}",
        f"DATE={tags.year}",
        f"DISCNUMBER={tags.disc_number}",
        f"TRACKNUMBER={tags.track_number}",
        f"ISRC={tags.isrc}",
    ]
    counted = [_little_endian_text(field) for field in fields]
    return b"".join([_little_endian_text(VENDOR), struct.pack("<I", len(counted)), *counted])


def picture(cover: Cover) -> bytes:
    """The front cover, big-endian (section 8.8); depth is 24 bits, and no palette."""
    media_type = cover.media_type.encode("ascii")
    head = struct.pack(">II", FRONT_COVER, len(media_type)) + media_type
    no_description = struct.pack(">I", 0)
    shape = struct.pack(">IIIII", cover.width, cover.height, 24, 0, len(cover.data))
    return head + no_description + shape + cover.data


def _split(flac: bytes) -> tuple[list[tuple[int, bytes]], bytes]:
    """The metadata blocks as (type, body), and everything behind them."""
    blocks = list(_blocks(flac))
    end = len(MARKER) + sum(4 + len(body) for _, body in blocks)
    return blocks, flac[end:]


def _blocks(flac: bytes) -> Iterator[tuple[int, bytes]]:
    if not flac.startswith(MARKER):
        raise ValueError("a FLAC file starts with fLaC")
    position, last = len(MARKER), False
    while not last:
        kind, length = flac[position], int.from_bytes(flac[position + 1 : position + 4], "big")
        last = bool(kind & LAST_BLOCK)
        yield kind & ~LAST_BLOCK, flac[position + 4 : position + 4 + length]
        position += 4 + length


def _block(kind: int, body: bytes, *, last: bool) -> bytes:
    return bytes([kind | (LAST_BLOCK if last else 0)]) + len(body).to_bytes(3, "big") + body


def _little_endian_text(text: str) -> bytes:
    data = text.encode("utf-8")
    return struct.pack("<I", len(data)) + data

"""Ogg (RFC 3533) with Vorbis inside, told by the identification header of its first page.

A stream whose last page is cut off, or is not marked as the last, lost its end on the way.

Not here: Opus, Speex and FLAC in Ogg, which are refused by their own magic; the length, which only the last page knows.
"""

from __future__ import annotations

import struct

from ingest.containers.header import Buffer, Container, Header, take
from ingest.contract import FailureCode
from ingest.errors import MediaError

MAGIC = b"OggS"
PAGE_HEADER = 27
MAX_PAGE = PAGE_HEADER + 255 + 255 * 255
LAST_PAGE = 0x04
VORBIS = b"\x01vorbis"
# 7 bytes of magic, 4 of version, then channels and rate (Vorbis I, section 4.2.2).
IDENTIFICATION = struct.Struct("<7sIBI")


def matches(data: Buffer) -> bool:
    return bytes(data[:4]) == MAGIC


def parse(data: Buffer) -> Header:
    """Read the header. Raises MediaError."""
    page = take(data, 0, PAGE_HEADER)
    packet = PAGE_HEADER + page[26]  # byte 26 counts the lacing values that follow it
    magic, version, channels, rate = IDENTIFICATION.unpack(take(data, packet, IDENTIFICATION.size))
    if magic != VORBIS or version != 0:
        raise MediaError(FailureCode.UNSUPPORTED_CODEC, f"an Ogg stream that begins with {magic!r}")
    _check_end(data)
    return Header(
        container=Container.OGG,
        codec="vorbis",
        sample_rate_hz=rate,
        channels=channels,
        bits_per_sample=0,
        sample_count=None,
    )


def _check_end(data: Buffer) -> None:
    tail = bytes(data[max(0, len(data) - MAX_PAGE) :])
    page = tail[tail.rfind(MAGIC) :]
    segments = page[26] if len(page) >= PAGE_HEADER else 255
    whole = PAGE_HEADER + segments + sum(page[PAGE_HEADER : PAGE_HEADER + segments])
    if len(page) < whole or not page[5] & LAST_PAGE:
        raise MediaError(FailureCode.TRUNCATED, "the stream has no last page")

"""Ogg pages (RFC 3533), and a Vorbis stream with other labels than its encoder wrote. Pure.

libsndfile has no name for an ISRC, gives every file a random serial number and leaves its own mark; so the headers are
written again. The comment and the setup packet follow one another before any audio (Vorbis I, section 4.2.1 and A.2),
and audio begins on a page of its own, whose number is another when the labels are longer.
"""

from __future__ import annotations

import zlib
from collections.abc import Iterator
from itertools import chain
from struct import pack, unpack, unpack_from
from typing import IO

import msgspec

from ingest.progressive.labels import Labels, vorbis_comment

CAPTURE = b"OggS"
HEAD = "<4sBBqIIIB"
HEAD_BYTES = 27
CONTINUED = 1
LACE = 255
"""A segment of 255 bytes goes on in the next, so that a packet ends with a shorter one."""
MAX_SEGMENTS = 255
NOTHING_ENDS = -1
"""The position of a page on which no packet ends (section 6, field 4)."""
REVERSED = bytes(int(f"{byte:08b}"[::-1], 2) for byte in range(256))
COMMENT_MARK = b"\x03vorbis"
FRAMING = b"\x01"
SERIAL = 1
"""One stream a file needs no random number, and the same master gives the same bytes."""


class Page(msgspec.Struct, frozen=True, kw_only=True):
    """One page; `lacing` has the length of each segment of `body`."""

    flags: int
    position: int
    lacing: bytes
    body: bytes

    def encode(self, number: int) -> bytes:
        def head(checksum: int) -> bytes:
            fixed = pack(HEAD, CAPTURE, 0, self.flags, self.position, SERIAL, number, checksum, len(self.lacing))
            return fixed + self.lacing

        return head(checksum(head(0) + self.body)) + self.body


def checksum(data: bytes) -> int:
    """CRC-32 by Ogg's bit order, from 0: zlib's with every byte turned round, and its two inversions undone."""
    reflected = zlib.crc32(data.translate(REVERSED), 0xFFFFFFFF) ^ 0xFFFFFFFF
    return int(f"{reflected:032b}"[::-1], 2)


def pages(source: IO[bytes]) -> Iterator[Page]:
    """The pages of a file that was just written, to its end. Raises ValueError."""
    while head := source.read(HEAD_BYTES):
        if len(head) < HEAD_BYTES or head[:4] != CAPTURE:
            raise ValueError("not a page")
        _, _, flags, position, _, _, _, count = unpack(HEAD, head)
        lacing = source.read(count)
        body = source.read(sum(lacing))
        if len(lacing) < count or len(body) < sum(lacing):
            raise ValueError("a page is cut off")
        yield Page(flags=flags, position=position, lacing=lacing, body=body)


def relabelled(stream: Iterator[Page], labels: Labels) -> Iterator[bytes]:
    """A Vorbis stream with `labels` alone, page by page. Raises ValueError for another stream."""
    identification = _next(stream)
    comment, setup = _header_packets(stream)
    told = COMMENT_MARK + vorbis_comment(labels, vendor=_vendor(comment)) + FRAMING
    audio = chain(_parted(_next(stream)), stream)
    for number, page in enumerate(chain([identification], _paged(told, setup), audio)):
        yield page.encode(number)


def _next(stream: Iterator[Page]) -> Page:
    page = next(stream, None)
    if page is None:
        raise ValueError("the stream ends within its headers")
    return page


def _header_packets(stream: Iterator[Page]) -> tuple[bytes, bytes]:
    """The comment and the setup packet, which end with a page (Vorbis I, section A.2)."""
    lacing, body = b"", b""
    while sum(length < LACE for length in lacing) < 2:
        page = _next(stream)
        lacing += page.lacing
        body += page.body
    end = next(index for index, length in enumerate(lacing) if length < LACE) + 1
    first = sum(lacing[:end])
    return body[:first], body[first:]


def _parted(page: Page) -> list[Page]:
    """The first page of audio as two: its first packet, which gives no samples (Vorbis I, section 4.3.8), and the rest.

    Where all audio is on one page, its position alone does not say whether the first or the last samples are too many.
    libvorbis takes the last, FFmpeg keeps them all. With a page at position 0 in front there is only one answer.
    """
    segments = next(index for index, length in enumerate(page.lacing) if length < LACE) + 1
    if segments == len(page.lacing):
        return [page]
    length = sum(page.lacing[:segments])
    return [
        Page(flags=0, position=0, lacing=page.lacing[:segments], body=page.body[:length]),
        msgspec.structs.replace(page, lacing=page.lacing[segments:], body=page.body[length:]),
    ]


def _vendor(comment: bytes) -> bytes:
    """The encoder's name of itself, which is worth keeping: decoders know old ones' faults by it."""
    if not comment.startswith(COMMENT_MARK):
        raise ValueError("not a comment header")
    (length,) = unpack_from("<I", comment, len(COMMENT_MARK))
    start = len(COMMENT_MARK) + 4
    return comment[start : start + length]


def _paged(*packets: bytes) -> Iterator[Page]:
    """Header packets as pages, as full as may be."""
    lacing = b"".join(bytes([LACE]) * (len(packet) // LACE) + bytes([len(packet) % LACE]) for packet in packets)
    body = b"".join(packets)
    continued = 0
    for first in range(0, len(lacing), MAX_SEGMENTS):
        part = lacing[first : first + MAX_SEGMENTS]
        ends = any(length < LACE for length in part)
        yield Page(flags=continued, position=0 if ends else NOTHING_ENDS, lacing=part, body=body[: sum(part)])
        body = body[sum(part) :]
        continued = CONTINUED if part[-1] == LACE else 0

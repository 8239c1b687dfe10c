"""Which of the decoded samples of an M4A file are its track: what an encoder put before and behind is not.

The edit list says so (ISO/IEC 14496-12, section 8.6.6), with the length in ticks of the movie, often milliseconds;
where it is that coarse, the sample table or Apple's `iTunSMPB` comment knows the sample. A file without an edit list
has the comment, or nothing, and then everything is the track.
"""

from __future__ import annotations

import struct

import msgspec

from ingest.containers.header import Buffer
from ingest.containers.isobmff import Box, children, find, need
from ingest.contract import FailureCode
from ingest.errors import MediaError

NORMAL_SPEED = 1 << 16
MAX_COMMENT = 1024
"""Of the bytes of a comment that are read; `iTunSMPB` has about 120."""


class Media(msgspec.Struct, frozen=True, kw_only=True):
    """The track's media; `length` and `decoded` are in samples."""

    timescale: int
    """Ticks of the media in a second; mostly the sample rate."""
    rate_hz: int
    length: int
    """As the sample table counts."""
    decoded: int
    """What a decoder gives: for AAC whole frames, also where the table counts less."""


class Span(msgspec.Struct, frozen=True):
    """From `start` on, `count` samples."""

    start: int
    count: int


def read_span(data: Buffer, movie: Box, track: Box, media: Media) -> Span:
    """Read the edit list and the comment. Raises MediaError for an edit list of several pieces."""
    comment = _comment(data, movie)
    if comment is not None and comment.start + comment.count > media.decoded:
        comment = None  # of another encoding: some editors keep it
    edit = _edit(data, track)
    length = min(media.length, media.decoded)
    if edit is None:
        return comment or Span(0, length)
    media_ticks, movie_ticks = edit
    start = media_ticks * media.rate_hz // media.timescale
    if movie_ticks == 0:  # to the end of the media
        return Span(start, max(0, length - start))
    movie_timescale = timescale_of(data, need(data, movie, b"mvhd"))
    coarse = start + movie_ticks * media.rate_hz // movie_timescale
    ends = [length] if comment is None else [comment.start + comment.count, length]
    # Writers round to a tick, up or down.
    close = [end for end in ends if abs(end - coarse) * movie_timescale <= 2 * media.rate_hz]
    return Span(start, max(0, (close[0] if close else min(coarse, length)) - start))


def timescale_of(data: Buffer, box: Box) -> int:
    """The ticks of a second, of a `mdhd` or `mvhd` box. Raises MediaError."""
    place = 20 if box.head(data, 1)[0] else 12  # behind two times of 8 or 4 bytes
    timescale = int.from_bytes(box.head(data, place + 4)[place:], "big")
    if timescale == 0:
        raise MediaError(FailureCode.CORRUPT, f"the box {box.kind!r} has no ticks in a second")
    return timescale


def _edit(data: Buffer, track: Box) -> tuple[int, int] | None:
    """Where the track begins, in ticks of the media, and how long it is, in ticks of the movie."""
    box = find(data, track, b"edts", b"elst")
    if box is None:
        return None
    version, count = struct.unpack(">B3xI", box.head(data, 8))
    if count > 2:
        raise MediaError(FailureCode.UNSUPPORTED_CONTAINER, f"an edit list of {count} pieces")
    entry = struct.Struct(">Qqi" if version else ">Iii")
    raw = box.head(data, 8 + count * entry.size)[8:]
    # A piece at -1 is silence in front, by which a film moves its sound; a track of music has no picture to wait for.
    pieces = [piece for piece in entry.iter_unpack(raw) if piece[1] >= 0]
    if not pieces:
        return None
    movie_ticks, media_ticks, speed = pieces[0]
    if len(pieces) > 1 or speed != NORMAL_SPEED:
        raise MediaError(FailureCode.UNSUPPORTED_CONTAINER, "an edit list of several pieces, or of another speed")
    return media_ticks, movie_ticks


def _comment(data: Buffer, movie: Box) -> Span | None:
    """The span that `iTunSMPB` gives."""
    meta = find(data, movie, b"udta", b"meta")
    items = find(data, meta.inside(4), b"ilst") if meta else None
    for item in children(data, items) if items else ():
        name = find(data, item, b"name") if item.kind == b"----" else None
        if name is None or name.head(data, min(name.end - name.start, 16))[4:] != b"iTunSMPB":
            continue
        value = find(data, item, b"data")
        return _words(value.head(data, min(value.end - value.start, MAX_COMMENT))[8:]) if value else None
    return None


def _words(text: bytes) -> Span | None:
    """Hexadecimal words, of which the second to fourth are priming, padding and length."""
    try:
        priming, _, count = (int(word, 16) for word in text.split()[1:4])
    except ValueError:
        return None
    return Span(priming, count) if priming >= 0 and count > 0 else None

"""When a fragmented MP4 segment starts and how long it is, from its boxes (ISO/IEC 14496-12). Pure.

Only one track is looked at, which is all that an audio segment has (rule 2.17). Whatever cannot be read is None:
encrypted whole segments, MPEG-2 transport streams and packed audio have no boxes.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator, Mapping

import msgspec

DEFAULT_DURATION = 0x000008
SAMPLE_DURATION = 0x000100
CONTAINERS = {b"moov", b"trak", b"mdia", b"mvex", b"moof", b"traf"}

MAX_DEPTH = 4
"""Of containers within one another: moov, trak, mdia are three."""


class Header(msgspec.Struct, frozen=True):
    """What the segments of an initialisation segment need to be read."""

    timescale: int
    default_duration_ticks: int | None


class Span(msgspec.Struct, frozen=True):
    """Of a segment, in ticks of its header's timescale."""

    start_ticks: int
    duration_ticks: int


def header(data: bytes) -> Header | None:
    """Read an initialisation segment."""
    try:
        found = dict(_leaves(data))
        media = found[b"mdhd"]
        (timescale,) = struct.unpack_from(">I", media, 20 if media[0] == 1 else 12)
        default = struct.unpack_from(">I", found[b"trex"], 12)[0] if b"trex" in found else None
    except (struct.error, KeyError, IndexError):
        return None
    return Header(timescale=timescale, default_duration_ticks=default) if timescale else None


def span(data: bytes, of: Header) -> Span | None:
    """Read a media segment, of one fragment or several."""
    starts, ticks = [], 0
    fragment: dict[bytes, bytes] = {}
    try:
        for kind, body in _leaves(data):
            fragment[kind] = body
            if kind == b"tfdt":
                starts.append(struct.unpack_from(">Q" if body[0] == 1 else ">I", body, 4)[0])
            if kind == b"trun":
                ticks += _run_ticks(fragment, of)
    except (struct.error, KeyError, IndexError):
        return None
    return Span(start_ticks=starts[0], duration_ticks=ticks) if starts and ticks else None


def _run_ticks(fragment: Mapping[bytes, bytes], of: Header) -> int:
    run = fragment[b"trun"]
    flags, count = struct.unpack_from(">II", run)
    flags &= 0xFFFFFF
    if not flags & SAMPLE_DURATION:
        default = _default_duration(fragment[b"tfhd"], of)
        if default is None:
            raise KeyError
        return default * int(count)
    width = 4 * (flags & 0xF00).bit_count()
    first = 8 + 4 * bool(flags & 1) + 4 * bool(flags & 4)
    if first + width * count > len(run):
        raise IndexError
    ticks: int = sum(struct.unpack_from(">I", run, first + width * index)[0] for index in range(count))
    return ticks


def _default_duration(head: bytes, of: Header) -> int | None:
    flags = struct.unpack_from(">I", head)[0] & 0xFFFFFF
    if not flags & DEFAULT_DURATION:
        return of.default_duration_ticks
    duration: int = struct.unpack_from(">I", head, 8 + 8 * bool(flags & 1) + 4 * bool(flags & 2))[0]
    return duration


def _leaves(data: bytes, depth: int = 0) -> Iterator[tuple[bytes, bytes]]:
    """The (type, body) of every box that is not a container, in their order; ends where a box runs over."""
    place = 0
    while place + 8 <= len(data):
        size, kind = struct.unpack_from(">I4s", data, place)
        start = 8
        if size == 1:
            (size,) = struct.unpack_from(">Q", data, place + 8)
            start = 16
        end = len(data) if size == 0 else place + size
        if end < place + start or end > len(data):
            return
        body = data[place + start : end]
        if kind in CONTAINERS and depth < MAX_DEPTH:
            yield from _leaves(body, depth + 1)
        else:
            yield kind, body
        place = end

"""Boxes of the ISO base media file format (ISO/IEC 14496-12, section 4.2): where they begin and end, nothing more.

No box is entered by itself: whoever reads a file names the path, so no nesting is too deep. A box that is larger than
what holds it is corrupt; at the top of a file the last one may be, which is a file that was cut or has rubbish behind.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator

import msgspec

from ingest.containers.header import MAX_CHUNKS, Buffer, take
from ingest.contract import FailureCode
from ingest.errors import MediaError


class Box(msgspec.Struct, frozen=True):
    """A box; `start` is where its payload begins, or where its children do."""

    kind: bytes
    start: int
    end: int

    def head(self, data: Buffer, length: int) -> bytes:
        """The first bytes of the payload. Raises MediaError when it has fewer."""
        if self.end - self.start < length:
            raise MediaError(FailureCode.CORRUPT, f"the box {self.kind!r} is too short")
        return take(data, self.start, length)

    def inside(self, skipped: int) -> Box:
        """The same box with its children after `skipped` bytes of its own."""
        return Box(self.kind, self.start + skipped, self.end)


def top(data: Buffer) -> tuple[Box, ...]:
    """The boxes of the file, up to the first that is none. Raises MediaError when there are too many."""
    boxes: list[Box] = []
    try:
        for box in _walk(data, 0, len(data)):
            boxes.append(box)  # noqa: PERF402 -- what came before the error is kept
    except MediaError:
        if len(boxes) >= MAX_CHUNKS:
            raise
    return tuple(boxes)


def children(data: Buffer, box: Box) -> tuple[Box, ...]:
    """The boxes inside `box`. Raises MediaError."""
    boxes = tuple(_walk(data, box.start, box.end))
    if boxes and boxes[-1].end > box.end:
        raise MediaError(FailureCode.CORRUPT, f"the box {boxes[-1].kind!r} is larger than {box.kind!r} around it")
    return boxes


def find(data: Buffer, box: Box, *path: bytes) -> Box | None:
    """The box that the path leads to; of several of a kind the first is taken. Raises MediaError."""
    for kind in path:
        inner = next((child for child in children(data, box) if child.kind == kind), None)
        if inner is None:
            return None
        box = inner
    return box


def need(data: Buffer, box: Box, *path: bytes) -> Box:
    """The box that the path leads to. Raises MediaError."""
    found = find(data, box, *path)
    if found is None:
        raise MediaError(FailureCode.CORRUPT, f"no {b'/'.join(path)!r} in {box.kind!r}")
    return found


def _walk(data: Buffer, start: int, end: int) -> Iterator[Box]:
    for _ in range(MAX_CHUNKS):
        if end - start < 8:  # four zero bytes end a list of QuickTime's; fewer than a header are no box
            return
        length, kind = struct.unpack(">I4s", take(data, start, 8))
        own = 8
        if length == 1:  # the length did not fit
            (length,), own = struct.unpack(">Q", take(data, start + 8, 8)), 16
        elif length == 0:  # to the end of what holds it
            length = end - start
        if length < own:
            raise MediaError(FailureCode.CORRUPT, f"the box {kind!r} has {length} bytes")
        yield Box(kind, start + own, start + length)
        start += length
    raise MediaError(FailureCode.CORRUPT, f"more than {MAX_CHUNKS} boxes in a row")

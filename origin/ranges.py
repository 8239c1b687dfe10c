"""The Range header (RFC 9110 section 14): which bytes of a whole a client wants, and several of them as one body.

Up to eight ranges of bytes are honoured, in the order in which they are asked for. A header that is malformed, of
another unit, lists more, or lists any byte twice is ignored, as section 14.2 allows: nobody who plays media asks for
that, and answering it can cost many times the whole.
"""

from __future__ import annotations

import re
from itertools import pairwise

import msgspec

from origin.errors import RangeUnsatisfiable

BYTES = re.compile(r"bytes=(.*)", re.IGNORECASE)
ONE = re.compile(r"[ \t]*(?:([0-9]{1,18})-([0-9]{1,18})?|-([0-9]{1,18}))[ \t]*")
"""Eighteen digits are an exabyte; more are no range of ours and would only cost time to convert."""

MAX_RANGES = 8
"""Download managers take four; each costs a read of its own."""


class Span(msgspec.Struct, frozen=True, kw_only=True):
    """`length` bytes from byte `start`."""

    start: int
    length: int

    def __post_init__(self) -> None:
        if self.start < 0 or self.length < 1:
            raise ValueError(f"no span: {self.length} bytes from {self.start}")

    @property
    def end(self) -> int:
        """The first byte behind it."""
        return self.start + self.length

    def parts(self, length: int) -> list[Span]:
        """The same bytes in order, as spans of at most `length`."""
        return [Span(start=at, length=min(length, self.end - at)) for at in range(self.start, self.end, length)]

    def content_range(self, size: int) -> str:
        """The Content-Range header of this part of `size` bytes."""
        return f"bytes {self.start}-{self.end - 1}/{size}"


def parse(value: str, *, size: int) -> tuple[Span, ...]:
    """Read a Range header against `size` bytes; nothing when it is to be ignored. Raises RangeUnsatisfiable.

    Of several ranges, those that start behind the end are left out (section 15.3.7.2).
    """
    found = BYTES.fullmatch(value)
    specs = [ONE.fullmatch(spec) for spec in found[1].split(",", MAX_RANGES)] if found else []
    if not specs or len(specs) > MAX_RANGES:
        return ()
    spans: list[Span] = []
    for spec in specs:
        if spec is None or _is_backwards(spec):
            return ()
        span = _span(spec, size)
        spans += [] if span is None else [span]
    if not spans:
        raise RangeUnsatisfiable(size)
    return () if _overlap(spans) else tuple(spans)


def multipart(spans: tuple[Span, ...], *, size: int, content_type: str, boundary: str) -> tuple[bytes | Span, ...]:
    """The body of `multipart/byteranges` (section 14.6): its own bytes, and the spans that stand between them."""
    pieces: list[bytes | Span] = []
    for span in spans:
        head = f"\r\n--{boundary}\r\nContent-Type: {content_type}\r\nContent-Range: {span.content_range(size)}\r\n\r\n"
        pieces += [head.encode("latin-1"), span]
    return (*pieces, f"\r\n--{boundary}--\r\n".encode("latin-1"))


def _is_backwards(spec: re.Match[str]) -> bool:
    """Section 14.1.1: invalid, not unsatisfiable."""
    first, last, _ = spec.groups()
    return last is not None and int(last) < int(first)


def _span(spec: re.Match[str], size: int) -> Span | None:
    """None for one that starts behind the end, or is empty."""
    first, last, suffix = spec.groups()
    if suffix is not None:
        length = min(int(suffix), size)
        return Span(start=size - length, length=length) if length else None
    start, end = int(first), size - 1 if last is None else min(int(last), size - 1)
    return Span(start=start, length=end - start + 1) if start < size else None


def _overlap(spans: list[Span]) -> bool:
    ordered = sorted(spans, key=lambda span: span.start)
    return any(after.start < before.end for before, after in pairwise(ordered))

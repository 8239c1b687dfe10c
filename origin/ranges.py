"""The Range header (RFC 9110 section 14): which bytes of a whole a client wants.

One range of bytes is honoured. A header that is malformed, of another unit or lists several ranges is ignored, as
section 14.2 allows; players and CDNs ask for one.
"""

from __future__ import annotations

import re

import msgspec

from origin.errors import RangeUnsatisfiable

BYTES = re.compile(r"bytes=[ \t]*(?:([0-9]{1,18})-([0-9]{1,18})?|-([0-9]{1,18}))[ \t]*", re.IGNORECASE)
"""Eighteen digits are an exabyte; more are no range of ours and would only cost time to convert."""


class Span(msgspec.Struct, frozen=True, kw_only=True):
    """`length` bytes from byte `start`."""

    start: int
    length: int

    def __post_init__(self) -> None:
        if self.start < 0 or self.length < 1:
            raise ValueError(f"no span: {self.length} bytes from {self.start}")

    def parts(self, length: int) -> list[Span]:
        """The same bytes in order, as spans of at most `length`."""
        end = self.start + self.length
        return [Span(start=start, length=min(length, end - start)) for start in range(self.start, end, length)]

    def content_range(self, size: int) -> str:
        """The Content-Range header of this part of `size` bytes."""
        return f"bytes {self.start}-{self.start + self.length - 1}/{size}"


def parse(value: str, *, size: int) -> Span | None:
    """Read a Range header against `size` bytes; None when it is to be ignored. Raises RangeUnsatisfiable."""
    found = BYTES.fullmatch(value)
    if found is None:
        return None
    first, last, suffix = found.groups()
    if suffix is not None:
        return _suffix(int(suffix), size)
    start, end = int(first), size - 1 if last is None else int(last)
    if end < start and last is not None:
        return None  # section 14.1.1: invalid, not unsatisfiable
    if start >= size:
        raise RangeUnsatisfiable(size)
    return Span(start=start, length=min(end, size - 1) - start + 1)


def _suffix(length: int, size: int) -> Span:
    if length == 0:
        raise RangeUnsatisfiable(size)
    length = min(length, size)
    return Span(start=size - length, length=length)

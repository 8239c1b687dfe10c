"""ISO base media boxes (ISO/IEC 14496-12) as far as protection has to read, change and write them.

Reading is strict: a length that does not fit is a damaged file, never a guess. Only lengths of 32 bits are known, which
is what track files have: none of their boxes comes near 4 GiB.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from struct import pack, unpack_from
from typing import NamedTuple

from origin.errors import DamagedAsset

HEAD_BYTES = 8
"""Length and type."""

STSD_FIELDS_BYTES = 8
"""Version, flags and the number of entries, before the entries (8.5.2)."""


class Found(NamedTuple):
    """A box within some bytes: from `start` up to `end`."""

    kind: bytes
    start: int
    end: int

    @property
    def body(self) -> int:
        """Where its content starts."""
        return self.start + HEAD_BYTES


def box(kind: bytes, *content: bytes) -> bytes:
    body = b"".join(content)
    return pack(">I4s", HEAD_BYTES + len(body), kind) + body


def full_box(kind: bytes, *content: bytes, version: int = 0, flags: int = 0) -> bytes:
    return box(kind, pack(">I", version << 24 | flags), *content)


def boxes(data: bytes, start: int = 0, end: int | None = None) -> Iterator[Found]:
    """The boxes that fill `data` from `start` to `end`. Raises DamagedAsset where they do not."""
    until = len(data) if end is None else end
    while start < until:
        if until - start < HEAD_BYTES:
            raise DamagedAsset(f"{until - start} bytes at {start} are no box")
        length, kind = unpack_from(">I4s", data, start)
        if length < HEAD_BYTES or length > until - start:
            raise DamagedAsset(f"a box {kind!r} of {length} bytes at {start}")
        yield Found(kind, start, start + length)
        start += length


def one(data: bytes, kind: bytes, start: int = 0, end: int | None = None) -> Found:
    """The only box of its kind. Raises DamagedAsset when there are none or several."""
    found = [candidate for candidate in boxes(data, start, end) if candidate.kind == kind]
    if len(found) != 1:
        raise DamagedAsset(f"{len(found)} boxes {kind!r} where one belongs")
    return found[0]


def changed(data: bytes, path: Sequence[bytes], change: Callable[[bytes], bytes]) -> bytes:
    """`data` with the content of the box at `path` replaced by what `change` makes of it, and all lengths set right."""
    if not path:
        return change(data)
    found = one(data, path[0])
    skipped = found.body + (STSD_FIELDS_BYTES if found.kind == b"stsd" else 0)
    inside = changed(data[skipped : found.end], path[1:], change)
    return data[: found.start] + box(found.kind, data[found.body : skipped], inside) + data[found.end :]

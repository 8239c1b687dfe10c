"""Cutting a file into parts, and which of them have arrived. Pure.

S3 takes up to 10,000 parts, all but the last of at least 5 MiB. Parts of one size make the place of each follow from
its number, so a client that starts over finds the same cuts.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Protocol, TypeVar

import msgspec

SMALLEST_PART_BYTES = 5 * 1024 * 1024
MOST_PARTS = 10_000


class Held(Protocol):
    """A part that the store has."""

    @property
    def number(self) -> int: ...

    @property
    def size_bytes(self) -> int: ...


H = TypeVar("H", bound=Held)


class Cut(msgspec.Struct, frozen=True, kw_only=True):
    """One part's place in the file."""

    number: int
    offset_bytes: int
    size_bytes: int


def part_bytes_for(size_bytes: int, wanted_bytes: int) -> int:
    """The size of a part: what the operator wants, as far as S3 allows it for a file of this size."""
    return max(wanted_bytes, SMALLEST_PART_BYTES, -(-size_bytes // MOST_PARTS))


def cuts(size_bytes: int, part_bytes: int) -> tuple[Cut, ...]:
    """The parts of a file in their order; an empty file is one empty part."""
    offsets = range(0, size_bytes, part_bytes) or (0,)
    return tuple(
        Cut(number=number, offset_bytes=offset, size_bytes=min(part_bytes, size_bytes - offset))
        for number, offset in enumerate(offsets, start=1)
    )


def arrived(wanted: Sequence[Cut], held: Iterable[H]) -> dict[int, H]:
    """What the store holds of the wanted parts, by number; a part of another size has not arrived."""
    sizes = {cut.number: cut.size_bytes for cut in wanted}
    return {part.number: part for part in held if sizes.get(part.number) == part.size_bytes}

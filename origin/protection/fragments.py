"""A stored segment taken apart as far as its encryption needs: where its samples lie, and where boxes are added."""

from __future__ import annotations

import struct
from struct import pack_into, unpack_from

import msgspec

from origin.errors import DamagedAsset
from origin.protection.boxes import HEAD_BYTES, one

DEFAULT_SIZE = 0x10
"""Flag of `tfhd` (8.8.7)."""
DATA_OFFSET, FIRST_FLAGS = 0x1, 0x4
DURATIONS, SIZES, SAMPLE_COLUMNS = 0x100, 0x200, 0xF00
"""Flags of `trun` (8.8.8); each of the last is a column of 32 bits, in the order of the bits."""


class Fragment(msgspec.Struct, frozen=True, kw_only=True):
    """Places within a segment; `sizes` are those of its samples, which fill it from `data` to its end."""

    moof: int
    traf: int
    traf_end: int
    data_offset: int
    """Where the field stands that says how far the samples are from the start of `moof`."""
    data: int
    sizes: tuple[int, ...]

    def head_with(self, segment: bytes, added: bytes) -> bytearray:
        """Everything before the samples, with `added` at the end of `traf` and all lengths set right."""
        head = bytearray(segment[: self.data])
        for place in (self.moof, self.traf, self.data_offset):
            pack_into(">I", head, place, unpack_from(">I", head, place)[0] + len(added))
        head[self.traf_end : self.traf_end] = added
        return head


def fragment(segment: bytes) -> Fragment:
    """Take one `moof` with its `mdat` apart. Raises DamagedAsset for anything else."""
    try:
        return _fragment(segment)
    except struct.error as error:
        raise DamagedAsset(f"a segment ends too early: {error}") from error


def _fragment(segment: bytes) -> Fragment:
    moof, mdat = one(segment, b"moof"), one(segment, b"mdat")
    traf = one(segment, b"traf", moof.body, moof.end)
    tfhd = one(segment, b"tfhd", traf.body, traf.end)
    trun = one(segment, b"trun", traf.body, traf.end)
    flags, count = unpack_from(">II", segment, trun.body)
    fits = moof.end == mdat.start and mdat.end == len(segment) and flags & DATA_OFFSET
    if not fits or unpack_from(">I", segment, trun.body + 8)[0] != mdat.body - moof.start:
        raise DamagedAsset("the samples of a segment do not follow its description")
    if not count:
        raise DamagedAsset("a segment without samples")
    sizes = _sizes(segment, trun.body, flags, count) if flags & SIZES else (_default(segment, tfhd.body),) * count
    if sum(sizes) != mdat.end - mdat.body:
        raise DamagedAsset(f"samples of {sum(sizes)} bytes in {mdat.end - mdat.body}")
    return Fragment(
        moof=moof.start,
        traf=traf.start,
        traf_end=traf.end,
        data_offset=trun.body + 8,
        data=mdat.body,
        sizes=sizes,
    )


def _sizes(segment: bytes, trun: int, flags: int, count: int) -> tuple[int, ...]:
    width = (flags & SAMPLE_COLUMNS).bit_count()
    if count * width * 4 > len(segment):
        raise DamagedAsset(f"{count} samples in {len(segment)} bytes")
    rows = trun + 12 + (4 if flags & FIRST_FLAGS else 0)
    return unpack_from(f">{count * width}I", segment, rows)[bool(flags & DURATIONS) :: width]


def _default(segment: bytes, tfhd: int) -> int:
    """8.8.7: optional fields in the order of their bits: a base of 64 bits, then three of 32 before the size."""
    flags = unpack_from(">I", segment, tfhd)[0]
    if not flags & DEFAULT_SIZE:
        raise DamagedAsset("a segment does not say how long its samples are")
    before = 8 * bool(flags & 0x1) + 4 * bool(flags & 0x2) + 4 * bool(flags & 0x8)
    size: int = unpack_from(">I", segment, tfhd + HEAD_BYTES + before)[0]
    return size

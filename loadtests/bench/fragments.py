"""Segments of noise that are shaped like those of AAC: what the bench stores where media have to be encrypted."""

from __future__ import annotations

import struct

import numpy as np

from origin.protection.boxes import box, full_box

SAMPLES = 188
"""Of 1024 ticks, in four seconds at 48 kHz."""

TRACK_ID = 1
DEFAULT_BASE_IS_MOOF = 0x020000
DATA_OFFSET_AND_SIZES = 0x201
BOX_HEAD_BYTES = 8


def fragment(number: int, size: int) -> bytes:
    """`moof` and `mdat` of `size` bytes together; another number gives other bytes."""
    head_bytes = len(_moof(number, (0,) * SAMPLES, data_offset=0)) + BOX_HEAD_BYTES
    shortest, longer = divmod(size - head_bytes, SAMPLES)
    sizes = tuple(shortest + (index < longer) for index in range(SAMPLES))
    noise = np.random.default_rng(number).bytes(sum(sizes))
    return _moof(number, sizes, data_offset=head_bytes) + box(b"mdat", noise)


def _moof(number: int, sizes: tuple[int, ...], *, data_offset: int) -> bytes:
    """ISO/IEC 14496-12, 8.8.4 to 8.8.12, as small as it can be."""
    columns = struct.pack(f">Ii{len(sizes)}I", len(sizes), data_offset, *sizes)
    return box(
        b"moof",
        full_box(b"mfhd", struct.pack(">I", number + 1)),
        box(
            b"traf",
            full_box(b"tfhd", struct.pack(">I", TRACK_ID), flags=DEFAULT_BASE_IS_MOOF),
            full_box(b"tfdt", struct.pack(">Q", number * SAMPLES * 1024), version=1),
            full_box(b"trun", columns, flags=DATA_OFFSET_AND_SIZES),
        ),
    )

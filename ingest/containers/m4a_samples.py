"""The tables of samples of an MP4 track (ISO/IEC 14496-12, section 8.6 and 8.7): how many, how long, and all there.

A sample is an access unit here, what a decoder takes at once. The tables are read as arrays: four hours have 700,000.
Their numbers have to agree, and the last byte that they name has to be in the file.
"""

from __future__ import annotations

import struct
from typing import Any

import msgspec
import numpy as np
import numpy.typing as npt

from ingest.containers.header import Buffer
from ingest.containers.isobmff import Box, find, need
from ingest.contract import FailureCode
from ingest.errors import MediaError

MAX_COUNT = 6_000_000
"""Of access units, and of the rows of a table: four hours at 384 kHz in access units of 1024. Headers are read in the
worker itself, and a file of nothing but a table would take several times its own size there."""

Numbers = npt.NDArray[np.int64]


class Samples(msgspec.Struct, frozen=True, kw_only=True):
    """How many access units there are, and their length in ticks of the media."""

    count: int
    ticks: int


def read_samples(data: Buffer, table: Box) -> Samples:
    """Read the tables in `stbl`. Raises MediaError."""
    runs = _rows(data, need(data, table, b"stts"), ">u4", 2)
    count = int(runs[:, 0].sum())
    if count > MAX_COUNT:
        raise MediaError(FailureCode.TOO_LONG, f"{count} access units")
    sizes = _sizes(data, need(data, table, b"stsz"))
    if len(sizes) != count:
        raise MediaError(FailureCode.CORRUPT, f"{len(sizes)} sizes of {count} access units")
    end = _end(sizes, _chunk_counts(data, table), _offsets(data, table))
    if end > len(data):
        raise MediaError(FailureCode.TRUNCATED, f"the audio goes to byte {end}, the file to {len(data)}")
    return Samples(count=count, ticks=int((runs[:, 0] * runs[:, 1]).sum()))


def _rows(data: Buffer, box: Box, dtype: str, columns: int) -> Numbers:
    """The rows of a table: a version, flags, their count, then numbers of one type."""
    (count,) = struct.unpack(">4xI", box.head(data, 8))
    if count > MAX_COUNT:
        raise MediaError(FailureCode.TOO_LONG, f"a table of {count} rows")
    length = count * columns * np.dtype(dtype).itemsize
    raw = box.head(data, 8 + length)[8:]
    return np.frombuffer(raw, dtype).reshape(-1, columns).astype(np.int64)


def _sizes(data: Buffer, box: Box) -> Numbers:
    size, count = struct.unpack(">4xII", box.head(data, 12))
    if count > MAX_COUNT:
        raise MediaError(FailureCode.TOO_LONG, f"{count} access units")
    if size:
        return np.full(count, size, np.int64)
    return np.frombuffer(box.head(data, 12 + 4 * count)[12:], ">u4").astype(np.int64)


def _offsets(data: Buffer, table: Box) -> Numbers:
    short = find(data, table, b"stco")
    rows = _rows(data, short, ">u4", 1) if short else _rows(data, need(data, table, b"co64"), ">u8", 1)
    if (rows < 0).any():  # 64 bits, of which none of ours has the first
        raise MediaError(FailureCode.CORRUPT, "a chunk lies beyond every file")
    return rows[:, 0]


def _chunk_counts(data: Buffer, table: Box) -> Any:
    """(first chunk, access units of each chunk from there on), with the chunks counted from 0."""
    rows = _rows(data, need(data, table, b"stsc"), ">u4", 3)
    firsts, counts = rows[:, 0] - 1, rows[:, 1]
    if not len(rows) or firsts[0] != 0 or (np.diff(firsts) <= 0).any():
        raise MediaError(FailureCode.CORRUPT, "the chunks are not in order")
    return firsts, counts


def _end(sizes: Numbers, runs: tuple[Numbers, Numbers], offsets: Numbers) -> int:
    """The byte after the last that any chunk holds."""
    firsts, counts = runs
    spans = np.diff(np.append(np.minimum(firsts, len(offsets)), len(offsets)))
    per_chunk = np.repeat(counts, spans)
    if int(per_chunk.sum()) != len(sizes):
        raise MediaError(FailureCode.CORRUPT, "the chunks do not hold the access units that there are")
    if not len(sizes):
        return 0
    ends = np.concatenate([[0], np.cumsum(sizes)])[np.cumsum(per_chunk)]
    lengths = np.diff(ends, prepend=0)
    return int((offsets + lengths).max())

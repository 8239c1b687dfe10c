"""Draws: skewed choices, distinct pairs, times and keys, all from a generator of numpy and so from the seed.

Pure. Popularity in music is skewed: few artists have most of the tracks, few tracks most of the likes. A choice here is
`size * u ** steepness` for a uniform `u`: with steepness 4 the first hundredth of what can be chosen gets a third of
the choices, and everything gets some.
"""

from __future__ import annotations

import zlib
from datetime import UTC, datetime, timedelta
from uuid import UUID

import numpy as np
from numpy.typing import NDArray

Numbers = NDArray[np.int64]

POPULAR = 4.0
"""The steepness of what people like and play."""
YEARS = 3
"""How far back the oldest row lies."""
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def generator(seed: int, purpose: str) -> np.random.Generator:
    """The generator of one purpose: a table that draws more changes nothing in the others."""
    return np.random.default_rng([seed, zlib.crc32(purpose.encode())])


def skewed(rng: np.random.Generator, size: int, count: int, *, steepness: float = POPULAR) -> Numbers:
    """Choose `count` times among 0 to `size - 1`, the small numbers more often."""
    return (size * rng.random(count) ** steepness).astype(np.int64)


def charts(seed: int, size: int) -> Numbers:
    """Numbers below `size`, the most popular first: the same for everything that is chosen with one seed."""
    return generator(seed, "popularity").permutation(size)


def popular(rng: np.random.Generator, among: Numbers, count: int) -> Numbers:
    """Choose `count` times from :func:`charts`, what stands in front more often."""
    return among[skewed(rng, len(among), count)]


def shares(rng: np.random.Generator, total: int, parts: int, *, spread: float) -> Numbers:
    """Divide `total` into `parts` of very different size; `spread` is the deviation of the logarithm of a size."""
    weights = rng.lognormal(sigma=spread, size=parts)
    return rng.multinomial(total, weights / weights.sum()).astype(np.int64)


def pairs(owners: Numbers, things: Numbers, *, things_size: int) -> tuple[Numbers, Numbers]:
    """Both sides without repeated pairs, ordered by owner."""
    distinct = np.unique(owners * things_size + things)
    return distinct // things_size, distinct % things_size


def times_ms(rng: np.random.Generator, count: int, *, now: datetime, years: float = YEARS) -> Numbers:
    """Moments of the last years in milliseconds since 1970, ascending."""
    end_ms = _milliseconds(now)
    span_ms = int(timedelta(days=365 * years).total_seconds() * 1000)
    return np.sort(rng.integers(end_ms - span_ms, end_ms, size=count))


def moments(milliseconds: Numbers) -> list[datetime]:
    """The same as values for the database."""
    return [datetime.fromtimestamp(each / 1000, tz=UTC) for each in milliseconds.tolist()]


def moments_since(rng: np.random.Generator, since_ms: Numbers, *, now: datetime) -> list[datetime]:
    """A moment between each of these and now."""
    return moments(since_ms + (rng.random(len(since_ms)) * (_milliseconds(now) - since_ms)).astype(np.int64))


def keys(rng: np.random.Generator, milliseconds: Numbers) -> list[UUID]:
    """A UUIDv7 (RFC 9562, section 5.7) for each moment: 48 bits of time, the rest drawn."""
    count = len(milliseconds)
    laid_out = rng.integers(0, 256, size=(count, 16), dtype=np.uint8)
    laid_out[:, :6] = milliseconds.astype(">i8").view(np.uint8).reshape(count, 8)[:, 2:]
    laid_out[:, 6] = laid_out[:, 6] & 0x0F | 0x70
    laid_out[:, 8] = laid_out[:, 8] & 0x3F | 0x80
    data = laid_out.tobytes()
    return [UUID(bytes=data[start : start + 16]) for start in range(0, len(data), 16)]


def _milliseconds(moment: datetime) -> int:
    return int((moment - _EPOCH).total_seconds() * 1000)

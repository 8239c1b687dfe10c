"""What quality control counts in a waveform: levels, flat tops, silence at the edges, the likeness of two channels.

Each is fed with one block after the other, as planes of (channels, frames) with full scale at 1.0. Sums are taken block
by block, so they are the same to the last bit only for the same blocks; `ingest.quality.inspector` sees to that.
"""

from __future__ import annotations

import math

import msgspec
import numpy as np
import numpy.typing as npt

from ingest.pcm import Floats

FULL_SCALE = 1 - 2.0**-15
"""The highest sample of 16 bits: at or above it a waveform has nowhere left to go."""
CLIPPED_RUN = 3
"""One or two samples at full scale are a peak that fits; three in a row are a flat top."""


class Levels:
    """The peak and the mean of every channel."""

    def __init__(self, channels: int) -> None:
        self.peaks = np.zeros(channels)
        self._sums = np.zeros(channels)
        self._frames = 0

    def feed(self, planes: Floats) -> npt.NDArray[np.float64]:
        """Return the peaks of this block."""
        peaks: npt.NDArray[np.float64] = np.maximum(planes.max(axis=1), -planes.min(axis=1))
        self.peaks = np.maximum(self.peaks, peaks)
        self._sums += planes.sum(axis=1)
        self._frames += planes.shape[1]
        return peaks

    @property
    def offsets(self) -> list[float]:
        means: list[float] = (self._sums / self._frames).tolist()
        return means


class Tops(msgspec.Struct, frozen=True, kw_only=True):
    """The flat tops of one channel."""

    count: int
    longest: int


class FlatTops:
    """Counts the runs at full scale of one channel, over the borders of blocks."""

    def __init__(self) -> None:
        self._count = 0
        self._longest = 0
        self._open = 0
        """The length of a run that the last block ended in."""

    def feed(self, plane: Floats, peak: float) -> None:
        if peak < FULL_SCALE:
            self._close()
            return
        over = np.abs(plane) >= FULL_SCALE
        borders = np.flatnonzero(np.diff(over, prepend=False, append=False))
        lengths = borders[1::2] - borders[::2]
        if over[0]:
            lengths[0] += self._open
        else:
            self._close()
        self._open = int(lengths[-1]) if over[-1] else 0
        self._note(lengths[:-1] if over[-1] else lengths)

    def finish(self) -> Tops:
        self._close()
        return Tops(count=self._count, longest=self._longest)

    def _close(self) -> None:
        self._note(np.array([self._open]))
        self._open = 0

    def _note(self, lengths: npt.NDArray[np.int64]) -> None:
        long = lengths[lengths >= CLIPPED_RUN]
        if len(long):
            self._count += len(long)
            self._longest = max(self._longest, int(long.max()))


class Steps:
    """Whether integers of so many bits can hold every sample as it is."""

    def __init__(self, bits: int) -> None:
        self._scale = 2.0 ** (bits - 1)
        self.exact = True

    def feed(self, planes: Floats) -> None:
        if self.exact:  # one sample settles it, and in most floats the first block has one
            scaled = planes * self._scale
            self.exact = np.array_equal(scaled, np.rint(scaled))


class Edges:
    """How many frames of zeros are at the start and at the end."""

    def __init__(self) -> None:
        self.leading = 0
        self.trailing = 0
        self._heard = False

    def feed(self, planes: Floats) -> None:
        if self._heard and planes[:, -1].any():  # nearly always, and it saves the search
            self.trailing = 0
            return
        sounding = np.flatnonzero(planes.any(axis=0))
        frames = planes.shape[1]
        if not len(sounding):
            self.trailing += frames
            return
        if not self._heard:
            self.leading, self._heard = self.trailing + int(sounding[0]), True
        self.trailing = frames - 1 - int(sounding[-1])


class Stereo:
    """How alike left and right are."""

    def __init__(self) -> None:
        self.identical = True
        self._frames = 0
        self._sums = np.zeros(2)
        self._products = np.zeros(3)

    def feed(self, planes: Floats) -> None:
        left, right = planes
        self.identical = self.identical and np.array_equal(left, right)
        self._frames += planes.shape[1]
        self._sums += planes.sum(axis=1)
        self._products += (np.dot(left, left), np.dot(right, right), np.dot(left, right))

    def correlation(self) -> float | None:
        """-1 to 1, without any constant offset; None when a channel is constant."""
        left, right = (self._sums / self._frames).tolist()
        mean = np.array([left * left, right * right, left * right])
        own_left, own_right, common = (self._products / self._frames - mean).tolist()
        power: float = own_left * own_right
        return None if power <= 1e-20 else common / math.sqrt(power)

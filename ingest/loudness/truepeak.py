"""True peak (BS.1770, annex 2): the largest value of the signal between its samples.

Oversampled four times below 96 kHz, twice below 192 kHz, not at all above, by a polyphase filter of 128 taps with a
Kaiser window, which stays within 0.14 dB on the EBU's cases. The filter begins with silence and is not flushed at the
end, as in libebur128.

Rows of samples are oversampled by one matrix product. A piece of a few tenths of a second is left out when its largest
sample times the filter's largest gain does not reach the peak that is known already, which changes the cost and never
the result.
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import numpy.typing as npt

from ingest.loudness.kweighting import Lines
from ingest.pcm import Floats

TAPS = 128
KAISER_BETA = 8.0
ROW = 32
"""Shorter rows repeat more of the filter's history, longer ones multiply by more zeros; measured to be the fastest."""
PIECE = 256 * ROW
"""What is oversampled at once, or left out: its answer stays in the processor's cache."""


def oversampling(sample_rate_hz: int) -> int:
    """How many times a signal of this rate is oversampled."""
    if sample_rate_hz < 96_000:
        return 4
    return 2 if sample_rate_hz < 192_000 else 1


def phases(factor: int) -> Floats:
    """The interpolation filter as (taps of a phase, factor); every phase passes a constant unchanged.

    The middle tap lies on a sample, so that the first phase is the signal itself and the others lie at equal distances
    between its samples: the true peak of a tone at fs/4 is halfway between two.
    """
    places = (np.arange(TAPS) - TAPS // 2) / factor
    taps = np.sinc(places) * np.kaiser(TAPS + 1, KAISER_BETA)[:TAPS]
    split = taps.reshape(TAPS // factor, factor)
    return np.asarray(split / split.sum(axis=0))


class TruePeak:
    """Follows the peaks of one signal, in amplitudes with 1.0 at full scale: of its samples, and between them."""

    def __init__(self, sample_rate_hz: int, channels: int) -> None:
        self.sample_peak = 0.0
        self.true_peak = 0.0
        factor = oversampling(sample_rate_hz)
        # Without the first phase: it is the signal itself, whose samples are looked at anyway.
        self._matrix = _row_matrix(phases(factor)[:, 1:]) if factor > 1 else None
        self._gain = float(np.abs(phases(factor)).sum(axis=0).max())
        self._history = TAPS // factor - 1 if factor > 1 else 0
        self._tail = np.zeros((channels, self._history), dtype=np.float32)

    def feed(self, lines: Lines) -> None:
        """Take lines of shape (channels, n)."""
        if lines.shape[1] == 0:
            return
        self.sample_peak = max(self.sample_peak, largest(lines))
        self.true_peak = max(self.true_peak, self.sample_peak)
        if self._matrix is None:
            return
        lines = np.concatenate([self._tail, lines], axis=1)
        self._tail = lines[:, lines.shape[1] - self._history :]
        for start in range(0, lines.shape[1] - self._history, PIECE):
            piece = lines[:, start : start + PIECE + self._history]
            if largest(piece) * self._gain > self.true_peak:
                self.true_peak = max(self.true_peak, *self._between(piece, self._matrix))

    def _between(self, piece: Lines, matrix: Lines) -> Iterator[float]:
        """The largest amplitudes of the whole rows, and of what is left; the piece begins with its history."""
        width = self._history + ROW
        if piece.shape[1] >= width:
            rows = np.lib.stride_tricks.sliding_window_view(piece, width, axis=1)[:, ::ROW]
            yield largest(rows.reshape(-1, width) @ matrix)
        rest = (piece.shape[1] - self._history) % ROW
        if rest:
            columns = rest * (matrix.shape[1] // ROW)
            yield largest(piece[:, -self._history - rest :] @ matrix[: self._history + rest, :columns])


def largest(values: npt.NDArray[np.floating]) -> float:
    """The largest amplitude; the two ends are found without a copy of the absolute values."""
    return float(max(values.max(), -values.min()))


def _row_matrix(taps: Floats) -> Lines:
    """The (history + ROW, ROW * phases) matrix whose product with a row of samples is the oversampled row.

    Its upper left part does the same for a shorter row.
    """
    length, count = taps.shape
    matrix = np.zeros((length - 1 + ROW, ROW, count), dtype=np.float32)
    for place in range(ROW):
        # The newest sample meets the first tap.
        matrix[place : place + length, place] = taps[::-1]
    return matrix.reshape(length - 1 + ROW, ROW * count)

"""True peak (BS.1770, annex 2): the largest value of the signal between its samples.

Oversampled four times below 96 kHz, twice below 192 kHz, not at all above, by a polyphase filter of 128 taps with a
Kaiser window, which stays within 0.13 dB on the EBU's cases. The filter begins with silence and is not flushed at the
end, as in libebur128.

Most of a signal is far from its peak: a row of samples is filtered only when its largest sample times the filter's
largest gain passes the peak that is known already, which changes the cost and never the result.
"""

from __future__ import annotations

import numpy as np

from ingest.pcm import Floats

TAPS = 128
KAISER_BETA = 8.0
ROW = 32


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
    """Follows the peak of one signal; `peak` is an amplitude, with 1.0 at full scale."""

    def __init__(self, sample_rate_hz: int, channels: int) -> None:
        self.peak = 0.0
        factor = oversampling(sample_rate_hz)
        # Without the first phase: it is the signal itself, whose samples are looked at anyway.
        self._matrix = _row_matrix(phases(factor)[:, 1:]) if factor > 1 else None
        self._gain = float(np.abs(phases(factor)).sum(axis=0).max())
        self._history = TAPS // factor - 1 if factor > 1 else 0
        self._tail = np.zeros((channels, self._history))

    def feed(self, frames: Floats) -> None:
        """Take frames of shape (n, channels)."""
        if len(frames) == 0:
            return
        self.peak = max(self.peak, float(np.abs(frames).max()))
        if self._matrix is None:
            return
        lines = np.concatenate([self._tail, frames.T], axis=1)
        self._tail = lines[:, lines.shape[1] - self._history :].copy()
        width = self._history + ROW
        if len(frames) >= ROW:
            windows = np.lib.stride_tricks.sliding_window_view(lines, width, axis=1)[:, ::ROW]
            self._inspect(windows.reshape(-1, width), self._matrix)
        rest = len(frames) % ROW
        if rest:
            left = self._history + rest
            columns = rest * (self._matrix.shape[1] // ROW)
            self._inspect(lines[:, lines.shape[1] - left :], self._matrix[:left, :columns])

    def _inspect(self, rows: Floats, matrix: Floats) -> None:
        promising = rows[np.abs(rows).max(axis=1, initial=0.0) * self._gain > self.peak]
        if len(promising):
            self.peak = max(self.peak, float(np.abs(promising @ matrix).max()))


def _row_matrix(taps: Floats) -> Floats:
    """The (history + ROW, ROW * phases) matrix whose product with a row of samples is the oversampled row.

    Its upper left part does the same for a shorter row.
    """
    length, count = taps.shape
    matrix = np.zeros((length - 1 + ROW, ROW, count))
    for place in range(ROW):
        # The newest sample meets the first tap.
        matrix[place : place + length, place] = taps[::-1]
    return matrix.reshape(length - 1 + ROW, ROW * count)

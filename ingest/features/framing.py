"""Overlapping windows of a signal that arrives in portions, and their power spectra, a batch at a time."""

from __future__ import annotations

import math
from collections.abc import Iterator

import numpy as np
import numpy.typing as npt

from ingest.pcm import Floats

Signal = npt.NDArray[np.float32]

BATCH_SAMPLES = 1 << 17
"""Of the windows that are transformed at once: enough to keep numpy busy, few enough for the processor's cache."""


class Framing:
    """Cuts a signal into windows and gives their spectra.

    Windows last the same time at every sample rate, or nearly: the nearest power of two is taken, which a Fourier
    transform is fastest at.
    """

    def __init__(self, sample_rate_hz: int, *, window_s: float, hop_s: float, top_hz: float) -> None:
        self._length = 1 << round(math.log2(window_s * sample_rate_hz))
        self._hop = round(hop_s * sample_rate_hz)
        self.hop_s = self._hop / sample_rate_hz
        self._batch = max(1, BATCH_SAMPLES // self._length)
        self._needed = self._length + (self._batch - 1) * self._hop
        window = np.hanning(self._length + 1)[:-1]
        # A sine of full scale has the same power at every length.
        self._window = (window * 2 / window.sum()).astype(np.float32)
        frequencies = np.fft.rfftfreq(self._length, 1 / sample_rate_hz)
        self.frequencies_hz: Floats = np.asarray(frequencies[frequencies <= top_hz], dtype=np.float64)
        self._pending: Signal = np.zeros(0, dtype=np.float32)

    def feed(self, portion: Signal) -> Iterator[Signal]:
        """Give the power spectra (windows, frequencies) of every whole batch."""
        self._pending = np.concatenate([self._pending, portion])
        while len(self._pending) >= self._needed:
            yield self._spectra(self._pending[: self._needed])
            self._pending = self._pending[self._batch * self._hop :]

    def finish(self) -> Iterator[Signal]:
        """Give those of what is left; a signal shorter than a window is followed by silence up to one."""
        missing = self._length - len(self._pending)
        yield self._spectra(np.pad(self._pending, (0, max(0, missing))))

    def _spectra(self, signal: Signal) -> Signal:
        windows = np.lib.stride_tricks.sliding_window_view(signal, self._length)[:: self._hop]
        spectra = np.fft.rfft(windows * self._window, axis=1)[:, : len(self.frequencies_hz)]
        return np.asarray(np.square(spectra.real) + np.square(spectra.imag))

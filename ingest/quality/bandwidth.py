"""The cliff that a lossy encoder leaves in a spectrum, looked for in a master that claims to be lossless.

An encoder drops everything above a frequency of its own choice, within a few hundred hertz, for the whole length of a
track. A dull recording falls off over octaves; a converter's or a resampler's filter lies next to half the sampling
rate. So a cliff is suspected where the average spectrum falls by `DROP_DB` within the `GAP_HZ` around one frequency,
comes from above the noise, stays low from there on, and lies between `LOWEST_HZ` and `HIGHEST_HZ`.

A suspicion is all that it is: a synthesiser behind a steep filter or a broadcast recording looks alike. What was
measured, with the rate of hits, is in docs/decisions/0031-quality-control.md.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from ingest.pcm import Floats

WINDOW_FRAMES = 4096
"""About 11 Hz a bin at 44.1 kHz: narrow enough to see that a fall is a cliff."""
EVERY_FRAMES = 16_384
"""One window in four is looked at; the average of a track needs no more, and it costs a quarter."""
LOWEST_HZ, HIGHEST_HZ = 14_000, 20_600
"""Encoders cut from 15 kHz (96 kbit/s) to 20.5 kHz (320 kbit/s); recordings made of samples at 22 kHz end at 11."""
MIN_RATE_HZ = 44_100
"""Below it the filter of the sampling rate itself lies where encoders cut."""
HALF_RATE_MARGIN = 0.955
"""Of half the sampling rate: above it the filters of converters and resamplers begin."""
BAND_HZ = 1_000
"""How wide a band is compared on each side."""
GAP_HZ = 400
"""How wide a cliff may be; encoders take 100 to 400 Hz, a gentle filter thousands."""
DROP_DB = 17.0
"""Music does not fall so far so fast by itself: of the recordings that were never encoded none falls by over 15 dB."""
REST_DB = 6.0
"""What comes above a cliff may rise by so much again, as shaped dither does."""


class Spectrum:
    """Averages the power spectrum of all channels over evenly spaced windows; fed with whole blocks only."""

    def __init__(self, sample_rate_hz: int) -> None:
        self._rate_hz = sample_rate_hz
        self._power = np.zeros(WINDOW_FRAMES // 2 + 1)
        self._window = np.hanning(WINDOW_FRAMES)

    def feed(self, planes: Floats) -> None:
        """Take (channels, frames) of one block, of `EVERY_FRAMES` or, at the end, fewer."""
        if planes.shape[1] < WINDOW_FRAMES:
            return
        spectrum = np.fft.rfft(planes[:, :WINDOW_FRAMES] * self._window)
        self._power += (spectrum.real**2 + spectrum.imag**2).sum(axis=0)

    def cliff_hz(self) -> int | None:
        """Where the spectrum ends in a cliff, to the nearest 100 Hz; None when it does not."""
        return cliff_hz(self._power, self._rate_hz)


def cliff_hz(power: npt.NDArray[np.float64], sample_rate_hz: int) -> int | None:
    """Find the cliff in an average power spectrum of `WINDOW_FRAMES` points. None for silence and low rates."""
    if sample_rate_hz < MIN_RATE_HZ or not power.any():
        return None
    bin_hz = sample_rate_hz / WINDOW_FRAMES
    band, gap = round(BAND_HZ / bin_hz), round(GAP_HZ / bin_hz)
    # 140 dB below the strongest bin is below the noise of any master; zeros have no logarithm.
    level_db = 10 * np.log10(np.maximum(power, power.max() * 1e-14))
    means_db = np.convolve(level_db, np.full(band, 1 / band), mode="valid")  # at i: of the bins i to i + band
    highest_hz = min(HIGHEST_HZ, sample_rate_hz / 2 * HALF_RATE_MARGIN)
    edges = np.arange(round(LOWEST_HZ / bin_hz), round(highest_hz / bin_hz))
    edges = edges[edges + gap + band < len(means_db)]
    drops_db = means_db[edges - band] - means_db[edges + gap]
    best = int(np.argmax(drops_db))
    above = int(edges[best]) + gap
    if drops_db[best] < DROP_DB or means_db[above:].max() > means_db[above] + REST_DB:
        return None
    return round((above - gap / 2) * bin_hz / 100) * 100

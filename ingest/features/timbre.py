"""The colour of the sound: where its power lies in the spectrum, and its mel-frequency cepstrum.

Everything is a mean over the frames that are heard, kept as running sums.
"""

from __future__ import annotations

import numpy as np

from ingest.features.framing import Signal
from ingest.features.record import MFCC_COUNT
from ingest.pcm import Floats

BANDS = 40
LOWEST_HZ = 30.0
HEARD_POWER = 1e-7
"""-70 dB: below it a frame is a pause, whose colour is that of its dither."""
FLOOR_POWER = 1e-10
ROLLOFF_SHARE = 0.85


class Timbre:
    """Takes power spectra; `bands` gives what the rhythm is made of."""

    def __init__(self, frequencies_hz: Floats, top_hz: float) -> None:
        self._frequencies = frequencies_hz.astype(np.float32)
        self._mel = _mel_bands(frequencies_hz, top_hz)
        self._cosines = _cosines()
        self._count = 0
        self._shape = np.zeros(3)
        self._mfcc_sum = np.zeros(MFCC_COUNT)
        self._mfcc_squares = np.zeros(MFCC_COUNT)

    def bands(self, power: Signal) -> Signal:
        """The power in every mel band, (frames, bands)."""
        return np.asarray(power @ self._mel)

    def feed(self, power: Signal, bands: Signal) -> None:
        heard = power.sum(axis=1) > HEARD_POWER
        if not heard.any():
            return
        power, bands = power[heard], bands[heard]
        self._count += len(power)
        self._shape += _shape(power, self._frequencies)
        mfcc = np.log(bands.astype(np.float64) + FLOOR_POWER) @ self._cosines
        self._mfcc_sum += mfcc.sum(axis=0)
        self._mfcc_squares += np.square(mfcc).sum(axis=0)

    @property
    def shape(self) -> tuple[float, float, float]:
        """Centroid and rolloff in Hz, flatness 0 to 1; zeros for silence."""
        centroid, rolloff, flatness = (self._shape / max(1, self._count)).tolist()
        return centroid, rolloff, flatness

    @property
    def mfcc(self) -> tuple[tuple[float, ...], tuple[float, ...]]:
        """Means and variances of the coefficients, from the zeroth, which is the level."""
        means = self._mfcc_sum / max(1, self._count)
        variances = np.maximum(0.0, self._mfcc_squares / max(1, self._count) - np.square(means))
        return tuple(means.tolist()), tuple(variances.tolist())


def _shape(power: Signal, frequencies: Signal) -> Floats:
    """The sums over frames of centroid, rolloff and flatness."""
    total = power.sum(axis=1)
    centroid = power @ frequencies / total
    reached = np.cumsum(power, axis=1) >= ROLLOFF_SHARE * total[:, None]
    rolloff = frequencies[reached.argmax(axis=1)]
    flatness = np.exp(np.log(power + FLOOR_POWER**2).mean(axis=1)) / (power.mean(axis=1) + FLOOR_POWER**2)
    return np.array([centroid.sum(), rolloff.sum(), flatness.sum()], dtype=np.float64)


def _mel_bands(frequencies_hz: Floats, top_hz: float) -> Signal:
    """Triangles that overlap by half and are equally wide on the mel scale; (frequencies, bands)."""
    edges = _hertz(np.linspace(_mel(LOWEST_HZ), _mel(top_hz), BANDS + 2))
    low, centre, high = edges[:-2], edges[1:-1], edges[2:]
    rising = (frequencies_hz[:, None] - low) / (centre - low)
    falling = (high - frequencies_hz[:, None]) / (high - centre)
    return np.maximum(0.0, np.minimum(rising, falling)).astype(np.float32)


def _mel(hertz: float) -> float:
    return float(2595 * np.log10(1 + hertz / 700))


def _hertz(mel: Floats) -> Floats:
    return np.asarray(700 * (10 ** (mel / 2595) - 1))


def _cosines() -> Floats:
    """The orthonormal cosine transform of the bands' logarithms, cut to the first coefficients."""
    places = (np.arange(BANDS) + 0.5) * np.pi / BANDS
    basis = np.cos(places[:, None] * np.arange(MFCC_COUNT)) * np.sqrt(2 / BANDS)
    basis[:, 0] /= np.sqrt(2)
    return np.asarray(basis)

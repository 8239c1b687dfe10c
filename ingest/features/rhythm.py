"""Onsets and tempo: how much louder the bands get from frame to frame, and after what time that repeats.

The envelope of onsets is the rise of the bands' logarithms. Its autocorrelation peaks at the time of a beat and at
its multiples; which of them is the beat is a matter of taste, and listeners mostly tap near 120 a minute, so the
peaks are weighted by that: an octave away weighs 0.6 as much.
"""

from __future__ import annotations

import math

import msgspec
import numpy as np

from ingest.features.framing import Signal
from ingest.pcm import Floats

COMPRESSION = 1e4
"""The logarithm is of 1 + this times the power: what is 40 dB below full scale still counts as it is heard."""
SLOWEST_BPM, FASTEST_BPM = 40.0, 240.0
USUAL_BPM = 120.0
SPREAD_OCTAVES = 1.0
REFINED_BEATS = 4
"""The time of several beats together is read off the envelope more exactly than that of one."""
LEAST_SALIENCE = 0.05
"""Less is what noise has by chance over a minute."""
LOCAL_S = 1.0
ONSET_APART_S = 0.07
ONSET_RISE = 1.5
"""An onset is this many times the envelope's mean deviation above its surroundings."""


class Tempo(msgspec.Struct, frozen=True, kw_only=True):
    """The beat, when there is one; `salience` and `danceability` are 0 to 1."""

    bpm: float | None
    salience: float
    danceability: float


class Onsets:
    """Collects the envelope from the bands of a signal's frames in order."""

    def __init__(self) -> None:
        self._last: Signal | None = None
        self._pieces: list[Floats] = []

    def feed(self, bands: Signal) -> None:
        levels = np.log1p(COMPRESSION * bands)
        before = levels[:1] if self._last is None else self._last
        rises = np.maximum(0.0, np.diff(levels, axis=0, prepend=before))
        self._pieces.append(rises.mean(axis=1).astype(np.float64))
        self._last = levels[-1:]

    @property
    def envelope(self) -> Floats:
        return np.concatenate([np.zeros(0), *self._pieces])


def tempo(envelope: Floats, hop_s: float) -> Tempo:
    """Find the beat in an envelope with a value every `hop_s` seconds."""
    none = Tempo(bpm=None, salience=0.0, danceability=0.0)
    shortest, longest = (60 / bpm / hop_s for bpm in (FASTEST_BPM, SLOWEST_BPM))
    if len(envelope) < 2 * longest:
        return none
    likeness = _autocorrelation(_detrended(envelope, hop_s), math.ceil((REFINED_BEATS + 1) * longest))
    lags = np.arange(math.ceil(shortest), math.floor(longest) + 1)
    weighted = likeness[lags] * _usualness(60 / (lags * hop_s))
    best = _peak(likeness, int(lags[weighted.argmax()]))
    salience = min(1.0, float(likeness[round(best)]))
    if salience < LEAST_SALIENCE:
        return none
    bpm = 60 / (_refined(likeness, best) * hop_s)
    return Tempo(bpm=bpm, salience=salience, danceability=salience * float(_usualness(np.array(bpm))))


def onset_rate_hz(envelope: Floats, hop_s: float) -> float:
    """How many onsets a second: peaks that rise over what surrounds them."""
    if len(envelope) == 0:
        return 0.0
    rises = _detrended(envelope, hop_s)
    reach = max(1, round(ONSET_APART_S / hop_s))
    around = np.lib.stride_tricks.sliding_window_view(np.pad(rises, reach), 2 * reach + 1)
    peaks = (rises >= around.max(axis=1)) & (rises > ONSET_RISE * np.abs(rises).mean())
    return float(peaks.sum() / (len(envelope) * hop_s))


def _detrended(envelope: Floats, hop_s: float) -> Floats:
    """Without what is slower than a beat."""
    width = min(len(envelope), max(1, round(LOCAL_S / hop_s)) | 1)
    return np.asarray(envelope - np.convolve(envelope, np.ones(width) / width, mode="same")[: len(envelope)])


def _autocorrelation(signal: Floats, lags: int) -> Floats:
    """Of lags 0 to `lags`, 1 at 0; each is a mean over as many products as there are."""
    size = 1 << (len(signal) + lags).bit_length()
    power = np.abs(np.fft.rfft(signal, size)) ** 2
    sums = np.fft.irfft(power)[: lags + 1]
    means = sums / np.maximum(1, len(signal) - np.arange(lags + 1))
    return np.asarray(means / means[0]) if means[0] > 0 else np.zeros(lags + 1)


def _usualness(bpm: Floats) -> Floats:
    return np.asarray(np.exp(-0.5 * (np.log2(bpm / USUAL_BPM) / SPREAD_OCTAVES) ** 2))


def _refined(likeness: Floats, lag: float) -> float:
    """The lag of one beat, from the peak next to several beats."""
    place = round(lag * REFINED_BEATS)
    near = REFINED_BEATS // 2  # one beat is known to half a frame
    several = place - near + int(likeness[place - near : place + near + 1].argmax())
    return _peak(likeness, several) / REFINED_BEATS


def _peak(values: Floats, index: int) -> float:
    """Where the parabola through a peak and its neighbours is highest."""
    if not 0 < index < len(values) - 1:
        return float(index)
    left, middle, right = values[index - 1 : index + 2]
    bend = left - 2 * middle + right
    return float(index + (0.5 * (left - right) / bend if bend < 0 else 0.0))

"""The key: pitch classes counted from spectral peaks, and the profile of Krumhansl and Kessler that fits them best.

Peaks are read between the frequencies of the transform by a parabola, so that a semitone of the bass is told apart;
windows are 0.7 s long for the same reason. They are counted in tenths of a semitone, and the tuning of the recording,
which need not be 440 Hz, is found from all of them in the end.
"""

from __future__ import annotations

import msgspec
import numpy as np
import numpy.typing as npt

from ingest.features.framing import Signal
from ingest.features.record import PITCH_CLASSES, Key
from ingest.pcm import Floats

LOWEST_HZ, HIGHEST_HZ = 55.0, 2000.0
"""Lower pitches are too near to each other, higher ones mostly overtones of what was counted already."""
STEPS = 10
"""Of a semitone."""
PEAK_SHARE = 1e-3
"""Peaks 30 dB below the highest of their window are noise or the window's own ripple."""
HEARD_POWER = 1e-7
CLEAR_LEAD = 0.1
"""A key that leads by so much is beyond doubt: clean cadences lead by 0.1 to 0.2."""
CANDIDATES = 3

NAMES = ("C", "C#", "D", "D#", "E", "F", "F#", "G", "G#", "A", "A#", "B")
PROFILES = {
    "major": (6.35, 2.23, 3.48, 2.33, 4.38, 4.09, 2.52, 5.19, 2.39, 3.66, 2.29, 2.88),
    "minor": (6.33, 2.68, 3.52, 5.38, 2.60, 3.53, 2.54, 4.75, 3.98, 2.69, 3.34, 3.17),
}


class Tonality(msgspec.Struct, frozen=True, kw_only=True):
    """What was found; without pitch there are no keys, and every class has the same share."""

    keys: tuple[Key, ...]
    confidence: float
    chroma: tuple[float, ...]


class Pitches:
    """Counts the pitches of a signal's windows; takes power spectra."""

    def __init__(self, frequencies_hz: Floats) -> None:
        self._spacing_hz = float(frequencies_hz[1])
        self._low = int(np.searchsorted(frequencies_hz, LOWEST_HZ))
        self._high = int(np.searchsorted(frequencies_hz, HIGHEST_HZ))
        self._counts = np.zeros(PITCH_CLASSES * STEPS)

    def feed(self, power: Signal) -> None:
        power = power[power.sum(axis=1) > HEARD_POWER]
        if len(power) == 0:
            return
        frames, bins = np.nonzero(_is_peak(power[:, self._low : self._high]))
        bins += self._low
        left, middle, right = (np.log(power[frames, bins + shift] + 1e-20) for shift in (-1, 0, 1))
        bend = left - 2 * middle + right
        # A click has peaks so flat that their logarithms are equal; no parabola has its top there.
        places = bins + np.divide(0.5 * (left - right), bend, out=np.zeros_like(bend), where=bend < 0)
        # Amplitudes, not powers: the melody is not to drown in the bass. Every window counts as one.
        weights = np.sqrt(power[frames, bins])
        weights /= np.bincount(frames, weights, minlength=len(power))[frames]
        steps = np.rint(PITCH_CLASSES * STEPS * np.log2(places * self._spacing_hz / 440.0)).astype(int)
        steps = (steps + NAMES.index("A") * STEPS) % len(self._counts)
        self._counts += np.bincount(steps, weights, minlength=len(self._counts))

    def finish(self) -> Tonality:
        return tonality(self._counts)


def tonality(counts: Floats) -> Tonality:
    """Find the key from the counts of pitches, `STEPS` a semitone, from C upwards."""
    total = counts.sum()
    if total == 0:
        return Tonality(keys=(), confidence=0.0, chroma=(1 / PITCH_CLASSES,) * PITCH_CLASSES)
    chroma = _chroma(counts / total)
    scores = sorted(_scores(chroma), key=lambda key: -key.score)
    lead = scores[0].score - scores[1].score
    confidence = max(0.0, scores[0].score) * min(1.0, lead / CLEAR_LEAD)
    return Tonality(keys=tuple(scores[:CANDIDATES]), confidence=confidence, chroma=tuple(chroma.tolist()))


def _is_peak(power: Signal) -> npt.NDArray[np.bool_]:
    inner = power[:, 1:-1]
    highest = power.max(axis=1, keepdims=True)
    peaks = (inner > power[:, :-2]) & (inner >= power[:, 2:]) & (inner > PEAK_SHARE * highest)
    return np.pad(peaks, ((0, 0), (1, 1)))


def _chroma(counts: Floats) -> Floats:
    """Shares of the twelve classes, each by a cosine squared around its pitch as this recording is tuned."""
    steps = np.arange(len(counts))
    turn = np.angle((counts * np.exp(2j * np.pi * steps / STEPS)).sum()) / (2 * np.pi)
    distance = steps[None, :] / STEPS - turn - np.arange(PITCH_CLASSES)[:, None]
    distance = (distance + PITCH_CLASSES / 2) % PITCH_CLASSES - PITCH_CLASSES / 2
    weights = np.where(np.abs(distance) < 0.5, np.cos(np.pi * distance) ** 2, 0.0)
    chroma = weights @ counts
    return np.asarray(chroma / chroma.sum())


def _scores(chroma: Floats) -> list[Key]:
    """The correlation with each of the 24 profiles."""
    return [
        Key(name=f"{name} {mode}", score=float(np.corrcoef(np.roll(profile, tonic), chroma)[0, 1]))
        for mode, profile in PROFILES.items()
        for tonic, name in enumerate(NAMES)
    ]

"""Analysis of a track as a stream: the channels are mixed to one, which is looked at in short and in long windows.

Short windows (93 ms every 23 ms) give timbre and rhythm, long ones (0.74 s every 0.37 s) the key. All of the track is
looked at: it costs a fiftieth of encoding it. Kept are sums, and 43 numbers a second of the onsets' envelope. Every
chunking of the input gives the same features.

What is out of phase between the channels cancels in the mix, as on a single loudspeaker; quality control warns of it.
"""

from __future__ import annotations

import math

import numpy as np
import numpy.typing as npt

from ingest.features import rhythm
from ingest.features.framing import Framing, Signal
from ingest.features.key import Pitches
from ingest.features.record import Features
from ingest.features.rhythm import Onsets
from ingest.features.timbre import Timbre
from ingest.loudness.meter import SUBWOOFERS, Reading

TOP_HZ = 11_025.0
"""Above it there is little to tell tracks apart by, and recordings of low rates have nothing."""
SHORT_S, SHORT_HOP_S = 2048 / 22_050, 512 / 22_050
LONG_S, LONG_HOP_S = 8192 / 11_025, 4096 / 11_025
QUIET_LUFS, LOUD_LUFS = -40.0, -5.0


class Analyser:
    """Analyses one signal: `feed` frames in order, then `finish` once with what the meter found."""

    def __init__(self, sample_rate_hz: int, positions: tuple[str, ...]) -> None:
        self._rate = sample_rate_hz
        heard = np.array([position not in SUBWOOFERS for position in positions])
        self._mix = (heard / max(1, heard.sum())).astype(np.float32)
        self._short = Framing(sample_rate_hz, window_s=SHORT_S, hop_s=SHORT_HOP_S, top_hz=TOP_HZ)
        self._long = Framing(sample_rate_hz, window_s=LONG_S, hop_s=LONG_HOP_S, top_hz=TOP_HZ)
        self._timbre = Timbre(self._short.frequencies_hz, TOP_HZ)
        self._onsets = Onsets()
        self._pitches = Pitches(self._long.frequencies_hz)
        self._second: Signal = np.zeros(sample_rate_hz, dtype=np.float32)
        self._held = 0
        self._level = _Level()

    def feed(self, frames: npt.NDArray[np.floating]) -> None:
        """Take frames of shape (n, channels), full scale at 1.0."""
        taken = 0
        while taken < len(frames):
            portion = frames[taken : taken + self._rate - self._held]
            self._second[self._held : self._held + len(portion)] = portion @ self._mix
            self._held += len(portion)
            taken += len(portion)
            if self._held == self._rate:
                self._work(self._second)
                self._held = 0

    def finish(self, reading: Reading) -> Features:
        """Work on what is left and give the features of what `reading` was measured of."""
        self._work(self._second[: self._held])
        for power in self._short.finish():
            self._look(power)
        for power in self._long.finish():
            self._pitches.feed(power)
        tonality = self._pitches.finish()
        beat = rhythm.tempo(self._onsets.envelope, self._short.hop_s)
        centroid, rolloff, flatness = self._timbre.shape
        means, variances = self._timbre.mfcc
        return Features(
            tempo_bpm=beat.bpm,
            tempo_confidence=beat.salience,
            danceability=beat.danceability,
            onset_rate_hz=rhythm.onset_rate_hz(self._onsets.envelope, self._short.hop_s),
            keys=tonality.keys,
            key_confidence=tonality.confidence,
            energy=_energy(reading),
            loudness_range_lu=reading.loudness_range_lu or 0.0,
            crest_db=self._level.crest_db,
            centroid_hz=centroid,
            rolloff_hz=rolloff,
            flatness=flatness,
            zero_crossing_rate_hz=self._level.crossings * self._rate / max(1, self._level.count),
            chroma=tonality.chroma,
            mfcc_means=means,
            mfcc_variances=variances,
        )

    def _work(self, mono: Signal) -> None:
        self._level.feed(mono)
        for power in self._short.feed(mono):
            self._look(power)
        for power in self._long.feed(mono):
            self._pitches.feed(power)

    def _look(self, power: Signal) -> None:
        bands = self._timbre.bands(power)
        self._timbre.feed(power, bands)
        self._onsets.feed(bands)


class _Level:
    """Peak, power and changes of sign of the waveform."""

    def __init__(self) -> None:
        self.count = 0
        self.crossings = 0
        self._peak = 0.0
        self._squares = 0.0
        self._positive = np.zeros(0, dtype=np.bool_)

    def feed(self, mono: Signal) -> None:
        if len(mono) == 0:
            return
        positive = np.concatenate([self._positive, mono >= 0])
        self.crossings += int(np.count_nonzero(positive[1:] != positive[:-1]))
        self._positive = positive[-1:]
        self._peak = max(self._peak, float(mono.max()), -float(mono.min()))
        self._squares += float(np.square(mono, dtype=np.float64).sum())
        self.count += len(mono)

    @property
    def crest_db(self) -> float:
        return 10 * math.log10(self._peak**2 * self.count / self._squares) if self._squares else 0.0


def _energy(reading: Reading) -> float:
    if reading.integrated_lufs is None:
        return 0.0
    return min(1.0, max(0.0, (reading.integrated_lufs - QUIET_LUFS) / (LOUD_LUFS - QUIET_LUFS)))

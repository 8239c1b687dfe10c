"""Loudness by ITU-R BS.1770 and EBU R 128: integrated loudness and true peak, measured as a stream.

A `Meter` is fed frames of any number, in any portions, and gives the same bits for the same signal: it collects whole
hops of 100 ms and works on those only. Memory does not grow with the signal, but for one float a hop.

Rules (ITU-R BS.1770-5, annex 1, and EBU R 128):

- K-weighting at any rate: the high shelf, then the high pass (`ingest.loudness.kweighting`).
- Channels weigh 1; surrounds 1.41; the LFE is left out. Mono is measured as dual mono, since two speakers play it.
- Integrated: blocks of 400 ms every 100 ms, an incomplete last one left out; those below -70 LUFS are left out, then
  those 10 LU below the mean of the rest. None when nothing is left: silence, or less than 400 ms.
- True peak as in `ingest.loudness.truepeak`. None for digital silence.

Not here yet, and what they would take: momentary and short-term maxima and the loudness range (finer hops, kept
energies), album loudness (the union of the tracks' `block_energies`).
"""

from __future__ import annotations

import math

import msgspec
import numpy as np

from ingest.loudness.kweighting import KFilter
from ingest.loudness.truepeak import TruePeak
from ingest.pcm import Floats

HOPS_A_SECOND = 10
HOPS_A_BLOCK = 4
HOPS_A_BATCH = 10
ABSOLUTE_GATE_LUFS = -70.0
RELATIVE_GATE_LU = -10.0
OFFSET_LUFS = -0.691  # what K-weighting adds at 997 Hz (BS.1770-5, annex 1)

SURROUNDS = frozenset({"SL", "SR", "BL", "BR", "SDL", "SDR"})
SURROUND_WEIGHT = 1.41
SUBWOOFERS = frozenset({"LFE", "LFE2"})
DUAL_MONO_WEIGHT = 2.0  # +3.01 LU


class Reading(msgspec.Struct, frozen=True, kw_only=True):
    """What a meter shows at the end of a signal."""

    integrated_lufs: float | None
    true_peak_dbtp: float | None


def channel_weights(positions: tuple[str, ...]) -> Floats:
    """The weight of every channel's energy, by its speaker."""
    if len(positions) == 1:
        return np.array([DUAL_MONO_WEIGHT])
    return np.array([_weight(position) for position in positions])


def _weight(position: str) -> float:
    if position in SUBWOOFERS:
        return 0.0
    return SURROUND_WEIGHT if position in SURROUNDS else 1.0


class Meter:
    """Measures one signal: `feed` frames in order, then `finish` once."""

    def __init__(self, sample_rate_hz: int, positions: tuple[str, ...]) -> None:
        self._weights = channel_weights(positions)
        self._hop = (sample_rate_hz + HOPS_A_SECOND // 2) // HOPS_A_SECOND
        self._filter = KFilter(sample_rate_hz, len(positions))
        self._peak = TruePeak(sample_rate_hz, len(positions))
        self._batch = np.zeros((self._hop * HOPS_A_BATCH, len(positions)))
        self._held = 0
        self._hop_energies: list[float] = []

    def feed(self, frames: Floats) -> None:
        """Take frames of shape (n, channels), full scale at 1.0."""
        taken = 0
        while taken < len(frames):
            portion = frames[taken : taken + len(self._batch) - self._held]
            self._batch[self._held : self._held + len(portion)] = portion
            self._held += len(portion)
            taken += len(portion)
            if self._held == len(self._batch):
                self._work(self._batch)
                self._held = 0

    def finish(self) -> Reading:
        """Work on what is left and give the reading; the meter is used up."""
        self._work(self._batch[: self._held])
        self._held = 0
        return Reading(integrated_lufs=integrated(self.block_energies()), true_peak_dbtp=decibels(self._peak.peak))

    def block_energies(self) -> Floats:
        """The weighted mean square of every whole 400 ms block, 100 ms apart."""
        hops = np.array(self._hop_energies)
        if len(hops) < HOPS_A_BLOCK:
            return np.zeros(0)
        return np.asarray(np.lib.stride_tricks.sliding_window_view(hops, HOPS_A_BLOCK).mean(axis=1))

    def _work(self, frames: Floats) -> None:
        self._peak.feed(frames)
        whole = len(frames) // self._hop
        if whole == 0:
            return
        weighted = self._filter.apply(frames[: whole * self._hop])
        squares = np.square(weighted).reshape(whole, self._hop, -1).mean(axis=1)
        self._hop_energies.extend((squares @ self._weights).tolist())


def integrated(block_energies: Floats) -> float | None:
    """Gate the blocks and give their loudness in LUFS; None when no block passes."""
    heard = block_energies[block_energies > _energy(ABSOLUTE_GATE_LUFS)]
    if len(heard) == 0:
        return None
    gate = heard.mean() * 10 ** (RELATIVE_GATE_LU / 10)
    return float(OFFSET_LUFS + 10 * math.log10(heard[heard > gate].mean()))


def decibels(amplitude: float) -> float | None:
    """The level of an amplitude in dB; None for 0."""
    return 20 * math.log10(amplitude) if amplitude > 0 else None


def _energy(loudness_lufs: float) -> float:
    return float(10 ** ((loudness_lufs - OFFSET_LUFS) / 10))

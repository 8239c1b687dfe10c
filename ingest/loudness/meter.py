"""Loudness by ITU-R BS.1770 and EBU R 128, measured as a stream.

A `Meter` is fed frames of any number, in any portions, and gives the same bits for the same signal: it collects whole
seconds and works on those only. Memory does not grow with the signal, but for a hundred numbers a second.

Rules (ITU-R BS.1770-5, annex 1, and EBU Tech 3341):

- K-weighting at any rate: the high shelf, then the high pass (`ingest.loudness.kweighting`).
- Channels weigh 1; surrounds between 60 and 120 degrees 1.41; the LFE is left out. Mono is measured as dual mono, since
  two speakers play it, and its figure as one channel is given beside.
- Integrated loudness and loudness range as in `ingest.loudness.gating`.
- Maximum momentary loudness: of 400 ms, looked at every 10 ms; maximum short-term loudness: of 3 s, likewise. Neither
  is gated. At 100 ms a burst that falls between two hops is read up to 0.5 LU too low (Tech 3341, case 13).
- True peak as in `ingest.loudness.truepeak`; peaks above full scale are told as they are.

Every figure is None where there is nothing that it could be: digital silence, or less than its window.
"""

from __future__ import annotations

import math

import numpy as np
import numpy.typing as npt

from ingest.loudness import gating
from ingest.loudness.kweighting import KFilter, Lines
from ingest.loudness.truepeak import TruePeak
from ingest.pcm import Floats
from origin.asset import Loudness

Reading = Loudness
"""What a meter shows at the end of a signal is what the descriptor says of it."""

STEPS_A_SECOND = 100
STEPS_A_HOP = STEPS_A_SECOND // gating.HOPS_A_SECOND
STEPS_MOMENTARY = 40
STEPS_SHORT_TERM = 300

SIDES = frozenset({"SL", "SR", "SDL", "SDR"})
BACKS = frozenset({"BL", "BR"})
SURROUND_WEIGHT = 1.41
SUBWOOFERS = frozenset({"LFE", "LFE2"})
DUAL_MONO_WEIGHT = 2.0
DUAL_MONO_LU = 10 * math.log10(DUAL_MONO_WEIGHT)


def channel_weights(positions: tuple[str, ...]) -> Floats:
    """The weight of every channel's energy, by its speaker.

    Where there are no side speakers, "back" names the surrounds of 5.1 at 110 degrees; beside side speakers it names
    those of 7.1 at 135 degrees, which weigh 1 (BS.1770-5, table 4).
    """
    if len(positions) == 1:
        return np.array([DUAL_MONO_WEIGHT])
    surrounds = SIDES if SIDES & set(positions) else BACKS
    return np.array([_weight(position, surrounds) for position in positions])


def _weight(position: str, surrounds: frozenset[str]) -> float:
    if position in SUBWOOFERS:
        return 0.0
    return SURROUND_WEIGHT if position in surrounds else 1.0


class Meter:
    """Measures one signal: `feed` frames in order, then `finish` once."""

    def __init__(self, sample_rate_hz: int, positions: tuple[str, ...]) -> None:
        self._rate = sample_rate_hz
        self._weights = channel_weights(positions)
        self._filter = KFilter(sample_rate_hz, len(positions))
        self._peak = TruePeak(sample_rate_hz, len(positions))
        # A second holds whole frames at every rate, so that its steps begin at the same frames in each.
        self._second = np.zeros((len(positions), sample_rate_hz), dtype=np.float32)
        self._held = 0
        self._bounds = np.arange(STEPS_A_SECOND + 1) * sample_rate_hz // STEPS_A_SECOND
        self._steps: list[Floats] = []

    def feed(self, frames: npt.NDArray[np.floating]) -> None:
        """Take frames of shape (n, channels), full scale at 1.0."""
        taken = 0
        while taken < len(frames):
            portion = frames[taken : taken + self._rate - self._held]
            self._second[:, self._held : self._held + len(portion)] = portion.T
            self._held += len(portion)
            taken += len(portion)
            if self._held == self._rate:
                self._work(self._second)
                self._held = 0

    def finish(self) -> Reading:
        """Work on what is left and give the reading; the meter is used up but for its energies."""
        self._work(self._second[:, : self._held])
        self._held = 0
        energies, steps = self.energies, self._all_steps()
        integrated = gating.integrated(gating.blocks(energies))
        return Reading(
            integrated_lufs=integrated,
            mono_integrated_lufs=self._mono(integrated),
            loudness_range_lu=gating.loudness_range(gating.short_terms(energies)),
            max_momentary_lufs=gating.loudness(_largest_mean(steps, STEPS_MOMENTARY)),
            max_short_term_lufs=gating.loudness(_largest_mean(steps, STEPS_SHORT_TERM)),
            sample_peak_dbfs=decibels(self._peak.sample_peak),
            true_peak_dbtp=decibels(self._peak.true_peak),
        )

    @property
    def energies(self) -> gating.Energies:
        """Of every whole hop of 100 ms (`ingest.loudness.gating`); what an album's loudness is made of."""
        steps = self._all_steps()
        whole = len(steps) // STEPS_A_HOP * STEPS_A_HOP
        return np.asarray(steps[:whole].reshape(-1, STEPS_A_HOP).mean(axis=1), dtype=np.float32)

    def _mono(self, integrated_lufs: float | None) -> float | None:
        return None if len(self._weights) > 1 or integrated_lufs is None else integrated_lufs - DUAL_MONO_LU

    def _all_steps(self) -> Floats:
        return np.concatenate([np.zeros(0), *self._steps])

    def _work(self, lines: Lines) -> None:
        self._peak.feed(lines)
        ends = self._bounds[1:]
        starts = self._bounds[:-1][ends <= lines.shape[1]]
        if len(starts) == 0:
            return
        whole = int(ends[len(starts) - 1])
        squares = np.square(self._filter.apply(lines[:, :whole]))
        energies = np.add.reduceat(squares, starts, axis=1, dtype=np.float64)
        self._steps.append(self._weights @ energies * (STEPS_A_SECOND / self._rate))


def _largest_mean(steps: Floats, count: int) -> Floats:
    """The largest mean of `count` steps in a row, as an array of one; an empty one when there are not as many."""
    if len(steps) < count:
        return np.zeros(0)
    sums = np.concatenate([[0.0], np.cumsum(steps)])
    return np.asarray([(sums[count:] - sums[:-count]).max() / count])


def decibels(amplitude: float) -> float | None:
    """The level of an amplitude in dB; None for 0."""
    return 20 * math.log10(amplitude) if amplitude > 0 else None

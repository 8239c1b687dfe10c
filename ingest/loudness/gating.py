"""Gates and statistics: from the energies of a signal's hops to its figures (ITU-R BS.1770-5, EBU Tech 3341 and 3342).

The *energies* of a signal are the mean squares of its K-weighted, weighted and summed channels over each whole hop of
100 ms, as 32-bit floats. All that needs a gate follows from them: a gating block is the mean of four in a row, a
short-term value that of thirty. So they are all that is kept of a track for the album that it may be part of.

- Integrated loudness: blocks of 400 ms every 100 ms; those at or below -70 LUFS are left out, then those 10 LU below
  the mean of the rest.
- Loudness range: short-term values every 100 ms, the same absolute gate, a relative one of 20 LU, and the distance from
  the 10th to the 95th percentile of what is left.

None where nothing is left: silence, and less than 400 ms or 3 s. What a hop holds is the meter's (`meter`).
"""

from __future__ import annotations

import math

import numpy as np
import numpy.typing as npt

from ingest.pcm import Floats

Energies = npt.NDArray[np.float32]

HOPS_A_SECOND = 10
HOPS_A_BLOCK = 4
HOPS_A_SHORT_TERM = 30
ABSOLUTE_GATE_LUFS = -70.0
RELATIVE_GATE_LU = -10.0
RANGE_GATE_LU = -20.0
RANGE_LOW, RANGE_HIGH = 0.10, 0.95
OFFSET_LUFS = -0.691  # what K-weighting adds at 997 Hz (BS.1770-5, annex 1)


def blocks(energies: Energies) -> Floats:
    """The energies of the gating blocks: 400 ms, 100 ms apart."""
    return _means(energies, HOPS_A_BLOCK)


def short_terms(energies: Energies) -> Floats:
    """The energies of the short-term values: 3 s, 100 ms apart."""
    return _means(energies, HOPS_A_SHORT_TERM)


def integrated(block_energies: Floats) -> float | None:
    """Gate the blocks and give their loudness in LUFS."""
    return loudness(_gated(block_energies, RELATIVE_GATE_LU))


def loudness_range(short_term_energies: Floats) -> float | None:
    """Gate the short-term values and give their range in LU; the percentiles are those of the nearest rank."""
    heard = np.sort(_gated(short_term_energies, RANGE_GATE_LU))
    if len(heard) == 0:
        return None
    low, high = (heard[round((len(heard) - 1) * share)] for share in (RANGE_LOW, RANGE_HIGH))
    return 10 * math.log10(high / low)


def loudness(energies: Floats) -> float | None:
    """The loudness of energies together, in LUFS; None for none and for digital silence."""
    energy = float(energies.mean()) if len(energies) else 0.0
    return OFFSET_LUFS + 10 * math.log10(energy) if energy > 0 else None


def _gated(energies: Floats, relative_gate_lu: float) -> Floats:
    heard = energies[energies > 10 ** ((ABSOLUTE_GATE_LUFS - OFFSET_LUFS) / 10)]
    if len(heard) == 0:
        return heard
    return np.asarray(heard[heard > heard.mean() * 10 ** (relative_gate_lu / 10)])


def _means(energies: Energies, count: int) -> Floats:
    if len(energies) < count:
        return np.zeros(0)
    windows = np.lib.stride_tricks.sliding_window_view(energies.astype(np.float64), count)
    return np.asarray(windows.mean(axis=1))

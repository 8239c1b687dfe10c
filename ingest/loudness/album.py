"""The loudness of an album: gated over the union of its tracks' blocks, as if they were one programme.

Not the mean of the tracks' loudness, in which a short interlude would weigh as much as a long song. What it needs is
kept beside each track when it is measured: a `loudness.blocks` object with the energies of `ingest.loudness.gating`,
little-endian 32-bit floats, ten a second. No block lies across the gap between two tracks. A track is figured from the
same rounded energies, so an album of one track is as loud as that track, to the last bit.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import msgspec
import numpy as np

from ingest.loudness import gating
from ingest.loudness.gating import Energies
from ingest.loudness.meter import Reading


class Part(msgspec.Struct, frozen=True, kw_only=True):
    """One track: what was measured, and its energies."""

    reading: Reading
    energies: Energies


def album(parts: Sequence[Part]) -> Reading:
    """The reading of the tracks together; an album of nothing is like silence."""
    readings = [part.reading for part in parts]
    blocks = [gating.blocks(part.energies) for part in parts]
    short_terms = [gating.short_terms(part.energies) for part in parts]
    return Reading(
        integrated_lufs=gating.integrated(np.concatenate([np.zeros(0), *blocks])),
        loudness_range_lu=gating.loudness_range(np.concatenate([np.zeros(0), *short_terms])),
        max_momentary_lufs=_highest(one.max_momentary_lufs for one in readings),
        max_short_term_lufs=_highest(one.max_short_term_lufs for one in readings),
        sample_peak_dbfs=_highest(one.sample_peak_dbfs for one in readings),
        true_peak_dbtp=_highest(one.true_peak_dbtp for one in readings),
    )


def encode(energies: Energies) -> bytes:
    """The content of a `loudness.blocks` object."""
    return energies.astype("<f4").tobytes()


def decode(data: bytes) -> Energies:
    """Read a `loudness.blocks` object. Raises ValueError when it is cut."""
    return np.frombuffer(data, dtype="<f4")


def _highest(figures: Iterable[float | None]) -> float | None:
    return max((figure for figure in figures if figure is not None), default=None)

"""How far an encoding is from what was asked for, and when that is too far. Pure.

What deviates is published all the same and stands in the descriptor, since players go by the measured figures and a
track must not be lost to an odd signal: a tone that a low bandwidth leaves out makes its rendition silent, rightly. One
thing no encoder does to any signal is making it much louder; what does is broken, and hurts.
"""

from __future__ import annotations

import msgspec

from ingest.errors import RenditionRejected
from ingest.loudness.meter import Reading
from ingest.pcm import PcmInfo
from ingest.renditions.ladder import Rung
from ingest.tasks import Rendered
from origin.asset import Codec

LOUDNESS_DRIFT_LU = 0.5
"""More than an encoder drifts on music, which was 0.45 LU at worst."""
TOO_LOUD_LU = 3.0
BANDWIDTH_EXCESS = 0.10
FREE_RATES = frozenset({Codec.VORBIS, Codec.FLAC})
"""Vorbis is asked for a quality, whose bandwidth is nominal; FLAC takes what it needs."""
SHORTEST_S = 10
"""A rate is a mean, and the first seconds of an encoder are not typical of it."""


class Deviation(msgspec.Struct, frozen=True, kw_only=True):
    """None where there is nothing to compare."""

    loudness_lu: float | None
    """Found minus meant."""
    bandwidth: float | None
    """As a part of what was asked for: 0.1 is a tenth more."""

    @property
    def noteworthy(self) -> bool:
        loudness = self.loudness_lu is not None and abs(self.loudness_lu) > LOUDNESS_DRIFT_LU
        return loudness or (self.bandwidth is not None and self.bandwidth > BANDWIDTH_EXCESS)


def deviation(
    rung: Rung, info: PcmInfo, rendered: Rendered, *, meant: Reading, found: Reading, gain_db: float
) -> Deviation:
    """Compare an encoding of a source of `info`. Raises RenditionRejected when it is much louder than it may be."""
    loudness = None
    if meant.integrated_lufs is not None and found.integrated_lufs is not None:
        loudness = found.integrated_lufs - meant.integrated_lufs - gain_db
        if loudness > TOO_LOUD_LU:
            raise RenditionRejected(rung.name, f"it is {loudness:.1f} LU louder than it was meant to be")
    return Deviation(loudness_lu=loudness, bandwidth=_bandwidth(rung, info, rendered))


def _bandwidth(rung: Rung, info: PcmInfo, rendered: Rendered) -> float | None:
    asked = rung.bandwidth_bps(info.channels)
    if asked is None or rung.codec in FREE_RATES or info.sample_count < SHORTEST_S * info.sample_rate_hz:
        return None
    return rendered.payload_byte_length * 8 * info.sample_rate_hz / info.sample_count / asked - 1

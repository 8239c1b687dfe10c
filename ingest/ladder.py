"""The ladder: which renditions a master becomes, as data, and what each of them carries.

Rules (docs/decisions/0020 and 0021):

- FLAC keeps the master's rate, channels and samples.
- AAC-LC is stereo or mono, at 44.1 kHz when the master's rate is of that family and at 48 kHz otherwise, so 44.1 stays
  44.1 and 48 stays 48. Encoders and players take AAC up to 96 kHz, but nothing is gained above 20 kHz of sound.
- A bandwidth is a stereo pair's; mono gets half, which sounds alike and stays below AAC's limit of 6144 bits a frame
  and channel.
- More than two channels are mixed down with the coefficients of ITU-R BS.775; the LFE is left out, as it says.

Not here yet: Opus, Ogg Vorbis, MP3, progressive files. Each is a row here and an encoder in `ingest.stages.encode`.
"""

from __future__ import annotations

import math

import msgspec
import numpy as np

from ingest.pcm import Floats
from origin.asset import Codec


class Rung(msgspec.Struct, frozen=True, kw_only=True):
    """One rendition to be made of every master."""

    name: str
    codec: Codec
    stereo_bandwidth_bps: int | None = None
    """None for lossless."""

    def bandwidth_bps(self, channels: int) -> int | None:
        """What the encoder is asked for."""
        if self.stereo_bandwidth_bps is None:
            return None
        return self.stereo_bandwidth_bps * channels // 2


# The slowest to encode first, so that the last one to end is a short one.
LADDER = (
    Rung(name="aac-320", codec=Codec.AAC, stereo_bandwidth_bps=320_000),
    Rung(name="aac-160", codec=Codec.AAC, stereo_bandwidth_bps=160_000),
    Rung(name="aac-96", codec=Codec.AAC, stereo_bandwidth_bps=96_000),
    Rung(name="flac", codec=Codec.FLAC),
)

# swresample's options for a change of rate. With tones of 1, 10 and 18 kHz from 44.1 to 48 kHz, noise and distortion
# were 140 dB below and more; the passband falls by 0.04 dB at 20 kHz.
RESAMPLER = {"filter_size": "64", "exact_rational": "1", "cutoff": "0.97", "kaiser_beta": "14"}

STEREO = ("FL", "FR")
MONO = ("FC",)
HALF_POWER = math.sqrt(0.5)

# How much of a speaker goes to the left and to the right (ITU-R BS.775-3, annex 4).
DOWNMIX: dict[str, tuple[float, float]] = {
    "FL": (1.0, 0.0),
    "FR": (0.0, 1.0),
    "FC": (HALF_POWER, HALF_POWER),
    "LFE": (0.0, 0.0),
    "LFE2": (0.0, 0.0),
    "BL": (HALF_POWER, 0.0),
    "SL": (HALF_POWER, 0.0),
    "BR": (0.0, HALF_POWER),
    "SR": (0.0, HALF_POWER),
    "BC": (0.5, 0.5),
}
ELSEWHERE = (0.5, 0.5)
"""Speakers that masters hardly ever have (height, wide): heard on both sides, without a claim to be right."""


def lossy_rate_hz(master_rate_hz: int) -> int:
    return 44_100 if master_rate_hz % 11_025 == 0 else 48_000


def lossy_sample_count(sample_count: int, master_rate_hz: int) -> int:
    """How many samples the same time takes at the lossy rate, rounded up: nothing of the end is lost."""
    return -(-sample_count * lossy_rate_hz(master_rate_hz) // master_rate_hz)


def lossy_positions(positions: tuple[str, ...]) -> tuple[str, ...]:
    return MONO if len(positions) == 1 else STEREO


def downmix_matrix(positions: tuple[str, ...]) -> Floats:
    """The (channels, 2) matrix that frames of shape (n, channels) are multiplied with."""
    return np.array([DOWNMIX.get(position, ELSEWHERE) for position in positions])

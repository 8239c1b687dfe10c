"""What the renditions are made of: the master itself, or what is derived from it, once for each rate. Pure.

Rules (docs/decisions/0021 and 0037):

- FLAC keeps the master's rate, channels and samples.
- Lossy renditions are stereo or mono. More than two channels are mixed down with the coefficients of ITU-R BS.775; the
  LFE is left out, as it says.
- Opus is at 48 kHz, the one rate that its decoders have. The others are at 44.1 kHz when the master's rate is of that
  family and at 48 kHz otherwise, so 44.1 stays 44.1 and 48 stays 48. Encoders and players take AAC up to 96 kHz, but
  nothing is gained above 20 kHz of sound.
"""

from __future__ import annotations

import math
from collections.abc import Iterable

import msgspec
import numpy as np

from ingest.pcm import Floats, PcmInfo, SampleForm
from origin.asset import Codec

OPUS_RATE_HZ = 48_000

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


def rate_hz(codec: Codec, master_rate_hz: int) -> int:
    """The rate at which a codec carries a master."""
    if codec is Codec.FLAC:
        return master_rate_hz
    if codec is Codec.OPUS:
        return OPUS_RATE_HZ
    return 44_100 if master_rate_hz % 11_025 == 0 else 48_000


def source_info(codec: Codec, master: PcmInfo) -> PcmInfo:
    """What a codec's renditions of a master are made of; the same record when that is the master itself."""
    rate = rate_hz(codec, master.sample_rate_hz)
    positions = master.positions if codec is Codec.FLAC else lossy_positions(master.positions)
    if rate == master.sample_rate_hz and len(positions) == master.channels:
        return master
    return msgspec.structs.replace(
        master,
        sample_rate_hz=rate,
        positions=positions,
        form=SampleForm.F32,
        sample_count=sample_count_at(rate, master),
    )


def derived_infos(codecs: Iterable[Codec], master: PcmInfo) -> tuple[PcmInfo, ...]:
    """The files that have to be derived for renditions of these codecs, each once."""
    wanted = dict.fromkeys(source_info(codec, master) for codec in codecs)
    return tuple(info for info in wanted if info != master)


def sample_count_at(rate: int, master: PcmInfo) -> int:
    """How many samples the master's time takes at a rate, rounded up: nothing of the end is lost."""
    return -(-master.sample_count * rate // master.sample_rate_hz)


def lossy_positions(positions: tuple[str, ...]) -> tuple[str, ...]:
    return MONO if len(positions) == 1 else STEREO


def downmix_matrix(positions: tuple[str, ...]) -> Floats:
    """The (channels, 2) matrix that frames of shape (n, channels) are multiplied with."""
    return np.array([DOWNMIX.get(position, ELSEWHERE) for position in positions])

"""The rules about what renditions are made of: rates, channels, lengths."""

import msgspec
import numpy as np
import pytest

from ingest.pcm import DEFAULT_POSITIONS, PcmInfo, SampleForm
from ingest.renditions.derivation import (
    derived_infos,
    downmix_matrix,
    lossy_positions,
    rate_hz,
    sample_count_at,
    source_info,
)
from origin.asset import Codec

MASTER = PcmInfo(
    sample_rate_hz=48_000, positions=("FL", "FR"), form=SampleForm.S16, stored_bits=16, sample_count=48_000
)


def master(rate: int, *, channels: int = 2) -> PcmInfo:
    return msgspec.structs.replace(MASTER, sample_rate_hz=rate, positions=DEFAULT_POSITIONS[channels])


@pytest.mark.parametrize("codec", [Codec.AAC, Codec.MP3, Codec.VORBIS])
@pytest.mark.parametrize(
    ("rate", "lossy"),
    [
        (44_100, 44_100),
        (48_000, 48_000),
        (88_200, 44_100),
        (176_400, 44_100),
        (96_000, 48_000),
        (192_000, 48_000),
        (22_050, 44_100),
        (32_000, 48_000),
        (16_000, 48_000),
        (8_000, 48_000),
    ],
)
def test_lossy_rate_is_of_the_master_s_family(codec: Codec, rate: int, lossy: int) -> None:
    assert rate_hz(codec, rate) == lossy


@pytest.mark.parametrize("rate", [8_000, 44_100, 48_000, 192_000])
def test_opus_is_at_48_khz_and_flac_at_the_master_s_rate(rate: int) -> None:
    assert (rate_hz(Codec.OPUS, rate), rate_hz(Codec.FLAC, rate)) == (48_000, rate)


@pytest.mark.parametrize(
    ("info", "derived"),
    [
        pytest.param(master(48_000), [], id="stereo at 48 kHz is used as it is"),
        pytest.param(master(48_000, channels=1), [], id="mono too"),
        pytest.param(master(44_100), [(48_000, 2)], id="at 44.1 kHz for Opus alone"),
        pytest.param(master(96_000), [(48_000, 2)], id="one rate serves all"),
        pytest.param(master(88_200), [(44_100, 2), (48_000, 2)], id="two rates"),
        pytest.param(master(48_000, channels=6), [(48_000, 2)], id="mixed down at its own rate"),
        pytest.param(master(22_050, channels=1), [(44_100, 1), (48_000, 1)], id="mono stays mono"),
    ],
)
def test_each_rate_is_derived_once(info: PcmInfo, derived: list[tuple[int, int]]) -> None:
    found = derived_infos(Codec, info)
    assert [(one.sample_rate_hz, one.channels) for one in found] == derived
    assert {one.form for one in found} <= {SampleForm.F32}


@pytest.mark.parametrize("codec", list(Codec))
def test_flac_alone_has_the_master_s_own_channels(codec: Codec) -> None:
    found = source_info(codec, master(48_000, channels=6))
    assert found.channels == (6 if codec is Codec.FLAC else 2)


@pytest.mark.parametrize(
    ("samples", "rate", "target", "expected"),
    [
        (48_000, 48_000, 48_000, 48_000),
        (96_001, 96_000, 48_000, 48_001),
        (22_051, 22_050, 44_100, 44_102),
        (3, 192_000, 48_000, 1),
        (44_101, 44_100, 48_000, 48_002),
    ],
)
def test_nothing_of_the_end_is_lost(samples: int, rate: int, target: int, expected: int) -> None:
    info = msgspec.structs.replace(MASTER, sample_rate_hz=rate, sample_count=samples)
    assert sample_count_at(target, info) == expected


@pytest.mark.parametrize("channels", range(3, 9))
def test_downmix_is_symmetric_and_keeps_left_and_right(channels: int) -> None:
    positions = DEFAULT_POSITIONS[channels]
    matrix = downmix_matrix(positions)
    assert matrix[:2].tolist() == [[1.0, 0.0], [0.0, 1.0]]
    assert np.isclose(matrix[:, 0].sum(), matrix[:, 1].sum())
    assert lossy_positions(positions) == ("FL", "FR")


def test_downmix_follows_bs_775() -> None:
    matrix = downmix_matrix(("FL", "FR", "FC", "LFE", "SL", "SR"))
    assert np.allclose(matrix, [[1, 0], [0, 1], [0.7071, 0.7071], [0, 0], [0.7071, 0], [0, 0.7071]], atol=1e-4)


def test_mono_stays_mono() -> None:
    assert lossy_positions(("FC",)) == ("FC",)

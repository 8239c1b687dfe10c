"""The ladder's rules about rates, channels and bandwidths."""

import numpy as np
import pytest

from ingest.ladder import LADDER, downmix_matrix, lossy_positions, lossy_rate_hz, lossy_sample_count
from ingest.pcm import DEFAULT_POSITIONS


@pytest.mark.parametrize(
    ("master", "lossy"),
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
def test_lossy_rate_is_of_the_master_s_family(master: int, lossy: int) -> None:
    assert lossy_rate_hz(master) == lossy


@pytest.mark.parametrize(
    ("samples", "rate", "expected"),
    [(48_000, 48_000, 48_000), (96_001, 96_000, 48_001), (22_051, 22_050, 44_102), (3, 192_000, 1)],
)
def test_nothing_of_the_end_is_lost(samples: int, rate: int, expected: int) -> None:
    assert lossy_sample_count(samples, rate) == expected


def test_ladder_is_aac_at_three_rates_and_flac() -> None:
    assert {rung.name: rung.bandwidth_bps(2) for rung in LADDER} == {
        "aac-96": 96_000,
        "aac-160": 160_000,
        "aac-320": 320_000,
        "flac": None,
    }


def test_mono_gets_half_the_bandwidth() -> None:
    assert [rung.bandwidth_bps(1) for rung in LADDER if rung.name == "aac-320"] == [160_000]


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

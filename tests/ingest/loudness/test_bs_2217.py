"""ITU-R BS.2217: its tones, gates and channel checks, synthesised by their description; the tolerance is its 0.1 LU.

The programmes of the set, and its signals of 10, 12 and 24 channels, more than a track may have, are files only.
"""

from typing import Any

import numpy as np
import pytest
import scipy.signal

from ingest.loudness.kweighting import highpass, shelf

RATE = 48_000
SURROUND = ("FL", "FR", "FC", "LFE", "SL", "SR")


def weighting(hz: Any) -> Any:
    """The gain of the K-weighting as amplitudes, from scipy's evaluation of the standard's table."""
    (b1, a1), (b2, a2) = shelf(RATE), highpass(RATE)
    _, response = scipy.signal.sosfreqz([[*b1, 1.0, *a1], [*b2, 1.0, *a2]], hz, fs=RATE)
    return np.abs(response)


@pytest.mark.parametrize(
    ("hz", "expected_db"),
    [(25, -10.393), (100, -1.133), (500, 0.042), (997, 0.691), (1000, 0.698), (2000, 3.071), (10_000, 4.042)],
)
def test_weighting_has_the_standard_s_gain(hz: float, expected_db: float) -> None:
    assert 20 * np.log10(weighting([hz])) == pytest.approx(expected_db, abs=0.001)


@pytest.mark.parametrize("target_lufs", [-23.0, -24.0])
@pytest.mark.parametrize(
    ("hz", "gain_db"), [(25, -10.393), (100, -1.133), (500, 0.042), (1000, 0.698), (10_000, 4.042)]
)
def test_tones_of_every_frequency_are_as_loud(signals: Any, hz: float, gain_db: float, target_lufs: float) -> None:
    level = target_lufs + 0.691 - gain_db
    assert signals.measure(signals.tones((level, 10), hz=hz)).integrated_lufs == pytest.approx(target_lufs, abs=0.1)


def test_sweep_is_as_loud_as_its_weighting_and_the_gate_make_it(signals: Any) -> None:
    """One channel, summed alone: the figure beside the dual mono one. It is calculated from the filter's response."""
    time = np.arange(20 * RATE) / RATE
    sweep = 0.1 * scipy.signal.chirp(time, 20, 20, 20_000, method="logarithmic")[:, None]
    powers = weighting(np.geomspace(20, 20_000, 20_000)) ** 2 * 0.1**2 / 2  # of every millisecond
    blocks = np.array([powers[start : start + 400].mean() for start in range(0, 19_601, 100)])
    heard = blocks[blocks > blocks.mean() / 10]  # the absolute gate is far below
    assert len(heard) < len(blocks)
    found = signals.measure(sweep, positions=("FC",))
    assert found.mono_integrated_lufs == pytest.approx(-0.691 + 10 * np.log10(heard.mean()), abs=0.1)


def test_relative_gate_leaves_out_what_lies_10_lu_below(signals: Any) -> None:
    frames = signals.tones((-90.3, 0.5), (-19.9, 0.9), (-7.1, 1.3), (-19.9, 0.8), (-90.3, 0.5))
    assert signals.measure(frames).integrated_lufs == pytest.approx(-10.0, abs=0.1)


def test_absolute_gate_leaves_out_what_lies_below_70(signals: Any) -> None:
    frames = signals.tones(*[(-90.3, 0.8), (-69.5, 0.5), (-90.3, 0.5), (-69.5, 0.5), (-90.3, 0.5), (-69.5, 0.5)])
    assert signals.measure(frames).integrated_lufs == pytest.approx(-69.5, abs=0.1)


def test_channels_sum_by_their_weights(signals: Any) -> None:
    tone = signals.tones((-24.0, 5), channels=6)
    weights = 1 + 1 + 1 + 0 + 1.41 + 1.41
    expected = -24.0 - 3.01 + 10 * np.log10(weights)
    assert signals.measure(tone, positions=SURROUND).integrated_lufs == pytest.approx(expected, abs=0.1)


@pytest.mark.parametrize(
    ("speaker", "weight"), [("FL", 1.0), ("FR", 1.0), ("FC", 1.0), ("LFE", 0.0), ("SL", 1.41), ("SR", 1.41)]
)
def test_each_channel_alone_is_weighted(signals: Any, speaker: str, weight: float) -> None:
    frames = np.zeros((5 * RATE, 6))
    level = -24.0 + 3.01 - (10 * np.log10(weight) if weight else 0.0)
    frames[:, SURROUND.index(speaker)] = signals.tones((level, 5), channels=1)[:, 0]
    found = signals.measure(frames, positions=SURROUND)
    assert found.integrated_lufs == (pytest.approx(-24.0, abs=0.1) if weight else None)
    assert found.true_peak_dbtp == pytest.approx(level, abs=0.1)  # the LFE has a peak, too

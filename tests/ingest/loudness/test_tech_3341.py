"""EBU Tech 3341 (2023), table 1: cases 1 to 6 and 9 to 23, synthesised by its description, in its tolerances.

Cases 7 and 8 are recordings of programmes, which the EBU gives away as files only.
"""

import copy
from typing import Any

import numpy as np
import pytest

from ingest.loudness import gating
from ingest.loudness.meter import Meter, Reading

RATE = 48_000


@pytest.mark.parametrize(
    ("parts", "expected_lufs"),
    [
        pytest.param([(-23, 20)], -23.0, id="case 1"),
        pytest.param([(-33, 20)], -33.0, id="case 2"),
    ],
)
def test_all_three_scales_show_a_steady_tone(signals: Any, parts: Any, expected_lufs: float) -> None:
    found = signals.measure(signals.tones(*parts))
    assert found.integrated_lufs == pytest.approx(expected_lufs, abs=0.1)
    assert found.max_momentary_lufs == pytest.approx(expected_lufs, abs=0.1)
    assert found.max_short_term_lufs == pytest.approx(expected_lufs, abs=0.1)


@pytest.mark.parametrize(
    "parts",
    [
        pytest.param([(-36, 10), (-23, 60), (-36, 10)], id="case 3"),
        pytest.param([(-72, 10), (-36, 10), (-23, 60), (-36, 10), (-72, 10)], id="case 4"),
        pytest.param([(-26, 20), (-20, 20.1), (-26, 20)], id="case 5"),
    ],
)
def test_gates_leave_out_what_is_quiet(signals: Any, parts: Any) -> None:
    assert signals.measure(signals.tones(*parts)).integrated_lufs == pytest.approx(-23.0, abs=0.1)


@pytest.mark.parametrize(
    ("positions", "levels"),
    [
        pytest.param(("FL", "FR", "FC", "BL", "BR"), (-28, -28, -24, -30, -30), id="case 6"),
        pytest.param(("FL", "FR", "FC", "LFE", "SL", "SR"), (-28, -28, -24, 0, -30, -30), id="case 6 with an LFE"),
    ],
)
def test_surround_channels_weigh_more(signals: Any, positions: tuple[str, ...], levels: tuple[float, ...]) -> None:
    frames = np.concatenate([signals.tones((level, 20.0), channels=1) for level in levels], axis=1)
    assert signals.measure(frames, positions=positions).integrated_lufs == pytest.approx(-23.0, abs=0.1)


def test_short_term_is_steady_over_a_period_of_3_s_as_case_9_asks(signals: Any) -> None:
    meter = Meter(RATE, ("FL", "FR"))
    meter.feed(signals.tones(*[(-20, 1.34), (-30, 1.66)] * 5))
    found = meter.finish()
    every = gating.OFFSET_LUFS + 10 * np.log10(gating.short_terms(meter.energies))
    assert np.abs(every + 23.0).max() <= 0.1
    assert found.max_short_term_lufs == pytest.approx(-23.0, abs=0.1)


@pytest.mark.parametrize("shift", range(20))
def test_short_term_catches_a_burst_at_any_time_as_case_10_asks(signals: Any, shift: int) -> None:
    burst = [signals.silence(shift * 0.15), signals.tones((-23, 3)), signals.silence(1)]
    assert signals.measure(np.concatenate(burst)).max_short_term_lufs == pytest.approx(-23.0, abs=0.1)


def so_far(meter: Meter) -> Reading:
    """What it shows now; the meter itself goes on."""
    return copy.deepcopy(meter).finish()


def test_short_term_follows_the_steps_of_case_11(signals: Any) -> None:
    """The successive maxima are those of the signal up to each step."""
    meter = Meter(RATE, ("FL", "FR"))
    for step in range(20):
        meter.feed(signals.silence(step * 0.15))
        meter.feed(signals.tones((-38 + step, 3)))
        meter.feed(signals.silence(3 - step * 0.15))
        assert so_far(meter).max_short_term_lufs == pytest.approx(-38.0 + step, abs=0.1)


def test_momentary_is_steady_over_a_period_of_400_ms_as_case_12_asks(signals: Any) -> None:
    meter = Meter(RATE, ("FL", "FR"))
    meter.feed(signals.tones(*[(-20, 0.18), (-30, 0.22)] * 25))
    found = meter.finish()
    every = gating.OFFSET_LUFS + 10 * np.log10(gating.blocks(meter.energies))
    assert np.abs(every[6:] + 23.0).max() <= 0.1
    assert found.max_momentary_lufs == pytest.approx(-23.0, abs=0.1)


@pytest.mark.parametrize("shift", range(20))
def test_momentary_catches_a_burst_at_any_time_as_case_13_asks(signals: Any, shift: int) -> None:
    burst = [signals.silence(shift * 0.02), signals.tones((-23, 0.4)), signals.silence(1)]
    assert signals.measure(np.concatenate(burst)).max_momentary_lufs == pytest.approx(-23.0, abs=0.1)


def test_momentary_follows_the_steps_of_case_14(signals: Any) -> None:
    meter = Meter(RATE, ("FL", "FR"))
    for step in range(20):
        meter.feed(signals.silence(step * 0.02))
        meter.feed(signals.tones((-38 + step, 0.4)))
        meter.feed(signals.silence(0.4 - step * 0.02))
        assert so_far(meter).max_momentary_lufs == pytest.approx(-38.0 + step, abs=0.1)


# +0.2 and -0.4 dB are the standard's tolerance of true peaks.
@pytest.mark.parametrize(
    ("divisor", "phase_degrees", "amplitude", "expected_dbtp"),
    [
        pytest.param(4, 0.0, 0.5, -6.0, id="case 15"),
        pytest.param(4, 45.0, 0.5, -6.0, id="case 16"),
        pytest.param(6, 60.0, 0.5, -6.0, id="case 17"),
        pytest.param(8, 67.5, 0.5, -6.0, id="case 18"),
        pytest.param(4, 45.0, 1.41, 3.0, id="case 19"),
    ],
)
def test_true_peak_lies_between_the_samples(
    signals: Any, divisor: int, phase_degrees: float, amplitude: float, expected_dbtp: float
) -> None:
    time = np.arange(RATE)
    wave = amplitude * fade(RATE, RATE) * np.sin(2 * np.pi * time / divisor + np.deg2rad(phase_degrees))
    found = signals.measure(np.stack([wave, wave], axis=1)).true_peak_dbtp
    assert -0.4 <= found - expected_dbtp <= 0.2


@pytest.mark.parametrize("offset", [pytest.param(0, id="case 20"), 1, 2, pytest.param(3, id="case 23")])
def test_true_peak_of_one_period_in_a_tone_is_caught(signals: Any, offset: int) -> None:
    wave = one_loud_period()[offset::4]
    found = signals.measure(np.stack([wave, wave], axis=1)).true_peak_dbtp
    assert -0.4 <= found <= 0.2


def test_tone_for_calibration_shows_its_level(signals: Any) -> None:
    assert signals.measure(signals.tones((-18, 5))).integrated_lufs == pytest.approx(-18.0, abs=0.1)


def fade(length: int, rate: int) -> Any:
    """10 ms in and out."""
    time = np.arange(length)
    return np.minimum(1.0, np.minimum(time, time[::-1]) / (rate // 100))


def one_loud_period() -> Any:
    """A tone of fs/6 at half scale holding one period of fs/4 at full scale, at four times the rate, band-limited."""
    before = 0.5 * np.sin(2 * np.pi * np.arange(24 * 1000) / 24)
    wave = np.concatenate([before, np.sin(2 * np.pi * np.arange(16) / 16), before])
    places = np.arange(511) - 255
    taps = np.sinc(places / 4) * np.blackman(511)
    return np.convolve(wave * fade(len(wave), 4 * RATE), taps / taps.sum(), mode="same")

"""The meter against EBU Tech 3341, scipy's filter, FFmpeg's ebur128 filter, and its own promises."""

from fractions import Fraction
from typing import Any

import av
import numpy as np
import pytest
import scipy.signal
from hypothesis import given, settings
from hypothesis import strategies as st

from ingest.loudness.kweighting import KFilter, highpass, shelf
from ingest.loudness.meter import Meter, Reading, channel_weights
from ingest.loudness.truepeak import TruePeak, oversampling, phases

STEREO = ("FL", "FR")
RATE = 48_000


def measure(frames: Any, rate: int = RATE, positions: tuple[str, ...] = STEREO) -> Reading:
    meter = Meter(rate, positions)
    meter.feed(frames)
    return meter.finish()


def tones(*parts: tuple[float, float], rate: int = RATE, hz: float = 1000.0, channels: int = 2) -> Any:
    """One phase-continuous tone whose level (peak dBFS) changes: (level, seconds) after (level, seconds)."""
    levels = np.concatenate([np.full(round(seconds * rate), 10 ** (level / 20)) for level, seconds in parts])
    wave = levels * np.sin(2 * np.pi * hz * np.arange(len(levels)) / rate)
    return np.repeat(wave[:, None], channels, axis=1)


# EBU Tech 3341 (2023), table 1; the levels and lengths are the standard's, the tolerance is too.
@pytest.mark.parametrize(
    ("parts", "expected_lufs"),
    [
        pytest.param([(-23, 20)], -23.0, id="case 1"),
        pytest.param([(-33, 20)], -33.0, id="case 2"),
        pytest.param([(-36, 10), (-23, 60), (-36, 10)], -23.0, id="case 3"),
        pytest.param([(-72, 10), (-36, 10), (-23, 60), (-36, 10), (-72, 10)], -23.0, id="case 4"),
        pytest.param([(-26, 20), (-20, 20.1), (-26, 20)], -23.0, id="case 5"),
    ],
)
def test_integrated_loudness_meets_tech_3341(parts: list[tuple[float, float]], expected_lufs: float) -> None:
    found = measure(tones(*parts)).integrated_lufs
    assert found is not None
    assert abs(found - expected_lufs) <= 0.1


@pytest.mark.parametrize(
    ("positions", "levels"),
    [
        pytest.param(("FL", "FR", "FC", "BL", "BR"), (-28, -28, -24, -30, -30), id="5.0"),
        pytest.param(("FL", "FR", "FC", "LFE", "SL", "SR"), (-28, -28, -24, 0, -30, -30), id="5.1, the LFE left out"),
    ],
)
def test_surround_loudness_meets_tech_3341_case_6(positions: tuple[str, ...], levels: tuple[float, ...]) -> None:
    frames = np.concatenate([tones((level, 20.0), channels=1) for level in levels], axis=1)
    found = measure(frames, positions=positions).integrated_lufs
    assert found is not None
    assert abs(found + 23.0) <= 0.1


# Cases 15 to 19: a tone at a fraction of the rate, faded over 10 ms; +0.2 and -0.4 dB are the standard's tolerance.
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
def test_true_peak_meets_tech_3341(divisor: int, phase_degrees: float, amplitude: float, expected_dbtp: float) -> None:
    time = np.arange(RATE)
    fade = np.minimum(1.0, np.minimum(time, time[::-1]) / (RATE // 100))
    wave = amplitude * fade * np.sin(2 * np.pi * time / divisor + np.deg2rad(phase_degrees))
    found = measure(np.stack([wave, wave], axis=1)).true_peak_dbtp
    assert found is not None
    assert -0.4 <= found - expected_dbtp <= 0.2


def test_filter_has_the_standard_s_coefficients_at_48_khz() -> None:
    (b, a), (d, c) = shelf(RATE), highpass(RATE)
    assert np.allclose([*b, *a], [1.53512486, -2.69169619, 1.19839281, -1.69065929, 0.73248077], atol=1e-8)
    assert np.allclose([*d, *c], [1.0, -2.0, 1.0, -1.99004745, 0.99007225], atol=1e-8)


@pytest.mark.parametrize("rate", [8_000, 44_100, 48_000, 192_000])
def test_filter_answers_as_scipy_s_does(rate: int) -> None:
    (b1, a1), (b2, a2) = shelf(rate), highpass(rate)
    noise = np.random.default_rng(rate).normal(size=(rate + 37, 3))
    expected = scipy.signal.sosfilt([[*b1, 1.0, *a1], [*b2, 1.0, *a2]], noise, axis=0)
    ours = KFilter(rate, 3)
    pieces = [ours.apply(piece) for piece in np.array_split(noise, 7)]
    assert np.allclose(np.concatenate(pieces), expected, rtol=0, atol=1e-9)


@pytest.mark.parametrize(
    ("rate", "factor"), [(44_100, 4), (88_200, 4), (96_000, 2), (176_400, 2), (192_000, 1), (384_000, 1)]
)
def test_oversamples_less_at_higher_rates(rate: int, factor: int) -> None:
    assert oversampling(rate) == factor


def test_interpolation_filter_is_symmetric_and_passes_a_constant() -> None:
    split = phases(4)
    assert np.allclose(split.sum(axis=0), 1.0)
    assert np.allclose(split[:, 0], np.eye(32)[16])
    assert np.allclose(split[:, 1], split[::-1, 3])
    assert np.allclose(split[:, 2], split[::-1, 2])


@pytest.mark.parametrize("rate", [44_100, 96_000])
def test_leaving_rows_out_never_changes_the_true_peak(rate: int) -> None:
    noise = np.random.default_rng(3).normal(size=(rate + 5, 2)) * np.linspace(0.1, 1, rate + 5)[:, None]
    meter = TruePeak(rate, 2)
    for piece in np.array_split(noise, 5):
        meter.feed(piece)
    factor = oversampling(rate)
    dense = [
        scipy.signal.upfirdn(phases(factor).reshape(-1), line, up=factor)[: len(line) * factor] for line in noise.T
    ]
    assert meter.peak == pytest.approx(np.abs(dense).max(), rel=1e-12)


@pytest.mark.parametrize("samples", [1, 31, 32, 33, 48_001])
def test_true_peak_of_any_length_is_found(samples: int) -> None:
    meter = TruePeak(RATE, 2)
    meter.feed(np.full((samples, 2), 0.5))
    assert 0.5 <= meter.peak < 0.6  # a step rings


def test_peaks_above_full_scale_are_reported_as_they_are() -> None:
    assert measure(tones((6.0, 1.0))).true_peak_dbtp == pytest.approx(6.0, abs=0.01)


def test_silence_has_no_loudness_and_no_peak() -> None:
    assert measure(np.zeros((RATE * 2, 2))) == Reading(integrated_lufs=None, true_peak_dbtp=None)


def test_nothing_has_no_loudness_and_no_peak() -> None:
    assert measure(np.zeros((0, 2))) == Reading(integrated_lufs=None, true_peak_dbtp=None)


def test_less_than_one_block_has_a_peak_only() -> None:
    block = round(0.4 * RATE)
    assert measure(tones((-23, 1.0))[: block - 1]).integrated_lufs is None
    assert measure(tones((-23, 1.0))[: block - 1]).true_peak_dbtp == pytest.approx(-23.0, abs=0.05)
    assert measure(tones((-23, 1.0))[:block]).integrated_lufs == pytest.approx(-23.0, abs=0.1)


def test_below_the_absolute_gate_has_no_loudness() -> None:
    assert measure(tones((-75, 5))).integrated_lufs is None


def test_mono_is_measured_as_dual_mono() -> None:
    stereo = measure(tones((-23, 5))).integrated_lufs
    assert measure(tones((-23, 5), channels=1), positions=("FC",)).integrated_lufs == pytest.approx(stereo, abs=1e-9)


def test_weights_follow_the_speakers() -> None:
    positions = ("FL", "FR", "FC", "LFE", "BL", "BR", "SL", "SR")
    assert channel_weights(positions).tolist() == [1, 1, 1, 0, 1.41, 1.41, 1.41, 1.41]


@pytest.mark.parametrize("gain_db", [-20.0, 6.5])
def test_gain_moves_both_figures_by_itself(masters: Any, gain_db: float) -> None:
    music = masters.music(4.0) * 0.5
    before, after = measure(music), measure(music * 10 ** (gain_db / 20))
    assert after.integrated_lufs == pytest.approx(before.integrated_lufs + gain_db, abs=0.01)
    assert after.true_peak_dbtp == pytest.approx(before.true_peak_dbtp + gain_db, abs=1e-6)


def test_silence_around_a_track_changes_nothing(masters: Any) -> None:
    music, silence = masters.music(30.0), np.zeros((RATE * 3, 2))
    padded = measure(np.concatenate([silence, music, silence])).integrated_lufs
    assert padded == pytest.approx(measure(music).integrated_lufs, abs=0.1)


@settings(max_examples=15, deadline=None)
@given(cuts=st.lists(st.integers(0, 100_000), max_size=8))
def test_any_portions_give_the_same_bits(cuts: list[int]) -> None:
    noise = np.random.default_rng(9).normal(size=(100_000, 2)) * 0.1
    meter = Meter(44_100, STEREO)
    for piece in np.split(noise, sorted(cuts)):
        meter.feed(piece)
    assert meter.finish() == measure(noise, 44_100)


def ffmpeg_reading(frames: Any, rate: int, layout: str) -> tuple[float, float]:
    """(integrated, true peak in dB) by FFmpeg's ebur128 filter; frames a multiple of 100 ms, of which it works in."""
    graph = av.filter.Graph()
    source = graph.add_abuffer(format="flt", sample_rate=rate, layout=layout, time_base=Fraction(1, rate))
    meter = graph.add("ebur128", "metadata=1:peak=true:dualmono=true:framelog=quiet")
    sink = graph.add("abuffersink")
    source.link_to(meter)
    meter.link_to(sink)
    graph.configure()
    frame = av.AudioFrame.from_ndarray(
        np.ascontiguousarray(frames.astype(np.float32).reshape(1, -1)), format="flt", layout=layout
    )
    frame.sample_rate, frame.pts, frame.time_base = rate, 0, Fraction(1, rate)
    graph.push(frame)
    graph.push(None)
    last: dict[str, str] = {}
    while True:
        try:
            last = dict(graph.pull().metadata)
        except (av.BlockingIOError, av.EOFError):
            break
    peaks = [float(value) for key, value in last.items() if key.startswith("lavfi.r128.true_peaks_ch")]
    return float(last["lavfi.r128.I"]), 20 * np.log10(max(peaks))


@pytest.mark.parametrize(
    ("rate", "channels", "layout", "positions"),
    [
        pytest.param(48_000, 2, "stereo", STEREO, id="48 kHz stereo"),
        pytest.param(44_100, 2, "stereo", STEREO, id="44.1 kHz stereo"),
        pytest.param(96_000, 2, "stereo", STEREO, id="96 kHz stereo"),
        pytest.param(48_000, 1, "mono", ("FC",), id="48 kHz mono"),
        pytest.param(48_000, 6, "5.1(side)", ("FL", "FR", "FC", "LFE", "SL", "SR"), id="48 kHz 5.1"),
    ],
)
def test_agrees_with_ffmpeg(masters: Any, rate: int, channels: int, layout: str, positions: tuple[str, ...]) -> None:
    quiet_then_loud = masters.music(12.0, rate, channels=channels) * np.linspace(0.05, 0.9, 12 * rate)[:, None]
    found = measure(quiet_then_loud, rate, positions)
    integrated, peak = ffmpeg_reading(quiet_then_loud, rate, layout)
    assert found.integrated_lufs == pytest.approx(integrated, abs=0.1)
    # The filter prints three decimals of an amplitude, and its own resampler leaves other peaks between the samples.
    assert found.true_peak_dbtp == pytest.approx(peak, abs=0.35)

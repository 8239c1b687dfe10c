"""What the meter promises of any signal, whatever the standard's own test signals show."""

from typing import Any

import numpy as np
import pytest
import scipy.signal
from hypothesis import given, settings
from hypothesis import strategies as st

from ingest.loudness.meter import Meter, Reading, channel_weights

STEREO = ("FL", "FR")
RATE = 48_000
NOTHING = Reading(integrated_lufs=None, true_peak_dbtp=None)


@pytest.mark.parametrize("rate", [48_000, 11_025])
def test_gain_moves_levels_and_leaves_the_range(masters: Any, signals: Any, rate: int) -> None:
    music = masters.music(8.0, rate) * np.linspace(0.05, 0.5, 8 * rate)[:, None]
    before = signals.measure(music, rate)
    for gain_db in (-12.0, 0.1, 6.5):
        after = signals.measure(music * 10 ** (gain_db / 20), rate)
        assert after.loudness_range_lu == pytest.approx(before.loudness_range_lu, abs=1e-3)
        for figure in (
            "integrated_lufs",
            "max_momentary_lufs",
            "max_short_term_lufs",
            "sample_peak_dbfs",
            "true_peak_dbtp",
        ):
            assert getattr(after, figure) == pytest.approx(getattr(before, figure) + gain_db, abs=1e-3)


def test_channels_may_be_swapped(masters: Any, signals: Any) -> None:
    music = masters.music(5.0) * [0.2, 0.9]
    assert signals.measure(music[:, ::-1]) == signals.measure(music)


def test_energies_of_channels_add_up(masters: Any, signals: Any) -> None:
    music = masters.music(5.0)
    left, right = music * [1, 0], music * [0, 1]
    powers = [10 ** (signals.measure(one).max_short_term_lufs / 10) for one in (left, right)]
    together = [signals.measure(music).max_short_term_lufs]
    assert together == pytest.approx([10 * np.log10(sum(powers))], abs=0.05)


def test_silence_around_a_track_changes_nothing(masters: Any, signals: Any) -> None:
    music, silence = masters.music(20.0), signals.silence(3)
    padded = signals.measure(np.concatenate([silence, music, silence]))
    assert padded.integrated_lufs == pytest.approx(signals.measure(music).integrated_lufs, abs=0.1)


# At 8 kHz the filter of the standard is a tenth of a decibel another one, in every meter.
@pytest.mark.parametrize("rate", [11_025, 16_000, 22_050, 44_100, 96_000, 192_000])
def test_the_same_sound_is_as_loud_at_every_rate(signals: Any, rate: int) -> None:
    def sound(at: int) -> Any:
        time = np.arange(6 * at) / at
        return sum(0.1 * np.sin(2 * np.pi * hz * time + hz) for hz in (60, 440, 997))[:, None].repeat(2, 1)

    found, reference = signals.measure(sound(rate), rate), signals.measure(sound(RATE))
    assert found.integrated_lufs == pytest.approx(reference.integrated_lufs, abs=0.1)
    assert found.max_momentary_lufs == pytest.approx(reference.max_momentary_lufs, abs=0.1)
    assert found.true_peak_dbtp == pytest.approx(reference.true_peak_dbtp, abs=0.1)


def test_a_resampled_recording_is_as_loud(masters: Any, signals: Any) -> None:
    music = masters.music(6.0, 44_100)
    for rate in (48_000, 96_000):
        resampled = scipy.signal.resample(music, len(music) * rate // 44_100, axis=0)
        found, reference = signals.measure(resampled, rate), signals.measure(music, 44_100)
        assert found.integrated_lufs == pytest.approx(reference.integrated_lufs, abs=0.1)
        assert found.true_peak_dbtp == pytest.approx(reference.true_peak_dbtp, abs=0.2)


@settings(max_examples=15)
@given(cuts=st.lists(st.integers(0, 100_000), max_size=8), rate=st.sampled_from([8_000, 11_025, 44_100, 96_000]))
def test_any_portions_give_the_same_bits(cuts: list[int], rate: int) -> None:
    noise = np.random.default_rng(9).normal(size=(100_000, 2)) * 0.1
    whole, meter = Meter(rate, STEREO), Meter(rate, STEREO)
    whole.feed(noise)
    for piece in np.split(noise, sorted(cuts)):
        meter.feed(piece)
    assert meter.finish() == whole.finish()
    assert meter.energies.tobytes() == whole.energies.tobytes()


@pytest.mark.parametrize("seconds", [0.0, 0.1, 5.0])
def test_silence_has_no_figures(signals: Any, seconds: float) -> None:
    assert signals.measure(signals.silence(seconds)) == NOTHING


@pytest.mark.parametrize(
    ("seconds", "missing"),
    [
        pytest.param(
            0.4 - 1 / RATE,
            {"integrated_lufs", "loudness_range_lu", "max_momentary_lufs", "max_short_term_lufs"},
            id="less than a block has its peaks only",
        ),
        pytest.param(0.4, {"loudness_range_lu", "max_short_term_lufs"}, id="a block has a loudness"),
        pytest.param(3 - 1 / RATE, {"loudness_range_lu", "max_short_term_lufs"}, id="less than 3 s has no range"),
        pytest.param(3.0, set(), id="3 s have everything"),
    ],
)
def test_figures_need_their_window(signals: Any, seconds: float, missing: set[str]) -> None:
    found = signals.measure(signals.tones((-23, seconds)))
    figures = set(Reading.__struct_fields__) - {"mono_integrated_lufs"}
    assert {figure for figure in figures if getattr(found, figure) is None} == missing
    assert found.true_peak_dbtp == pytest.approx(-23.0, abs=0.05)


def test_below_the_absolute_gate_has_no_loudness_but_its_maxima(signals: Any) -> None:
    found = signals.measure(signals.tones((-75, 5)))
    assert (found.integrated_lufs, found.loudness_range_lu) == (None, None)
    assert found.max_momentary_lufs == pytest.approx(-75, abs=0.1)


def test_peaks_above_full_scale_are_reported_as_they_are(signals: Any) -> None:
    found = signals.measure(signals.tones((6.0, 1.0)))
    assert found.true_peak_dbtp == pytest.approx(6.0, abs=0.01)
    assert found.sample_peak_dbfs == pytest.approx(6.0, abs=0.01)


def test_mono_is_measured_as_dual_mono_with_both_figures(signals: Any) -> None:
    stereo = signals.measure(signals.tones((-23, 5)))
    mono = signals.measure(signals.tones((-23, 5), channels=1), positions=("FC",))
    assert mono.integrated_lufs == pytest.approx(stereo.integrated_lufs, abs=1e-6)
    assert mono.mono_integrated_lufs == pytest.approx(stereo.integrated_lufs - 3.0103, abs=1e-3)
    assert stereo.mono_integrated_lufs is None


@pytest.mark.parametrize(
    ("positions", "weights"),
    [
        pytest.param(("FC",), [2], id="mono as dual mono"),
        pytest.param(("FL", "FR"), [1, 1], id="stereo"),
        pytest.param(
            ("FL", "FR", "FC", "LFE", "BL", "BR"), [1, 1, 1, 0, 1.41, 1.41], id="5.1 with backs for surrounds"
        ),
        pytest.param(
            ("FL", "FR", "FC", "LFE", "BL", "BR", "SL", "SR"),
            [1, 1, 1, 0, 1, 1, 1.41, 1.41],
            id="7.1: backs at 135 degrees weigh 1",
        ),
        pytest.param(("FL", "FR", "FC", "LFE", "BC", "SL", "SR"), [1, 1, 1, 0, 1, 1.41, 1.41], id="6.1"),
    ],
)
def test_weights_follow_the_speakers(positions: tuple[str, ...], weights: list[float]) -> None:
    assert channel_weights(positions).tolist() == weights


def test_what_a_meter_keeps_is_a_hundred_numbers_a_second() -> None:
    meter = Meter(8_000, STEREO)
    noise = np.random.default_rng(1).normal(size=(8_000, 2))
    for _ in range(100):
        meter.feed(noise)
    assert meter.finish().integrated_lufs is not None
    assert sum(part.nbytes for part in meter._steps) == 100 * 100 * 8

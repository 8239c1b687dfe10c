"""The interpolation filter and its peaks against scipy's polyphase filter."""

import numpy as np
import pytest
import scipy.signal

from ingest.loudness.truepeak import PIECE, ROW, TruePeak, oversampling, phases


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
@pytest.mark.parametrize("length", [ROW - 1, ROW, PIECE, PIECE + 1, 3 * PIECE + ROW + 5])
def test_leaving_pieces_out_never_changes_the_true_peak(rate: int, length: int) -> None:
    swelling = np.random.default_rng(3).normal(size=(2, length)) * np.linspace(0.1, 1, length)
    for signal in (swelling, swelling[:, ::-1]):
        meter = TruePeak(rate, 2)
        for piece in np.array_split(signal.astype(np.float32), 5, axis=1):
            meter.feed(piece)
        factor = oversampling(rate)
        taps = phases(factor).reshape(-1)
        dense = [scipy.signal.upfirdn(taps, line, up=factor)[: length * factor] for line in signal]
        assert meter.true_peak == pytest.approx(max(np.abs(dense).max(), np.abs(signal).max()), rel=1e-6)
        assert meter.sample_peak == pytest.approx(np.abs(signal).max(), rel=1e-6)


@pytest.mark.parametrize("samples", [1, 31, 32, 33, 48_001])
def test_true_peak_of_any_length_is_found(samples: int) -> None:
    meter = TruePeak(48_000, 2)
    meter.feed(np.full((2, samples), 0.5, dtype=np.float32))
    assert 0.5 <= meter.true_peak < 0.6  # a step rings


def test_a_high_rate_has_its_samples_for_peaks() -> None:
    noise = np.random.default_rng(1).normal(size=(2, 5000)).astype(np.float32)
    meter = TruePeak(192_000, 2)
    meter.feed(noise)
    assert meter.true_peak == meter.sample_peak == np.abs(noise).max()


def test_a_peak_between_two_portions_is_found() -> None:
    signal = np.zeros((1, 200), dtype=np.float32)
    signal[0, 99:101] = 1.0
    whole, halves = TruePeak(44_100, 1), TruePeak(44_100, 1)
    whole.feed(signal)
    halves.feed(signal[:, :100])
    halves.feed(signal[:, 100:])
    assert halves.true_peak == pytest.approx(whole.true_peak, rel=1e-6)
    assert halves.true_peak == pytest.approx(4 / np.pi, abs=0.01)

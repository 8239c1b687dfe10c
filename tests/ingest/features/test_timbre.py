"""Spectral figures of signals that have known ones, and scipy's transform for the cepstrum."""

from typing import Any

import numpy as np
import pytest
import scipy.fft

from ingest.features.timbre import BANDS, Timbre, _cosines

RATE = 22_050


def tone(hz: float, rate: int = RATE, dbfs: float = -6.0) -> Any:
    return (10 ** (dbfs / 20) * np.sin(2 * np.pi * hz * np.arange(4 * rate) / rate))[:, None]


@pytest.mark.parametrize("hz", [220.0, 1000.0, 5000.0])
def test_spectrum_of_a_tone_lies_at_its_frequency(sounds: Any, hz: float) -> None:
    found = sounds.analyse(tone(hz))
    assert found.centroid_hz == pytest.approx(hz, rel=0.01)
    assert found.rolloff_hz == pytest.approx(hz, abs=15)
    assert found.flatness < 1e-3
    assert found.zero_crossing_rate_hz == pytest.approx(2 * hz, rel=0.01)
    assert found.crest_db == pytest.approx(3.01, abs=0.05)


def test_spectrum_of_noise_is_flat(sounds: Any) -> None:
    noise = np.random.default_rng(4).normal(size=(8 * RATE, 1)) * 0.1
    found = sounds.analyse(noise)
    assert found.centroid_hz == pytest.approx(RATE / 4, rel=0.02)
    assert found.rolloff_hz == pytest.approx(0.85 * RATE / 2, rel=0.02)
    assert found.flatness == pytest.approx(0.56, abs=0.02)  # e to the minus Euler's constant: of an exponential's means
    assert found.zero_crossing_rate_hz == pytest.approx(RATE / 2, rel=0.02)


@pytest.mark.parametrize("rate", [16_000, 44_100, 48_000, 192_000])
def test_figures_do_not_depend_on_the_sampling_rate(sounds: Any, rate: int) -> None:
    low, other = sounds.analyse(tone(1000)), sounds.analyse(tone(1000, rate), rate)
    assert other.centroid_hz == pytest.approx(low.centroid_hz, rel=0.01)
    assert other.zero_crossing_rate_hz == pytest.approx(low.zero_crossing_rate_hz, rel=0.01)
    # Windows are powers of two, whose length in seconds may differ by half; and low rates end before the highest band.
    assert other.mfcc_means[0] == pytest.approx(low.mfcc_means[0], rel=0.1)


def test_level_moves_the_zeroth_coefficient_alone(sounds: Any) -> None:
    noise = np.random.default_rng(5).normal(size=(4 * RATE, 1)) * 0.1
    loud, quiet = sounds.analyse(noise), sounds.analyse(noise / 2)
    assert np.subtract(quiet.mfcc_means, loud.mfcc_means)[1:] == pytest.approx(0.0, abs=0.01)
    assert quiet.mfcc_means[0] - loud.mfcc_means[0] == pytest.approx(-np.log(4) * np.sqrt(BANDS), rel=0.01)
    assert quiet.mfcc_variances == pytest.approx(loud.mfcc_variances, rel=0.01)


def test_cepstrum_is_the_orthonormal_cosine_transform() -> None:
    levels = np.random.default_rng(6).normal(size=(5, BANDS))
    assert levels @ _cosines() == pytest.approx(scipy.fft.dct(levels, norm="ortho")[:, :13])


def test_pauses_do_not_colour_the_sound() -> None:
    frequencies = np.linspace(0, 11_025, 1025)
    spectrum = np.zeros((1, 1025), dtype=np.float32)
    spectrum[0, 100] = 0.1
    heard, paused = Timbre(frequencies, 11_025), Timbre(frequencies, 11_025)
    for timbre, frames in ((heard, spectrum), (paused, np.concatenate([spectrum, spectrum * 1e-9]))):
        timbre.feed(frames, timbre.bands(frames))
    assert paused.shape == heard.shape
    assert paused.mfcc == heard.mfcc

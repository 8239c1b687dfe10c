"""Analysis as a stream, and its record."""

from typing import Any

import msgspec
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ingest.features.analyser import Analyser
from ingest.features.record import LAYOUT, Features
from ingest.loudness.meter import Reading

RATE = 11_025
READING = Reading(integrated_lufs=-14.0, loudness_range_lu=6.0, true_peak_dbtp=-1.0)


@settings(max_examples=10)
@given(cuts=st.lists(st.integers(0, 8 * RATE), max_size=6))
def test_any_portions_give_the_same_features(masters: Any, cuts: list[int]) -> None:
    music = masters.music(8.0, RATE)
    whole, pieces = Analyser(RATE, ("FL", "FR")), Analyser(RATE, ("FL", "FR"))
    whole.feed(music)
    for piece in np.split(music, sorted(cuts)):
        pieces.feed(piece)
    assert pieces.finish(READING) == whole.finish(READING)


@pytest.mark.parametrize("samples", [0, 1, 1000, 30_000])
def test_silence_of_any_length_has_figures_that_are_numbers(sounds: Any, samples: int) -> None:
    found = sounds.analyse(np.zeros((samples, 2)))
    assert found.musical_key is None
    assert found.tempo_bpm is None
    assert np.isfinite(found.vector).all()
    assert found.energy == 0.0


@pytest.mark.parametrize("samples", [1, 1000, 30_000])
def test_sound_of_any_length_has_figures_that_are_numbers(sounds: Any, samples: int) -> None:
    found = sounds.analyse(np.random.default_rng(samples).normal(size=(samples, 2)))
    assert np.isfinite(found.vector).all()


TIME = np.arange(3 * 44_100)


@pytest.mark.parametrize(
    "wave",
    [
        pytest.param(np.where(TIME == 50_000, 1.0, 0.0), id="a single click"),
        pytest.param((-1.0) ** TIME, id="full scale at half the rate"),
        pytest.param(np.full(len(TIME), 1.0), id="an offset and nothing else"),
        pytest.param(np.sin(TIME * 0.05) * 1e-30, id="next to nothing"),
        pytest.param((-1.0) ** TIME * (2.0**32 - 1024), id="the loudest that is measured"),
    ],
)
def test_signals_at_the_edge_have_figures_that_are_numbers(sounds: Any, wave: Any) -> None:
    """A click's spectrum is so flat that its peaks have no top; warnings of numpy fail the test."""
    assert np.isfinite(sounds.analyse(wave[:, None], 44_100).vector).all()


def test_vector_is_laid_out_as_it_is_told(sounds: Any) -> None:
    found = sounds.analyse(sounds.cadence(0))
    assert len(found.vector) == len(LAYOUT) == 50
    scalars = {name: value for (name, _), value in zip(LAYOUT, found.vector, strict=True) if hasattr(found, name)}
    assert len(scalars) == 12
    assert all(value == (getattr(found, name) or 0.0) for name, value in scalars.items())
    assert found.vector[12:24] == found.chroma
    assert found.vector[24:37] == found.mfcc_means
    assert found.vector[37:] == found.mfcc_variances


def test_energy_is_the_loudness_of_the_track(sounds: Any) -> None:
    noise = np.random.default_rng(7).normal(size=(4 * RATE, 1))
    quiet, loud = (sounds.analyse(noise * 10 ** (db / 20), RATE).energy for db in (-40, -20))
    assert loud - quiet == pytest.approx(20 / 35, abs=0.01)


def test_subwoofer_is_left_out_of_the_mix() -> None:
    positions = ("FL", "FR", "FC", "LFE", "BL", "BR")
    found = []
    for level in (0.0, 1.0):
        frames = np.random.default_rng(8).normal(size=(RATE, 6)) * 0.1
        frames[:, 3] = level
        analyser = Analyser(RATE, positions)
        analyser.feed(frames)
        found.append(analyser.finish(READING))
    assert found[0] == found[1]


def test_features_survive_the_way_to_the_worker(sounds: Any) -> None:
    found = sounds.analyse(sounds.cadence(0))
    assert msgspec.json.decode(msgspec.json.encode(found), type=Features) == found


def test_a_change_of_sign_between_two_seconds_is_counted() -> None:
    rate = 8_000
    frames = np.repeat([[0.5], [-0.5], [0.5]], rate, axis=0)
    analyser = Analyser(rate, ("FC",))
    analyser.feed(frames)
    assert analyser.finish(READING).zero_crossing_rate_hz == pytest.approx(2 / 3)

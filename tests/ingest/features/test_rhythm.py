"""Tempo and onsets of click tracks."""

from typing import Any

import numpy as np
import pytest

from ingest.features import rhythm


@pytest.mark.parametrize("bpm", [75.0, 90.0, 104.5, 120.0, 128.0, 140.0, 160.0])
def test_tempo_of_clicks_is_found(sounds: Any, bpm: float) -> None:
    found = sounds.analyse(sounds.clicks(bpm))
    assert found.tempo_bpm == pytest.approx(bpm, rel=0.01)
    assert found.tempo_confidence > 0.5


@pytest.mark.parametrize(("rate", "bpm"), [(44_100, 128.0), (48_000, 90.0), (96_000, 120.0)])
def test_tempo_does_not_depend_on_the_sampling_rate(sounds: Any, rate: int, bpm: float) -> None:
    assert sounds.analyse(sounds.clicks(bpm, 12.0, rate), rate).tempo_bpm == pytest.approx(bpm, rel=0.01)


def test_onsets_are_counted(sounds: Any) -> None:
    assert sounds.analyse(sounds.clicks(120.0)).onset_rate_hz == pytest.approx(2.0, rel=0.1)


def test_a_steady_beat_is_more_danceable_than_noise(sounds: Any) -> None:
    noise = np.random.default_rng(2).normal(size=(20 * 22_050, 1)) * 0.1
    found = sounds.analyse(noise)
    assert found.danceability < 0.2
    assert sounds.analyse(sounds.clicks(120.0)).danceability > 0.5


def test_a_beat_far_from_120_is_less_danceable(sounds: Any) -> None:
    slow, usual = (sounds.analyse(sounds.clicks(bpm)) for bpm in (75.0, 120.0))
    assert slow.danceability / slow.tempo_confidence < 0.9
    assert usual.danceability / usual.tempo_confidence > 0.99


@pytest.mark.parametrize("seconds", [0.1, 2.0])
def test_nothing_repeats_in_a_moment(sounds: Any, seconds: float) -> None:
    found = sounds.analyse(sounds.clicks(120.0, seconds))
    assert (found.tempo_bpm, found.tempo_confidence, found.danceability) == (None, 0.0, 0.0)


def test_an_empty_envelope_has_neither_beat_nor_onsets() -> None:
    assert rhythm.tempo(np.zeros(0), 0.02).bpm is None
    assert rhythm.tempo(np.zeros(1000), 0.02).bpm is None
    assert rhythm.onset_rate_hz(np.zeros(0), 0.02) == 0.0
    assert rhythm.onset_rate_hz(np.zeros(1000), 0.02) == 0.0


@pytest.mark.parametrize("bpm", [97.3, 104.5, 133.0])
def test_tempo_is_read_off_several_beats(sounds: Any, bpm: float) -> None:
    assert sounds.analyse(sounds.clicks(bpm)).tempo_bpm == pytest.approx(bpm, rel=0.002)


def test_ripples_are_no_onsets() -> None:
    hop_s = 0.02
    envelope = np.random.default_rng(9).uniform(0, 0.05, size=1000)
    envelope[10::25] = 1.0
    assert rhythm.onset_rate_hz(envelope, hop_s) == pytest.approx(2.0)

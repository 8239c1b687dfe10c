"""Keys of cadences, scales and recordings."""

from typing import Any

import numpy as np
import pytest
import soundfile

from ingest.features.framing import Framing
from ingest.features.key import NAMES, STEPS, Pitches, tonality
from tests.recordings import MUSIC, needs_music


@pytest.mark.parametrize("mode", ["major", "minor"])
@pytest.mark.parametrize("tonic", range(12), ids=NAMES)
def test_key_of_a_cadence_is_found(sounds: Any, tonic: int, mode: str) -> None:
    found = sounds.analyse(sounds.cadence(tonic, minor=mode == "minor"))
    assert found.musical_key == f"{NAMES[tonic]} {mode}"
    assert len(found.keys) == 3
    assert found.keys[0].score > found.keys[1].score > found.keys[2].score


@pytest.mark.parametrize("tonic", [0, 6, 11])
def test_key_of_a_scale_is_found(sounds: Any, tonic: int) -> None:
    """Up, and back to the tonic, which is held."""
    notes = [(tonic + step, (0,)) for step in (0, 2, 4, 5, 7, 9, 11, 12, 7, 4, 0, 0, 0)]
    assert sounds.analyse(sounds.chords(*notes, seconds=0.8)).musical_key == f"{NAMES[tonic]} major"


@pytest.mark.parametrize("a_hz", [415.3, 432.0, 446.0])
def test_tuning_is_allowed_for(sounds: Any, a_hz: float) -> None:
    """At 415 Hz, as old music is played, C is written and B sounds."""
    expected = "B major" if a_hz < 428 else "C major"
    assert sounds.analyse(sounds.cadence(0, a_hz=a_hz)).musical_key == expected


def test_a_cadence_is_trusted_and_noise_is_not(sounds: Any) -> None:
    noise = np.random.default_rng(3).normal(size=(10 * 22_050, 1)) * 0.1
    assert sounds.analyse(sounds.cadence(2)).key_confidence > 0.5
    assert sounds.analyse(noise).key_confidence < 0.3


def test_chroma_shows_the_chord(sounds: Any) -> None:
    chroma = np.array(sounds.analyse(sounds.chords((0, (0, 4, 7)), seconds=3.0)).chroma)
    assert chroma.sum() == pytest.approx(1.0)
    assert set(np.argsort(chroma)[-3:]) == {0, 4, 7}


def test_without_pitch_there_is_no_key() -> None:
    found = tonality(np.zeros(12 * STEPS))
    assert (found.keys, found.confidence) == ((), 0.0)
    assert found.chroma == (1 / 12,) * 12


# The trumpet plays in F; orchestras play the fifth Hungarian dance in G minor, though it was written in F sharp minor.
@pytest.mark.parametrize(("name", "key"), [("brahms.ogg", "G minor"), ("trumpet.ogg", "F major")])
@needs_music
def test_key_of_a_recording_is_found(sounds: Any, name: str, key: str) -> None:
    frames, rate = soundfile.read(MUSIC / name, always_2d=True)
    assert sounds.analyse(frames, rate).musical_key == key


def test_a_recording_between_two_tunings_has_a_key(sounds: Any) -> None:
    found = sounds.analyse(sounds.cadence(0, a_hz=440 * 2 ** (0.5 / 12)))
    assert found.musical_key in ("C major", "C# major")
    assert found.key_confidence > 0.5


def test_a_loud_chord_does_not_outvote_a_quiet_piece(sounds: Any) -> None:
    loud = sounds.chords((6, (0, 4, 7)), seconds=2.0)
    piece = np.concatenate([sounds.cadence(0), sounds.cadence(0)]) / 100
    assert sounds.analyse(np.concatenate([loud, piece])).musical_key == "C major"


@pytest.mark.parametrize("hz", [60.9, 81.4, 101.2])
def test_pitch_is_read_between_the_frequencies_of_the_transform(hz: float) -> None:
    rate = 11_025
    framing = Framing(rate, window_s=8192 / rate, hop_s=0.4, top_hz=5000)
    pitches = Pitches(framing.frequencies_hz)
    tone = 0.5 * np.sin(2 * np.pi * hz * np.arange(40 * rate) / rate).astype(np.float32)
    for power in framing.feed(tone):
        pitches.feed(power)
    expected = round(12 * STEPS * np.log2(hz / 440) + 9 * STEPS) % (12 * STEPS)
    assert int(pitches._counts.argmax()) == expected


def test_pauses_have_no_pitch() -> None:
    frequencies = np.linspace(0, 11_025, 16_385)
    spectrum = np.full((1, 16_385), 1e-12, dtype=np.float32)
    spectrum[0, 300] = 0.1
    pause = np.roll(spectrum, 50) * np.float32(1e-9)
    heard, paused = Pitches(frequencies), Pitches(frequencies)
    heard.feed(spectrum)
    paused.feed(np.concatenate([spectrum, pause]))
    assert paused.finish() == heard.finish()

"""Sounds whose tempo, key or spectrum is known, because they are made to have it."""

from typing import Any

import numpy as np
import pytest

from ingest.features.analyser import Analyser
from ingest.features.record import Features
from ingest.loudness.meter import Meter

RATE = 22_050
MAJOR, MINOR = (0, 4, 7), (0, 3, 7)


class Sounds:
    """Builders of one-channel signals of shape (n, 1), and the shortest way to analyse them."""

    @staticmethod
    def clicks(bpm: float, seconds: float = 20.0, rate: int = RATE) -> Any:
        """Short bursts of noise, one a beat."""
        source = np.random.default_rng(1)
        wave = source.normal(size=round(seconds * rate)) * 1e-4
        for start in np.arange(0.1, seconds - 0.1, 60 / bpm):
            burst = np.exp(-np.arange(rate // 20) / (rate / 100)) * source.normal(size=rate // 20) * 0.2
            wave[round(start * rate) : round(start * rate) + len(burst)] += burst
        return wave[:, None]

    @staticmethod
    def chords(*chords: tuple[int, tuple[int, ...]], seconds: float = 1.5, a_hz: float = 440.0) -> Any:
        """Chords of tones with overtones, each (semitones over C, intervals)."""
        time = np.arange(round(seconds * RATE)) / RATE
        fade = np.minimum(1, np.minimum(time, time[::-1]) / 0.02)
        waves = []
        for root, intervals in chords:
            notes = (a_hz * 2 ** ((root % 12 + interval - 9 - 12) / 12) for interval in intervals)
            overtones = (np.sin(2 * np.pi * hz * n * time) / n**1.5 for hz in notes for n in range(1, 6))
            waves.append(0.1 * fade * np.sum(list(overtones), axis=0))
        return np.concatenate(waves)[:, None]

    @classmethod
    def cadence(cls, tonic: int, *, minor: bool = False, a_hz: float = 440.0) -> Any:
        """I IV V I, whose dominant is major in both modes."""
        own = MINOR if minor else MAJOR
        return cls.chords((tonic, own), (tonic + 5, own), (tonic + 7, MAJOR), (tonic, own), a_hz=a_hz)

    @staticmethod
    def analyse(frames: Any, rate: int = RATE) -> Features:
        positions = ("FC",) if frames.shape[1] == 1 else ("FL", "FR")
        meter, analyser = Meter(rate, positions), Analyser(rate, positions)
        meter.feed(frames)
        analyser.feed(frames)
        return analyser.finish(meter.finish())


@pytest.fixture(scope="session")
def sounds() -> type[Sounds]:
    return Sounds

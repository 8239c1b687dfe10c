"""Signals of the EBU and the ITU, synthesised; levels are peak dBFS of each channel, as the standards give them."""

from typing import Any

import numpy as np
import pytest

from ingest.loudness.meter import Meter, Reading

STEREO = ("FL", "FR")
RATE = 48_000


class Signals:
    """Builders of signals of shape (n, channels), and the shortest way to measure them."""

    @staticmethod
    def tones(*parts: tuple[float, float], rate: int = RATE, hz: float = 1000.0, channels: int = 2) -> Any:
        """One phase-continuous tone whose level changes: (dBFS, seconds) after (dBFS, seconds)."""
        levels = np.concatenate([np.full(round(seconds * rate), 10 ** (level / 20)) for level, seconds in parts])
        wave = levels * np.sin(2 * np.pi * hz * np.arange(len(levels)) / rate)
        return np.repeat(wave[:, None], channels, axis=1)

    @staticmethod
    def silence(seconds: float, rate: int = RATE, channels: int = 2) -> Any:
        return np.zeros((round(seconds * rate), channels))

    @staticmethod
    def measure(frames: Any, rate: int = RATE, positions: tuple[str, ...] = STEREO) -> Reading:
        meter = Meter(rate, positions)
        meter.feed(frames)
        return meter.finish()


@pytest.fixture(scope="session")
def signals() -> type[Signals]:
    return Signals

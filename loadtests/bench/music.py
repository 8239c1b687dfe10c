"""Music that nobody played, for measures that need some: a chord over a soft beat, as a WAV file of 16-bit stereo."""

from __future__ import annotations

import wave
from collections.abc import Iterable
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]

RATE = 44_100
CHORD_HZ = (110.0, 220.5, 331.0, 442.0, 1764.0)


def seconds_of(second: int) -> Floats:
    """When each sample of this second is heard."""
    return second + np.arange(RATE) / RATE


def beat(times: Floats) -> Floats:
    """Two strokes a second that die away, 0 to 1."""
    return np.exp(-((times * 2) % 1.0) * 6)


def chord(times: Floats) -> Floats:
    return np.asarray(np.mean([np.sin(2 * np.pi * hz * times + hz) for hz in CHORD_HZ], axis=0))


def write(path: Path, seconds: Iterable[Floats]) -> None:
    """Each second is of shape (RATE, 2) and cut off close to full scale, which is 1."""
    with wave.open(str(path), "wb") as file:
        file.setnchannels(2)
        file.setsampwidth(2)
        file.setframerate(RATE)
        for frames in seconds:
            file.writeframes(np.rint(np.clip(frames, -0.99, 0.99) * 32767).astype("<i2").tobytes())

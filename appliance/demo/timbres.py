"""Timbres: how one note of each instrument sounds, as mono samples computed from numbers alone.

A voice takes a frequency, the time for which the key is held and a sample rate, and returns samples around full scale
that include the note's own decay. Plucked strings follow Karplus and Strong (1983), bells follow Chowning's frequency
modulation (1973); the others are sums of sines. Noise comes from generators seeded by the note, so that the same note
is the same bytes every time.

Not here: which notes are played (`score`), and levels, panning and room (`render`).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Final

import numpy as np
import numpy.typing as npt

Samples = npt.NDArray[np.float64]
Voice = Callable[[float, float, int], Samples]

RELEASE_S: Final = 0.12
NYQUIST_MARGIN: Final = 0.45  # of the sample rate: partials above are left out instead of folding back


def pluck(frequency_hz: float, held_s: float, rate_hz: int) -> Samples:
    """A plucked string: noise in a delay line of one period, smoothed a little on every round trip.

    The loop filter is a three-point average convolved with a two-point interpolation, so the string is in tune
    although a period is no whole number of samples.
    """
    period = rate_hz / frequency_hz
    delay = int(period)
    fraction = period - delay
    damping = 0.04 + 9.0 / frequency_hz  # high strings would ring too thin, low ones too dull
    loop = np.convolve([damping, 1 - 2 * damping, damping], [1 - fraction, fraction])
    loop *= 0.001 ** (1 / (4.0 * frequency_hz))  # sixty decibels in 4 s
    count = round((held_s + RELEASE_S) * rate_hz)
    lead = delay + 2  # the loop reaches back one period and two samples
    line = np.zeros(lead + count + delay)
    burst = np.random.default_rng(round(frequency_hz * 100)).uniform(-1, 1, delay)
    line[lead : lead + delay] = np.convolve(burst, [0.25, 0.5, 0.25], mode="same")
    step = delay - 1  # the shortest way back: a block of this size depends on finished samples only
    for start in range(lead + delay, lead + count, step):
        block = line[start : start + step]
        for tap, weight in enumerate(loop):
            first = start - (delay - 1) - tap
            block += weight * line[first : first + len(block)]
    return _released(line[lead : lead + count] * 1.6, held_s, rate_hz)


def organ(frequency_hz: float, held_s: float, rate_hz: int) -> Samples:
    """Drawbars at the footages of an electric organ, with the slow tremolo of its rotating speaker."""
    time = _time(held_s + RELEASE_S, rate_hz)
    drawbars = {1: 0.5, 2: 1.0, 3: 0.35, 4: 0.6, 6: 0.3, 8: 0.35, 12: 0.12, 16: 0.1}  # of the octave below the key
    tone = _partials(time, frequency_hz / 2, drawbars, rate_hz)
    tremolo = 1 + 0.12 * np.sin(2 * np.pi * 5.6 * time)
    return _released(tone * tremolo * _attack(time, 0.02) * 0.33, held_s, rate_hz)


def bell(frequency_hz: float, held_s: float, rate_hz: int) -> Samples:
    """Frequency modulation at an inharmonic ratio; the brightness dies faster than the tone."""
    time = _time(max(held_s, 1.6), rate_hz)
    index = 3.2 * np.exp(-time / 0.35) * min(1.0, 900 / frequency_hz)
    modulator = np.sin(2 * np.pi * frequency_hz * 3.514 * time)
    body = np.sin(2 * np.pi * frequency_hz * time + index * modulator)
    hum = 0.3 * np.sin(np.pi * frequency_hz * time)
    return (body + hum) * np.exp(-time / 0.6) * _attack(time, 0.002) * _fade_out(time, 0.2) * 0.7


def bass(frequency_hz: float, held_s: float, rate_hz: int) -> Samples:
    """A sub bass: a sine pushed into soft saturation, which adds the overtones that small speakers need."""
    time = _time(held_s + RELEASE_S, rate_hz)
    tone = np.tanh(2.2 * np.sin(2 * np.pi * frequency_hz * time)) + 0.25 * np.sin(4 * np.pi * frequency_hz * time)
    return _released(tone * np.exp(-time / 1.2) * _attack(time, 0.006) * 0.8, held_s, rate_hz)


def pad(frequency_hz: float, held_s: float, rate_hz: int) -> Samples:
    """Three soft saw tones a few cents apart, swelling in and out."""
    release_s = 0.6
    time = _time(held_s + release_s, rate_hz)
    partials = {multiple: multiple**-1.5 for multiple in range(1, 9)}
    tone = np.zeros_like(time)
    for cents in (-7, 0, 6):
        tone += _partials(time, frequency_hz * 2 ** (cents / 1200), partials, rate_hz)
    return tone * _attack(time, 0.35) * _fade_out(time, release_s) * 0.22


def flute(frequency_hz: float, held_s: float, rate_hz: int) -> Samples:
    """A breathy whistle: few overtones, a vibrato that sets in late, and some air."""
    time = _time(held_s + RELEASE_S, rate_hz)
    vibrato = 0.004 * np.clip((time - 0.15) / 0.3, 0, 1) * np.sin(2 * np.pi * 5.2 * time)
    phase = 2 * np.pi * frequency_hz * np.cumsum(1 + vibrato) / rate_hz
    air = np.random.default_rng(round(frequency_hz * 10)).normal(0, 0.03, len(time))
    tone = np.sin(phase) + 0.28 * np.sin(2 * phase) + 0.08 * np.sin(3 * phase) + air
    return _released(tone * _attack(time, 0.05) * 0.55, held_s, rate_hz)


def kick(_frequency_hz: float, _held_s: float, rate_hz: int) -> Samples:
    """A sine that falls from 150 to 48 Hz."""
    time = _time(0.32, rate_hz)
    phase = 2 * np.pi * np.cumsum(48 + 102 * np.exp(-time / 0.03)) / rate_hz
    return np.sin(phase) * np.exp(-time / 0.11) * _fade_out(time, 0.05)


def snare(_frequency_hz: float, _held_s: float, rate_hz: int) -> Samples:
    """Rattling noise over the short tone of the drum's skin."""
    time = _time(0.22, rate_hz)
    rattle = np.diff(np.random.default_rng(2).normal(0, 0.45, len(time) + 1))
    skin = 0.5 * np.sin(2 * np.pi * 185 * time) * np.exp(-time / 0.05)
    return (rattle * np.exp(-time / 0.07) + skin) * _fade_out(time, 0.05)


def hat(_frequency_hz: float, _held_s: float, rate_hz: int) -> Samples:
    """A closed cymbal: noise, differentiated twice to leave only its top."""
    time = _time(0.07, rate_hz)
    hiss: Samples = np.diff(np.random.default_rng(3).normal(0, 0.16, len(time) + 2), n=2)
    return hiss * np.exp(-time / 0.018) * _fade_out(time, 0.02)


def shaker(_frequency_hz: float, _held_s: float, rate_hz: int) -> Samples:
    """Grains in a box: softer than a cymbal, and not at once."""
    time = _time(0.11, rate_hz)
    grains: Samples = np.diff(np.random.default_rng(4).normal(0, 0.22, len(time) + 1))
    swell: Samples = np.sin(np.pi * np.clip(time / 0.11, 0, 1)) ** 2
    return grains * swell


def _time(duration_s: float, rate_hz: int) -> Samples:
    return np.arange(round(duration_s * rate_hz)) / rate_hz


def _partials(time: Samples, base_hz: float, weights: Mapping[int, float], rate_hz: int) -> Samples:
    """Sines at whole multiples of `base_hz`; each is the one before turned on, cheaper than a sine of its own."""
    turn = np.exp(2j * np.pi * base_hz * time)
    power = np.ones_like(turn)
    tone = np.zeros_like(time)
    for multiple in range(1, min(max(weights), int(NYQUIST_MARGIN * rate_hz / base_hz)) + 1):
        power *= turn
        tone += weights.get(multiple, 0.0) * power.imag
    return tone


def _attack(time: Samples, attack_s: float) -> Samples:
    return np.clip(time / attack_s, 0, 1)


def _fade_out(time: Samples, fade_s: float) -> Samples:
    if not len(time):
        return time
    fade: Samples = np.clip((time[-1] - time) / fade_s, 0, 1)
    return fade


def _released(samples: Samples, held_s: float, rate_hz: int) -> Samples:
    """Let go of the key: fade to nothing within the release."""
    held = round(held_s * rate_hz)
    released = samples.copy()
    released[held:] *= np.linspace(1, 0, len(samples) - held)
    return released


VOICES: Final[Mapping[str, Voice]] = {
    "pluck": pluck,
    "organ": organ,
    "bell": bell,
    "bass": bass,
    "pad": pad,
    "flute": flute,
    "kick": kick,
    "snare": snare,
    "hat": hat,
    "shaker": shaker,
}

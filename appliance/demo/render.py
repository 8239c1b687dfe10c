"""Rendering: a plan becomes stereo samples at the level that the plan asks for.

Every part is panned at equal power, the sum goes through one small room, and the whole is brought to its level by a
constant gain with a soft ceiling below full scale, so nothing clips however loud a piece is meant to be.

Not here: files (`masters`), notes (`score`), sound (`timbres`).
"""

from __future__ import annotations

from functools import cache
from typing import Final

import numpy as np
import numpy.typing as npt
from scipy.signal import fftconvolve

from appliance.demo.score import Note, Part, Plan, frequency_hz, notes
from appliance.demo.timbres import VOICES, Samples

CEILING: Final = 0.93  # about -0.6 dBFS
KNEE: Final = 0.6
"""Below this part of full scale samples pass unchanged; above it they bend towards the ceiling."""
ROOM_S: Final = 0.9
ROOM_LEVEL: Final = 0.22
TAIL_S: Final = 1.2
FADE_S: Final = 0.4


def render(plan: Plan, rate_hz: int) -> Samples:
    """The piece as float samples of shape (frames, 2), between -1 and 1."""
    frames = round((plan.beats * plan.beat_s + TAIL_S) * rate_hz)
    mix = np.zeros((frames, 2))
    for part in plan.parts:
        mix += _placed(_played(plan, part, frames, rate_hz), part)
    mix = _levelled(mix + ROOM_LEVEL * _room(mix, plan.seed, rate_hz), plan.level_db)
    fade = round(FADE_S * rate_hz)
    mix[-fade:] *= np.linspace(1, 0, fade)[:, None]
    return mix


def quantised(samples: Samples, bits: int, seed: int) -> npt.NDArray[np.int32]:
    """Whole numbers of `bits` bits in the upper bits of 32, as sound files take them, with triangular dither."""
    random = np.random.default_rng(seed)
    dither = random.random(samples.shape) - random.random(samples.shape)
    full_scale = 2 ** (bits - 1)
    # One step of dither stays inside the range because rendering stops at the ceiling.
    steps = np.round(samples * (full_scale - 1) + dither).astype(np.int32)
    shifted: npt.NDArray[np.int32] = np.left_shift(steps, 32 - bits)
    return shifted


def _played(plan: Plan, part: Part, frames: int, rate_hz: int) -> Samples:
    """All notes of one part, mono."""
    track = np.zeros(frames)

    @cache  # a pattern comes back to the same few notes; each is computed once
    def sound(pitch: int, length: float) -> Samples:
        return VOICES[part.voice](frequency_hz(pitch), length * plan.beat_s, rate_hz)

    for note in notes(plan, part):
        _add(track, note, sound(note.pitch, round(note.length, 3)), at=round(note.beat * plan.beat_s * rate_hz))
    return track


def _add(track: Samples, note: Note, sound: Samples, *, at: int) -> None:
    cut = sound[: len(track) - at]
    track[at : at + len(cut)] += note.strength * cut


def _placed(mono: Samples, part: Part) -> Samples:
    angle = (part.pan + 1) * np.pi / 4
    gains = np.array([np.cos(angle), np.sin(angle)]) * 10 ** (part.gain_db / 20)
    return mono[:, None] * gains


def _room(mix: Samples, seed: int, rate_hz: int) -> Samples:
    """Reverberation: each side convolved with its own dying noise."""
    random = np.random.default_rng((seed, 1))
    frames = round(ROOM_S * rate_hz)
    decay = np.exp(-6.9 * np.arange(frames) / frames)[:, None]
    response = random.normal(0, 1, (frames, 2)) * decay
    response = np.cumsum(response, axis=0) * 0.05 + response * 0.3  # a warm room: more low tones than high ones
    response -= response.mean(axis=0)
    response /= np.sqrt((response**2).sum(axis=0))
    wet: Samples = fftconvolve(mix, response, axes=0)[: len(mix)]
    return wet


def _levelled(mix: Samples, level_db: float) -> Samples:
    mix = mix - mix.mean(axis=0)
    level = np.sqrt(np.mean(mix**2))
    return _softly_limited(mix * (10 ** (level_db / 20) / level))


def _softly_limited(mix: Samples) -> Samples:
    magnitude = np.abs(mix)
    room = CEILING - KNEE
    bent = KNEE + room * np.tanh((magnitude - KNEE) / room)
    return np.where(magnitude > KNEE, np.sign(mix) * bent, mix)

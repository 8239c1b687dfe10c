"""The score: a piece as a plan of a few numbers, and the notes that follow from it.

A plan names the tempo, the key, the chords by their degree and the parts; a part is an instrument playing a pattern.
Patterns turn plan and part into notes. Chance (the walk of a melody, the touch of a hand) comes from the plan's seed
only.

Not here: sound (`timbres`, `render`), and the list of pieces (`library`).
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Final

import msgspec
import numpy as np

SCALES: Final[Mapping[str, tuple[int, ...]]] = {
    "major": (0, 2, 4, 5, 7, 9, 11),
    "minor": (0, 2, 3, 5, 7, 8, 10),
    "dorian": (0, 2, 3, 5, 7, 9, 10),
    "lydian": (0, 2, 4, 6, 7, 9, 11),
    "mixolydian": (0, 2, 4, 5, 7, 9, 10),
}
HITS: Final[Mapping[str, float]] = {"x": 1.0, "o": 0.6, ".": 0.0}
"""How hard each letter of a rhythm is played."""


class Part(msgspec.Struct, frozen=True, kw_only=True):
    """One instrument with one pattern; `gain_db` and `pan` (-1 left to 1 right) place it in the mix."""

    voice: str
    pattern: str
    octave: int = 0
    gain_db: float = 0.0
    pan: float = 0.0
    steps: int = 2
    """Notes to a beat, for arpeggios and rhythms."""
    rhythm: str = "x"
    """Repeated as long as the piece lasts: `x` a stroke, `o` a soft one, `.` none."""


class Plan(msgspec.Struct, frozen=True, kw_only=True):
    """Everything that decides how a piece sounds."""

    seed: int
    tempo_bpm: float
    root: int
    """The key's MIDI note in the middle octave: 60 is C."""
    scale: str
    chords: tuple[int, ...]
    """One chord to a bar, by degree of the scale, from 0."""
    parts: tuple[Part, ...]
    level_db: float
    """Root mean square of the finished piece, in dB of full scale."""
    beats_per_bar: int = 4

    @property
    def beats(self) -> int:
        return self.beats_per_bar * len(self.chords)

    @property
    def beat_s(self) -> float:
        return 60.0 / self.tempo_bpm


class Note(msgspec.Struct, frozen=True):
    """A key pressed at `beat` for `length` beats; `strength` is 0 to 1."""

    beat: float
    length: float
    pitch: int
    strength: float


def notes(plan: Plan, part: Part) -> list[Note]:
    """The notes of one part in the order of its pattern."""
    return list(PATTERNS[part.pattern](plan, part))


def degree_pitch(plan: Plan, degree: int) -> int:
    """The MIDI note of a degree of the scale; degrees go on above and below the octave."""
    scale = SCALES[plan.scale]
    octave, step = divmod(degree, len(scale))
    return plan.root + 12 * octave + scale[step]


def frequency_hz(pitch: int) -> float:
    """Equal temperament at A4 = 440 Hz."""
    return float(440.0 * 2 ** ((pitch - 69) / 12))


def _held_chords(plan: Plan, part: Part) -> Iterator[Note]:
    """Each bar's chord, held; strings are struck one shortly after the other, as a hand does."""
    for bar, chord in enumerate(plan.chords):
        for index, degree in enumerate((chord, chord + 2, chord + 4, chord + 7)):
            start = bar * plan.beats_per_bar + index * 0.04
            yield Note(start, plan.beats_per_bar - 0.1, _pitch(plan, part, degree), 0.8)


def _strums(plan: Plan, part: Part) -> Iterator[Note]:
    """The bar's chord on every stroke of the rhythm, strings spread by a thirty-second of a beat."""
    for beat, strength in _strokes(plan, part):
        chord = plan.chords[int(beat // plan.beats_per_bar)]
        for index, degree in enumerate((chord, chord + 2, chord + 4, chord + 7)):
            yield Note(beat + index / 32, 1 / part.steps, _pitch(plan, part, degree), strength * (1 - 0.1 * index))


def _arpeggio(plan: Plan, part: Part) -> Iterator[Note]:
    """Up and down through the bar's chord, accented on the beat."""
    shape = (0, 2, 4, 7, 9, 7, 4, 2)
    for index in range(plan.beats * part.steps):
        beat = index / part.steps
        within = index % (plan.beats_per_bar * part.steps)
        degree = plan.chords[int(beat // plan.beats_per_bar)] + shape[within % len(shape)]
        strength = 0.9 if index % part.steps == 0 else 0.65
        yield Note(beat, 2 / part.steps, _pitch(plan, part, degree), strength)


def _bass(plan: Plan, part: Part) -> Iterator[Note]:
    """The chord's root on the rhythm, the fifth on the last beat of a bar."""
    for beat, strength in _strokes(plan, part):
        bar, within = divmod(beat, plan.beats_per_bar)
        chord = plan.chords[int(bar)]
        degree = chord + 4 if within >= plan.beats_per_bar - 1 else chord
        yield Note(beat, 0.9 / part.steps, _pitch(plan, part, degree), strength)


def _melody(plan: Plan, part: Part) -> Iterator[Note]:
    """A walk through the scale that lands on a tone of the chord on every strong beat, and at home at the end."""
    random = np.random.default_rng(plan.seed)
    figures = ((1.0, 1.0), (0.5, 0.5, 1.0), (1.0, 0.5, 0.5), (1.5, 0.5), (2.0,))
    beat, degree = 0.0, 7
    while beat < plan.beats - 2:
        for length in figures[random.integers(len(figures))]:
            if beat >= plan.beats - 2:
                break
            degree += int(random.choice((-2, -1, -1, 1, 1, 2)))
            degree = min(max(degree, 2), 12)
            if beat % 2 == 0:
                degree = _nearest_chord_tone(degree, plan.chords[int(beat // plan.beats_per_bar)])
            yield Note(beat, length * 0.92, _pitch(plan, part, degree), 0.75 + 0.2 * float(random.random()))
            beat += length
    yield Note(beat, 2.0, _pitch(plan, part, _nearest_chord_tone(7, plan.chords[-1])), 0.85)


def _drum(plan: Plan, part: Part) -> Iterator[Note]:
    """Strokes of the rhythm, each a little different in strength."""
    random = np.random.default_rng((plan.seed, len(part.rhythm), sum(part.voice.encode())))
    for beat, strength in _strokes(plan, part):
        yield Note(beat, 0.25, 60, strength * (0.92 + 0.08 * float(random.random())))


def _strokes(plan: Plan, part: Part) -> Iterator[tuple[float, float]]:
    """The (beat, strength) of every stroke of a part's rhythm."""
    for index in range(plan.beats * part.steps):
        strength = HITS[part.rhythm[index % len(part.rhythm)]]
        if strength:
            yield index / part.steps, strength


def _pitch(plan: Plan, part: Part, degree: int) -> int:
    return degree_pitch(plan, degree) + 12 * part.octave


def _nearest_chord_tone(degree: int, chord: int) -> int:
    tones = [chord + third + 7 * octave for octave in (-1, 0, 1, 2) for third in (0, 2, 4)]
    return min(tones, key=lambda tone: (abs(tone - degree), tone))


PATTERNS: Final[Mapping[str, Callable[[Plan, Part], Iterator[Note]]]] = {
    "chords": _held_chords,
    "strums": _strums,
    "arpeggio": _arpeggio,
    "bass": _bass,
    "melody": _melody,
    "drum": _drum,
}

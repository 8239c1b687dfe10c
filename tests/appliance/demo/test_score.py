import pytest

from appliance.demo.library import PIECES, Piece
from appliance.demo.score import PATTERNS, SCALES, Part, Plan, degree_pitch, frequency_hz, notes

EVERY_PIECE = pytest.mark.parametrize("piece", PIECES, ids=[piece.title for piece in PIECES])
PLAN = Plan(seed=1, tempo_bpm=120, root=60, scale="major", chords=(0, 3, 4, 0), parts=(), level_db=-20)


def test_degrees_go_on_above_and_below_the_octave() -> None:
    assert [degree_pitch(PLAN, degree) for degree in (-1, 0, 2, 6, 7, 9)] == [59, 60, 64, 71, 72, 76]


def test_a_is_440_hertz_and_an_octave_doubles() -> None:
    assert [frequency_hz(pitch) for pitch in (57, 69, 81)] == [220.0, 440.0, 880.0]


@EVERY_PIECE
def test_every_note_begins_within_the_piece(piece: Piece) -> None:
    for part in piece.plan.parts:
        played = notes(piece.plan, part)
        assert played
        assert all(0 <= note.beat < piece.plan.beats for note in played)
        assert all(0 < note.strength <= 1 for note in played)


@EVERY_PIECE
def test_every_pitched_note_is_of_the_key(piece: Piece) -> None:
    allowed = {(piece.plan.root + step) % 12 for step in SCALES[piece.plan.scale]}
    pitched = [part for part in piece.plan.parts if part.pattern != "drum"]

    assert {note.pitch % 12 for part in pitched for note in notes(piece.plan, part)} <= allowed


@EVERY_PIECE
def test_a_melody_ends_on_a_tone_of_the_last_chord(piece: Piece) -> None:
    for part in piece.plan.parts:
        if part.pattern == "melody":
            chord = {degree_pitch(piece.plan, piece.plan.chords[-1] + third) % 12 for third in (0, 2, 4)}
            assert notes(piece.plan, part)[-1].pitch % 12 in chord


def test_a_rhythm_is_played_as_it_is_written() -> None:
    part = Part(voice="kick", pattern="drum", steps=4, rhythm="x..o")

    played = notes(PLAN, part)

    assert [note.beat for note in played[:4]] == [0.0, 0.75, 1.0, 1.75]
    assert all(strong.strength > soft.strength for strong, soft in zip(played[::2], played[1::2], strict=True))


@pytest.mark.parametrize("pattern", sorted(PATTERNS))
def test_the_same_plan_gives_the_same_notes(pattern: str) -> None:
    part = Part(voice="pluck", pattern=pattern)

    assert notes(PLAN, part) == notes(PLAN, part)

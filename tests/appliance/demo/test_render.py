import numpy as np
import pytest

from appliance.demo.library import PIECES, Piece
from appliance.demo.render import quantised, render
from appliance.demo.score import Part, Plan
from appliance.demo.timbres import VOICES

RATE_HZ = 44_100
STEADY = [piece for piece in PIECES if any(part.voice == "snare" for part in piece.plan.parts)]


@pytest.mark.parametrize("piece", STEADY, ids=[piece.title for piece in STEADY])
def test_the_bar_lasts_as_long_as_the_tempo_says(piece: Piece) -> None:
    samples = render(piece.plan, 22_050).mean(axis=1)

    bar_s = piece.plan.beats_per_bar * piece.plan.beat_s

    assert _repetition_s(samples, 22_050, near_s=bar_s) == pytest.approx(bar_s, rel=0.01)


@pytest.mark.parametrize("hertz", [82.41, 220.0, 440.0, 987.77])
@pytest.mark.parametrize("voice", ["pluck", "organ", "bell", "bass", "flute"])
def test_a_voice_is_in_tune(voice: str, hertz: float) -> None:
    tone = VOICES[voice](hertz, 1.5, RATE_HZ)

    spectrum = np.abs(np.fft.rfft(tone * np.hanning(len(tone)), 1 << 19))
    bins = np.fft.rfftfreq(1 << 19, 1 / RATE_HZ)
    near = (bins > hertz * 0.94) & (bins < hertz * 1.06)
    measured = bins[near][spectrum[near].argmax()]

    assert abs(1200 * np.log2(measured / hertz)) < 3  # cents


@pytest.mark.parametrize("voice", sorted(VOICES))
@pytest.mark.parametrize("rate_hz", [22_050, 44_100, 48_000])
def test_a_voice_ends_in_silence(voice: str, rate_hz: int) -> None:
    tone = VOICES[voice](330.0, 0.4, rate_hz)

    assert 0.05 < np.abs(tone).max() < 2.5
    assert abs(tone[-1]) < 1e-3


@pytest.mark.parametrize("held_s", [0.0, 0.001, 0.02])
@pytest.mark.parametrize("voice", sorted(VOICES))
def test_the_shortest_note_is_finite(voice: str, held_s: float) -> None:
    assert np.isfinite(VOICES[voice](4000.0, held_s, RATE_HZ)).all()


@pytest.mark.parametrize("level_db", [-40.0, -20.0, -9.0, 0.0])
def test_never_reaches_full_scale_however_loud(level_db: float) -> None:
    plan = Plan(
        seed=1,
        tempo_bpm=240,
        root=60,
        scale="major",
        chords=(0,),
        parts=(Part(voice="organ", pattern="chords"), Part(voice="kick", pattern="drum")),
        level_db=level_db,
    )

    samples = render(plan, RATE_HZ)

    assert np.abs(samples).max() < 0.94
    for bits in (16, 24):
        steps = quantised(samples, bits, 1) >> (32 - bits)
        assert np.abs(steps).max() < 0.95 * 2 ** (bits - 1)


def test_dither_stays_within_one_step_and_a_half() -> None:
    samples = np.linspace(-0.9, 0.9, 20_000).reshape(-1, 2)

    steps = quantised(samples, 16, 3) / 65_536

    assert np.abs(steps - samples * 32_767).max() <= 1.5


def _repetition_s(
    samples: "np.ndarray[tuple[int, ...], np.dtype[np.float64]]", rate_hz: int, *, near_s: float
) -> float:
    """The lag, within 8 % of a guess, at which the growth of energy is most like itself."""
    hop = 128
    energy = np.square(samples[: len(samples) // hop * hop]).reshape(-1, hop).sum(axis=1)
    growth = np.maximum(np.diff(np.log(energy + 1e-4)), 0)
    growth -= growth.mean()
    likeness = np.correlate(growth, growth, mode="full")[len(growth) - 1 :]
    first, last = round(0.92 * near_s * rate_hz / hop), round(1.08 * near_s * rate_hz / hop)
    return float((first + likeness[first:last].argmax()) * hop / rate_hz)

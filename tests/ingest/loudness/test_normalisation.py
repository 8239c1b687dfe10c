"""The gain of the lossy renditions, with the figures of docs/decisions/0020."""

import pytest

from ingest.loudness.meter import Reading
from ingest.loudness.normalisation import corrected_gain_db, gain_db


@pytest.mark.parametrize(
    ("integrated", "peak", "expected"),
    [
        pytest.param(-9.7, 1.5, -4.3, id="a loud master is turned down, whatever its peak"),
        pytest.param(-14.0, -1.5, 0.0, id="one on the target stays"),
        pytest.param(-20.0, -9.0, 6.0, id="a quiet one with room is turned up to the target"),
        pytest.param(-20.0, -5.0, 4.0, id="a quiet one stops where its peak meets -1 dBTP"),
        pytest.param(-20.0, -1.0, 0.0, id="a quiet one on the ceiling stays"),
        pytest.param(-20.0, 0.5, -1.5, id="a quiet one above the ceiling is turned down to it"),
        pytest.param(-13.5, 0.0, -1.0, id="a loud one is turned down further when its peak asks for it"),
        pytest.param(None, -3.0, 0.0, id="a click has no loudness to correct"),
        pytest.param(None, 1.5, -2.5, id="a click above the ceiling is turned down to it"),
        pytest.param(None, None, 0.0, id="silence stays silence"),
    ],
)
def test_gain_follows_loudness_and_peak(integrated: float | None, peak: float | None, expected: float) -> None:
    reading = Reading(integrated_lufs=integrated, true_peak_dbtp=peak)
    assert gain_db(reading, -14.0) == pytest.approx(expected)


def test_target_is_the_operator_s() -> None:
    assert gain_db(Reading(integrated_lufs=-14.0, true_peak_dbtp=-3.0), -23.0) == -9.0


@pytest.mark.parametrize(
    ("peak", "expected"),
    [
        pytest.param(-1.0, None, id="on the ceiling is not above it"),
        pytest.param(-3.0, None, id="below it"),
        pytest.param(-0.96, None, id="above it by less than meters agree on"),
        pytest.param(-0.94, 2.0 - 0.06 - 0.1, id="by more than that"),
        pytest.param(None, None, id="silence"),
        pytest.param(-0.4, 2.0 - 0.6 - 0.1, id="0.6 dB above it, and the margin"),
    ],
)
def test_rendition_above_the_ceiling_is_turned_down(peak: float | None, expected: float | None) -> None:
    corrected = corrected_gain_db(2.0, Reading(integrated_lufs=-14.0, true_peak_dbtp=peak))
    assert corrected == (None if expected is None else pytest.approx(expected))

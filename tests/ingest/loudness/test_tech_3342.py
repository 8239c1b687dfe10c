"""EBU Tech 3342, the loudness range: cases 1 to 4, synthesised. Cases 5 and 6 are recordings of programmes."""

from typing import Any

import pytest


@pytest.mark.parametrize(
    ("levels", "expected_lu"),
    [
        pytest.param((-20, -30), 10.0, id="case 1"),
        pytest.param((-20, -15), 5.0, id="case 2"),
        pytest.param((-40, -20), 20.0, id="case 3"),
        pytest.param((-50, -35, -20, -35, -50), 15.0, id="case 4"),
    ],
)
def test_loudness_range_meets_the_standard(signals: Any, levels: tuple[int, ...], expected_lu: float) -> None:
    found = signals.measure(signals.tones(*((level, 20) for level in levels))).loudness_range_lu
    assert found == pytest.approx(expected_lu, abs=1.0)
    # The standard allows 1 LU; what differs here is the two seconds in which a step is in the window.
    assert found == pytest.approx(expected_lu, abs=0.05)

"""The course of a level: as many points as a scrubber shows, the loudest place at the top."""

import numpy as np
import pytest

from ingest.loudness.course import POINTS, course


@pytest.mark.parametrize(
    ("hops", "points"),
    [(0, 0), (1, 1), (POINTS - 1, POINTS - 1), (POINTS, POINTS), (POINTS + 1, POINTS), (9001, POINTS)],
)
def test_there_are_as_many_points_as_the_track_has_up_to_a_row(hops: int, points: int) -> None:
    assert len(course(np.ones(hops, dtype=np.float32))) == points


def test_points_are_amplitudes_and_the_loudest_is_255() -> None:
    energies = np.repeat(np.array([1.0, 0.25, 0.0, 1.0], dtype=np.float32), 100)
    shape = course(energies)
    assert [shape[place] for place in (25, 75, 125, 175)] == [255, 128, 0, 255]


def test_level_of_the_whole_does_not_matter() -> None:
    energies = np.linspace(0, 1, 1000, dtype=np.float32)
    assert course(energies) == course(energies * np.float32(1e-6))


def test_silence_is_a_flat_line() -> None:
    assert course(np.zeros(400, dtype=np.float32)) == bytes(POINTS)

import pytest

from graph.playback.delivery import PAUSE_ALLOWANCE_S, lifetime_s


@pytest.mark.parametrize(
    ("duration_ms", "expected_s"),
    [
        pytest.param(180_000, 6 * 3600, id="a song: as configured"),
        pytest.param(5 * 3600 * 1000, 6 * 3600, id="as long as fits"),
        pytest.param(5 * 3600 * 1000 + 1, 6 * 3600 + 1, id="a millisecond longer: a second more"),
        pytest.param(10 * 3600 * 1000, 10 * 3600 + PAUSE_ALLOWANCE_S, id="a set of ten hours: never cut off"),
    ],
)
def test_urls_outlive_the_track(duration_ms: int, expected_s: int) -> None:
    assert lifetime_s(duration_ms, 6 * 3600) == expected_s

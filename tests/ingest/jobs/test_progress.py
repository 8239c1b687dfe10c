"""The shares of the stages."""

import pytest

from ingest.contract import Stage
from ingest.jobs.progress import SHARES, whole_fraction


def test_shares_make_a_whole_and_keep_the_order_of_the_stages() -> None:
    assert sum(SHARES.values()) == pytest.approx(1.0)
    assert list(SHARES) == [stage for stage in Stage if stage not in (Stage.QUEUED, Stage.DONE)]


def test_fraction_rises_from_0_to_1_without_a_step_back() -> None:
    fractions = [whole_fraction(stage, within) for stage in SHARES for within in (0.0, 0.5, 1.0)]
    assert fractions == sorted(fractions)
    assert (fractions[0], fractions[-1]) == (0.0, pytest.approx(1.0))


@pytest.mark.parametrize(("within", "expected"), [(-1.0, 0.2), (0.5, 0.575), (7.0, 0.95)])
def test_stage_stays_within_its_share(within: float, expected: float) -> None:
    assert whole_fraction(Stage.ENCODE, within) == pytest.approx(expected)

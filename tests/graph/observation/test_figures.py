import pytest

from graph.observation.figures import BOUNDS_S, OK, OTHER, Figures, Seen


def seen(*, outcome: str = OK, duration_s: float = 0.002, name: str = OTHER) -> Seen:
    return Seen("query", name, outcome, duration_s, 7, 3)


def test_sums_up_what_operations_of_one_name_took() -> None:
    figures = Figures()
    for duration_s, outcome in ((0.25, OK), (0.5, OK), (0.25, "FORBIDDEN")):
        figures.count(seen(duration_s=duration_s, outcome=outcome))
    figures.count(seen(name="Home"))
    work = figures.work["query", OTHER]
    assert (work.duration_s, work.cost, work.statements) == (1.0, 21, 9)
    assert figures.outcomes["query", OTHER, OK] == 2
    assert figures.outcomes["query", OTHER, "FORBIDDEN"] == 1
    assert figures.work["query", "Home"].cost == 7


@pytest.mark.parametrize(
    ("duration_s", "bucket"),
    [(0.0, 0), (BOUNDS_S[0], 0), (0.0011, 1), (BOUNDS_S[-1], len(BOUNDS_S) - 1), (3600.0, len(BOUNDS_S))],
    ids=["at once", "as long as the first bound", "longer than it", "as long as the last", "longer than all"],
)
def test_an_operation_counts_below_the_first_bound_that_it_kept(duration_s: float, bucket: int) -> None:
    figures = Figures()
    figures.count(seen(duration_s=duration_s))
    buckets = figures.work["query", OTHER].buckets
    assert [place for place, number in enumerate(buckets) if number] == [bucket]

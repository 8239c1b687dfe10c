import json

import pytest

from loadtests.bench.harness import Added, Goal, Load, Pace, Peak, Row, Samples, Served, report, to_json


def samples(*seconds: float) -> Samples:
    return Samples(label="thing", seconds=seconds)


def row(ours: Samples, *, limit_s: float = 0.2, percent: float = 95) -> Row:
    return Row(name="row", ours=ours, baseline=samples(0.05), goal=Goal(percent=percent, limit_s=limit_s))


@pytest.mark.parametrize(
    ("percent", "expected"),
    [
        pytest.param(50, 0.3, id="the middle of five"),
        pytest.param(95, 0.5, id="the worst of five"),
        pytest.param(20, 0.1, id="the first fifth"),
        pytest.param(100, 0.5, id="all"),
    ],
)
def test_percentile_is_the_nearest_rank(percent, expected):
    assert samples(0.5, 0.1, 0.3, 0.2, 0.4).percentile_s(percent) == expected


def test_ratio_compares_medians():
    assert row(samples(0.1, 0.1, 9.0)).ratio == pytest.approx(2)


def test_goal_is_missed_by_a_slow_tail_that_the_median_hides():
    mostly_fast = samples(*[0.01] * 18, 0.9, 0.9)
    assert not row(mostly_fast).met
    assert row(mostly_fast, percent=50).met


@pytest.mark.parametrize(
    ("ours", "met"),
    [
        pytest.param([0.051] * 98 + [0.058] * 2, True, id="little at both"),
        pytest.param([0.053] * 100, False, id="too much at the median"),
        pytest.param([0.051] * 98 + [0.061] * 2, False, id="too much at the 99th percentile"),
    ],
)
def test_what_ours_adds_is_looked_at_twice(ours, met):
    goal = Added(median_s=0.002, p99_s=0.010)
    assert Row(name="row", ours=samples(*ours), baseline=samples(*[0.05] * 100), goal=goal).met is met


def test_a_missed_goal_is_reported_as_missed():
    assert "NOT MET" in report([row(samples(0.9))])
    assert "NOT MET" not in report([row(samples(0.1))])


@pytest.mark.parametrize("seconds", [pytest.param((), id="none"), pytest.param((0.1, -0.1), id="a negative one")])
def test_samples_have_to_be_measured(seconds):
    with pytest.raises(ValueError, match="thing"):
        samples(*seconds)


def test_json_holds_every_sample_and_the_figures():
    (written,) = json.loads(to_json([row(samples(0.1, 0.3))]))
    assert written["ours"]["seconds"] == [0.1, 0.3]
    assert written["ours_p95_s"] == 0.3
    assert written["baseline_median_s"] == 0.05
    assert written["met"] is False


@pytest.mark.parametrize(
    ("ours_s", "met"),
    [
        pytest.param(0.02, True, id="faster than promised"),
        pytest.param(0.025, True, id="as promised"),
        pytest.param(0.026, False, id="slower"),
    ],
)
def test_pace_compares_medians(ours_s, met):
    one = Row(name="row", ours=samples(ours_s, ours_s, 9.0), baseline=samples(0.05), goal=Pace(times=2))
    assert one.met is met
    assert ("at least 2 times as fast: met" in report([one])) is met
    (written,) = json.loads(to_json([one]))
    assert (written["goal"], written["met"]) == ({"times": 2}, met)


@pytest.mark.parametrize(("megabytes", "met"), [(599.0, True), (600.0, False), (601.0, False)])
def test_memory_stays_under_its_limit(megabytes, met):
    peak = Peak(name="memory", label="worker", megabytes=megabytes, limit_megabytes=600)
    assert ("under 600 MB: met" in report([peak])) is met
    (written,) = json.loads(to_json([peak]))
    assert (written["megabytes"], written["met"]) == (megabytes, met)


def served(*per_second: float) -> Served:
    return Served(label="server", per_second=per_second, p50_s=(0.01,), p99_s=(0.02,))


def test_load_is_compared_by_the_median_round():
    load = Load(name="page", ours=served(100, 310, 300), baseline=served(100, 90, 999), times=3)
    assert (load.ratio, load.met) == (3.0, True)
    assert "at least 3 times as many a second: met" in report([load])
    assert "NOT MET" in report([Load(name="page", ours=served(299), baseline=served(100), times=3)])


def test_load_without_a_baseline_promises_nothing():
    load = Load(name="like", ours=served(100))
    assert (load.ratio, load.met) == (None, True)
    assert report([load]).splitlines()[1].split()[1:4] == ["100", "a", "second"]


def test_every_kind_of_row_is_kept_with_what_follows_from_it():
    kept = json.loads(to_json([Load(name="page", ours=served(300), baseline=served(100), times=3)]))
    assert (kept[0]["ours"]["per_second"], kept[0]["ratio"], kept[0]["met"]) == ([300], 3, True)

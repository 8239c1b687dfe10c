from datetime import UTC, datetime, timedelta
from uuid import UUID

import pytest

from graph.errors import ProblemCode
from graph.listening.plays import (
    CLOCK_TOLERANCE,
    LATEST,
    LONGEST_KEY,
    LONGEST_MS,
    Report,
    began_at,
    counts,
    problem_of,
)

NOW = datetime(2026, 3, 1, 12, 0, tzinfo=UTC)
MS = timedelta(milliseconds=1)


def report(*, started_at: datetime = NOW - timedelta(minutes=4), played_ms: int = 180_000, key: str = "k") -> Report:
    return Report(client_key=key, track_id=UUID(int=1), started_at=started_at, played_ms=played_ms)


@pytest.mark.parametrize(
    ("played_ms", "duration_ms", "counted"),
    [
        pytest.param(30_000, 240_000, True, id="30 seconds of a long track"),
        pytest.param(29_999, 240_000, False, id="a millisecond less"),
        pytest.param(20_000, 40_000, True, id="half of a track of 40 seconds"),
        pytest.param(19_999, 40_000, False, id="a millisecond less than half"),
        pytest.param(29_999, 59_999, False, id="half a millisecond less than half"),
        pytest.param(30_000, 59_999, True, id="half rounded up"),
        pytest.param(30_000, 60_000, True, id="a minute, where both are the same"),
        pytest.param(1, 1, True, id="the shortest track"),
        pytest.param(0, 1, False, id="nothing of it"),
    ],
)
def test_a_play_counts_after_30_seconds_or_half_the_track(played_ms: int, duration_ms: int, *, counted: bool) -> None:
    assert counts(played_ms, duration_ms) is counted


def test_a_clock_that_is_off_is_allowed_for_by_what_it_shows_when_the_report_is_sent() -> None:
    fast = timedelta(days=400)
    told = report(started_at=NOW - timedelta(minutes=4) + fast)
    assert problem_of(told, sent_at=NOW + fast, now=NOW) is None
    assert began_at(told, sent_at=NOW + fast, now=NOW) == NOW - timedelta(minutes=4)
    slow = report(started_at=NOW - timedelta(minutes=4) - fast)
    assert began_at(slow, sent_at=NOW - fast, now=NOW) == NOW - timedelta(minutes=4)


def test_a_play_that_ends_a_little_in_the_future_is_moved_back_to_now() -> None:
    told = report(started_at=NOW - timedelta(minutes=3) + CLOCK_TOLERANCE)
    assert problem_of(told, sent_at=None, now=NOW) is None
    assert began_at(told, sent_at=None, now=NOW) == NOW - timedelta(minutes=3)


@pytest.mark.parametrize(
    ("told", "field"),
    [
        pytest.param(report(started_at=NOW - timedelta(minutes=3) + CLOCK_TOLERANCE + MS), "startedAt", id="future"),
        pytest.param(report(started_at=NOW - LATEST - MS), "startedAt", id="too old"),
        pytest.param(report(started_at=NOW.replace(tzinfo=None)), "startedAt", id="without an offset"),
        pytest.param(report(played_ms=-1), "playedMs", id="less than nothing"),
        pytest.param(report(played_ms=LONGEST_MS + 1), "playedMs", id="longer than a day"),
        pytest.param(report(key=""), "clientKey", id="without a key"),
        pytest.param(report(key="k" * (LONGEST_KEY + 1)), "clientKey", id="a long key"),
        pytest.param(report(key="a\0b"), "clientKey", id="a key that PostgreSQL could not store"),
    ],
)
def test_what_no_play_can_be_is_refused(told: Report, field: str) -> None:
    problem = problem_of(told, sent_at=None, now=NOW)
    assert problem is not None
    assert (problem.code, problem.field) == (ProblemCode.INVALID_VALUE, (field,))


def test_a_time_of_sending_without_an_offset_is_refused() -> None:
    problem = problem_of(report(), sent_at=NOW.replace(tzinfo=None), now=NOW)
    assert problem is not None
    assert problem.field == ("sentAt",)


def test_the_oldest_play_that_is_accepted_is_as_old_as_said() -> None:
    assert problem_of(report(started_at=NOW - LATEST), sent_at=None, now=NOW) is None

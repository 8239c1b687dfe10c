import sys
from datetime import UTC, date, datetime, timedelta, timezone
from itertools import pairwise
from uuid import UUID

import pytest

from graph.listening.charts import chart_key
from graph.listening.spans import ChartSpan, ListeningSpan, first_day, months_around, popularity_weight, weights

NOW = datetime(2026, 3, 1, 12, 34, 56, tzinfo=UTC)


def test_spans_hold_whole_weeks_and_today() -> None:
    assert first_day(ListeningSpan.FOUR_WEEKS, today=date(2026, 3, 1)) == date(2026, 2, 2)
    assert first_day(ListeningSpan.SIX_MONTHS, today=date(2026, 3, 1)) == date(2025, 9, 1)


@pytest.mark.parametrize(
    ("span", "hours", "half_life"),
    [
        pytest.param(ChartSpan.DAY, 24, 6, id="a day halves every 6 hours"),
        pytest.param(ChartSpan.WEEK, 168, 42, id="a week halves every 42 hours"),
    ],
)
def test_what_is_heard_is_worth_half_after_each_half_life(span: ChartSpan, hours: int, half_life: int) -> None:
    found = weights(span, now=NOW)
    assert len(found) == hours
    assert [one.hour for one in found] == [
        datetime(2026, 3, 1, 12, tzinfo=UTC) - timedelta(hours=n) for n in range(hours)
    ]
    assert [found[n * half_life].weight for n in range(4)] == [1.0, 0.5, 0.25, 0.125]
    assert all(later.weight < earlier.weight for earlier, later in pairwise(found))


def test_what_an_artist_is_known_for_doubles_in_worth_every_four_weeks_and_never_ends() -> None:
    assert [popularity_weight(date(2026, 1, 1) + timedelta(days=28 * n)) for n in (-1, 0, 1, 2)] == [0.5, 1, 2, 4]
    assert popularity_weight(date(2103, 12, 31)) < sys.float_info.max


def test_hours_are_those_of_utc_whatever_the_clock_shows() -> None:
    elsewhere = NOW.astimezone(timezone(timedelta(hours=5, minutes=30)))
    assert weights(ChartSpan.DAY, now=elsewhere) == weights(ChartSpan.DAY, now=NOW)


def test_months_reach_from_the_latest_report_to_three_ahead() -> None:
    assert months_around(date(2026, 3, 1)) == [
        date(2026, 1, 1),
        date(2026, 2, 1),
        date(2026, 3, 1),
        date(2026, 4, 1),
        date(2026, 5, 1),
        date(2026, 6, 1),
    ]
    assert months_around(date(2026, 12, 31))[-1] == date(2027, 3, 1)
    assert months_around(date(2026, 1, 31))[0] == date(2025, 11, 1)


def test_every_chart_has_an_id_of_its_own() -> None:
    genres = [None, UUID(int=1), UUID(int=2)]
    keys = {
        chart_key(span, market=market, genre_id=genre)
        for span in ChartSpan
        for market in (None, "DE", "FR")
        for genre in genres
    }
    assert len(keys) == 18

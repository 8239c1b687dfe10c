"""How far back a listener's top lists and the charts look, and what a play is worth in a chart and to an artist. Pure.

Days and hours are those of UTC: where a listener is does not change what is counted.
"""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from enum import Enum

import msgspec


class ListeningSpan(Enum):
    """Of a listener's own top lists."""

    FOUR_WEEKS = "four_weeks"
    SIX_MONTHS = "six_months"
    ALL_TIME = "all_time"


DAYS_OF = {ListeningSpan.FOUR_WEEKS: 28, ListeningSpan.SIX_MONTHS: 182}
"""The days of those that end, today among them; six months are 26 weeks, so both hold every weekday equally often."""
LONGEST_THAT_ENDS = ListeningSpan.SIX_MONTHS
"""Plays by day are kept for so long."""


def first_day(span: ListeningSpan, *, today: date) -> date:
    """The first day that counts in a span that ends."""
    return today - timedelta(days=DAYS_OF[span] - 1)


class ChartSpan(Enum):
    """Of the charts."""

    DAY = "day"
    WEEK = "week"


HOURS_OF = {ChartSpan.DAY: 24, ChartSpan.WEEK: 7 * 24}
LONGEST_CHART = timedelta(hours=HOURS_OF[ChartSpan.WEEK])
HALF_LIVES = 4
"""In each span: what was heard at its far end is worth a sixteenth, so nothing that drops out is missed."""


class Weight(msgspec.Struct, frozen=True):
    """What a play in the hour that began then is worth."""

    hour: datetime
    weight: float


def weights(span: ChartSpan, *, now: datetime) -> list[Weight]:
    """The hours of a span, the present one first: a play there counts whole, and half as much one half-life before."""
    hours = HOURS_OF[span]
    half_life = hours / HALF_LIVES
    this_hour = now.astimezone(UTC).replace(minute=0, second=0, microsecond=0)
    return [Weight(this_hour - timedelta(hours=age), 0.5 ** (age / half_life)) for age in range(hours)]


POPULARITY_FROM = date(2026, 1, 1)
"""A play on this day is worth one to what an artist is known for."""
POPULARITY_HALF_LIFE = timedelta(days=28)
"""Each later day's is worth more, twice as much after so long. So no score is written anew because time passes, and the
weights fit into a double for 78 years."""


def popularity_weight(day: date) -> float:
    """What a play on that day is worth for ever, beside those of other days."""
    return float(2 ** ((day - POPULARITY_FROM) / POPULARITY_HALF_LIFE))


def months_around(today: date) -> list[date]:
    """The first days of the months that plays may fall into, and of the three to come.

    A report may be 30 days late, which on the first of March is in January.
    """
    return [_months_on(today, months) for months in range(-2, 4)]


def first_month_kept(today: date, *, months: int) -> date:
    """The first day of the first month that is not over for so long, or that a report of today may fall into."""
    if months >= today.year * 12:
        return date.min
    return min(_months_on(today, -months), months_around(today)[0])


def _months_on(day: date, months: int) -> date:
    years, month = divmod(day.year * 12 + day.month - 1 + months, 12)
    return date(years, month + 1, 1)

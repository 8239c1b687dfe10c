"""Plays as clients report them: which ones count, and when they began by our clock.

Rules. A play counts once 30 seconds of it were heard, or half the track when that is less. A client whose clock is off
says by `sent_at` what it shows now, and the difference is taken off. What then still ends in the future is moved back
when it is by minutes and refused when it is by more; what began over a month ago is refused. So every play that is
accepted began between :data:`LATEST` ago and now.

Pure. Not here: that a play is counted once (`graph.listening.service`).
"""

from __future__ import annotations

from datetime import datetime, timedelta
from enum import Enum
from uuid import UUID

import msgspec

from graph.errors import Problem, ProblemCode

COUNTED_FROM_MS = 30_000
LATEST = timedelta(days=30)
"""A phone that was offline for a journey reports afterwards; what is older would change lists that have been read."""
CLOCK_TOLERANCE = timedelta(minutes=2)
"""Clocks that are set by the network are off by seconds, and a report takes a while to arrive."""
LONGEST_MS = 24 * 3600 * 1000
LONGEST_KEY = 64
MOST_AT_ONCE = 100
"""Reports in one request: a day offline."""


class Report(msgspec.Struct, frozen=True, kw_only=True):
    """One play, as the client tells it."""

    client_key: str
    """The client's name for this play, the same however often it is reported."""
    track_id: UUID
    started_at: datetime
    played_ms: int


class Outcome(Enum):
    """What became of a report."""

    COUNTED = "counted"
    COUNTED_BEFORE = "counted_before"
    TOO_SHORT = "too_short"
    REFUSED = "refused"


class Result(msgspec.Struct, frozen=True, kw_only=True):
    """The answer to one report; a refused one has a problem."""

    report: Report
    outcome: Outcome
    problem: Problem | None = None


def counts(played_ms: int, duration_ms: int) -> bool:
    """Whether so much of a track of this length is a play."""
    return played_ms >= COUNTED_FROM_MS or 2 * played_ms >= duration_ms


def corrected(started_at: datetime, *, sent_at: datetime | None, now: datetime) -> datetime:
    """The time by our clock, of a client whose clock shows `sent_at` now."""
    return started_at if sent_at is None else started_at + (now - sent_at)


def began_at(report: Report, *, sent_at: datetime | None, now: datetime) -> datetime:
    """When an acceptable report's play began; it has ended by `now`."""
    played = timedelta(milliseconds=report.played_ms)
    return min(corrected(report.started_at, sent_at=sent_at, now=now), now - played)


def problem_of(report: Report, *, sent_at: datetime | None, now: datetime) -> Problem | None:
    """What makes a report unacceptable whatever its track is."""
    if not 1 <= len(report.client_key) <= LONGEST_KEY or "\0" in report.client_key:
        return _invalid("clientKey", f"A key has 1 to {LONGEST_KEY} characters.")
    if not 0 <= report.played_ms <= LONGEST_MS:
        return _invalid("playedMs", "What was heard of one track lies between 0 and 24 hours.")
    return _problem_of_time(report, sent_at=sent_at, now=now)


def _problem_of_time(report: Report, *, sent_at: datetime | None, now: datetime) -> Problem | None:
    for field, time in (("startedAt", report.started_at), ("sentAt", sent_at)):
        if time is not None and time.tzinfo is None:
            return _invalid(field, "A time needs its offset, such as Z.")
    try:
        started_at = corrected(report.started_at, sent_at=sent_at, now=now)
        ended_at = started_at + timedelta(milliseconds=report.played_ms)
    except OverflowError:  # of the calendar, which ends in the year 9999
        return _invalid("startedAt", "This is no time at which a play could begin.")
    if ended_at > now + CLOCK_TOLERANCE:
        return _invalid(
            "startedAt", "The play would end in the future. Send `sentAt`, so that a wrong clock is allowed for."
        )
    if started_at < now - LATEST:
        return _invalid("startedAt", f"The play began more than {LATEST.days} days ago.")
    return None


def _invalid(field: str, message: str) -> Problem:
    return Problem(ProblemCode.INVALID_VALUE, (field,), message)

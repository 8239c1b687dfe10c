"""Which replica may answer a read: rules over positions in the write-ahead log and the ages of what is known of them.

A position is a byte of the primary's log, counted from its beginning. Whoever has replayed it sees all that was
committed before it. The primary's position is asked again and again; a replica that has replayed the position of some
moment sees what the primary showed at that moment, however little was written since. That moment is how fresh the
replica is: no clock of another machine takes part, and an idle primary makes no replica look late.

A replica may answer when it has all that the reader has written, is fresher than the limit, and was heard of lately.
Who has written more than the limit ago needs nothing remembered: every replica that may answer has it.

Pure. Not here: asking the servers (`config.replicas`), and what a reader has written (`graph.reads.writers`).
"""

from __future__ import annotations

from collections.abc import Sequence

import msgspec

NOTHING = 0
"""The position that a reader needs who has written nothing."""


class Mark(msgspec.Struct, frozen=True, kw_only=True):
    """The primary's position at a moment of this process's monotonic clock."""

    position: int
    at_s: float


class Standing(msgspec.Struct, frozen=True, kw_only=True):
    """What a replica had replayed when it was last asked, and when that was."""

    position: int
    seen_at_s: float


def parse(text: str) -> int:
    """A position as PostgreSQL prints it (`pg_lsn`): two halves of 32 bits in hex digits."""
    high, _, low = text.partition("/")
    return (int(high, 16) << 32) + int(low, 16)


def fresh_at_s(standing: Standing, marks: Sequence[Mark]) -> float | None:
    """The latest moment whose position the replica has replayed; None when it has reached none of the marks."""
    return max((mark.at_s for mark in marks if mark.position <= standing.position), default=None)


def behind_s(standing: Standing | None, marks: Sequence[Mark], *, now_s: float, limit_s: float) -> float | None:
    """How old the state is that a replica shows, the limit at least if it has reached none of the marks."""
    if standing is None or not marks:
        return None
    fresh_s = fresh_at_s(standing, marks)
    return max(limit_s, now_s - marks[0].at_s) if fresh_s is None else now_s - fresh_s


def may_answer(standing: Standing | None, marks: Sequence[Mark], *, needed: int, now_s: float, limit_s: float) -> bool:
    """Whether a replica may answer a reader who needs this position."""
    if standing is None or standing.position < needed or now_s - standing.seen_at_s > limit_s:
        return False
    fresh_s = fresh_at_s(standing, marks)
    return fresh_s is not None and now_s - fresh_s <= limit_s


def kept(marks: Sequence[Mark], mark: Mark, *, limit_s: float) -> tuple[Mark, ...]:
    """The marks with a new one, without those that are too old to make a replica fresh."""
    return (*(old for old in marks if mark.at_s - old.at_s <= limit_s), mark)


def chosen(able: Sequence[bool], *, reader: int) -> int | None:
    """Which of the replicas that may answer does, by the reader's number, so that a session stays with one."""
    places = [place for place, may in enumerate(able) if may]
    return places[reader % len(places)] if places else None

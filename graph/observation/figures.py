"""Sums over the operations of one process, counted at the edge of execution and told to whoever asks.

Labels are few: the kinds of operations, the codes of their outcomes, and the names of the operations of trusted
documents. Any other name is one that a client made up, and all of those together are :data:`OTHER`.

Pure, and plain numbers, for counting is paid by every operation. Not here: what Prometheus calls them (`metrics`).
"""

from __future__ import annotations

from bisect import bisect_left
from collections import Counter
from typing import NamedTuple

OK = "OK"
"""The outcome without an error; with one it is the code of the first."""
CANCELLED = "CANCELLED"
"""The client went away, or ended the operation itself."""
OTHER = "other"
UNNAMED = "unnamed"
UNKNOWN = "unknown"
"""The kind of what could not be parsed, or does not fit the schema."""

BOUNDS_S = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0)
"""From a page out of memory to what is cancelled soon; each twice to three times the one before."""


class Seen(NamedTuple):
    """What is counted of one operation."""

    kind: str
    name: str
    """A bounded one; see above."""
    outcome: str
    duration_s: float
    cost: int
    statements: int


class Work:
    """What all operations of one kind and name have taken."""

    __slots__ = ("buckets", "cost", "duration_s", "statements")

    def __init__(self) -> None:
        self.buckets = [0] * (len(BOUNDS_S) + 1)
        """Operations by the first bound that they did not exceed; the last are those that exceeded all."""
        self.duration_s = 0.0
        self.cost = 0
        self.statements = 0


class Figures:
    """All sums of one process."""

    def __init__(self) -> None:
        self.outcomes: Counter[tuple[str, str, str]] = Counter()
        """Operations by kind, name and outcome."""
        self.work: dict[tuple[str, str], Work] = {}
        self.events = 0
        """Answers on sockets and event streams; a subscription has many."""
        self.responses: Counter[int] = Counter()
        """Of HTTP, by their status."""

    def count(self, seen: Seen) -> None:
        """Add an operation that is over."""
        self.outcomes[seen.kind, seen.name, seen.outcome] += 1
        work = self.work.get((seen.kind, seen.name))
        if work is None:
            work = self.work[seen.kind, seen.name] = Work()
        work.buckets[bisect_left(BOUNDS_S, seen.duration_s)] += 1
        work.duration_s += seen.duration_s
        work.cost += seen.cost
        work.statements += seen.statements

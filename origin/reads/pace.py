"""The pace of a store: how long reads take, and so from when on a second attempt is worth its cost. Pure.

A read that takes longer than 99 of 100 did lately is *hedged*: it is sent out once more, and the first answer counts
(Dean and Barroso, "The Tail at Scale", 2013). Hedges are paid from a budget of one for every twenty reads: a store that
has become slow altogether is not asked twice as much for it.
"""

from __future__ import annotations

import math
from collections import deque

SAMPLES = 256
ENOUGH = 32
"""Before so many reads their slowest says little."""

SORTED_EVERY = 32
SLOW = 0.99
SHORTEST_S = 0.01
"""A second attempt sooner than this would not overtake the first."""

EARNED = 0.05
MOST_SAVED = 10.0


class Pace:
    """What the last reads took, and the budget of hedges."""

    def __init__(self, *, longest_patience_s: float) -> None:
        self._longest_s = longest_patience_s
        self._took_s: deque[float] = deque(maxlen=SAMPLES)
        self._until_sorted = ENOUGH
        self._slow_s = longest_patience_s
        self._budget = MOST_SAVED

    def took(self, seconds: float) -> None:
        """Note what a read took that succeeded."""
        self._took_s.append(seconds)
        self._budget = min(MOST_SAVED, self._budget + EARNED)
        self._until_sorted -= 1
        if not self._until_sorted:
            ranked = sorted(self._took_s)
            slow_s = ranked[math.ceil(len(ranked) * SLOW) - 1]
            self._slow_s = min(max(slow_s, SHORTEST_S), self._longest_s)
            self._until_sorted = SORTED_EVERY

    @property
    def patience_s(self) -> float:
        """How long an attempt is waited for alone."""
        return self._slow_s if self._budget >= 1 else self._longest_s

    def hedged(self) -> None:
        """Pay for a second attempt; one that patience alone has brought about is free when there is nothing left."""
        self._budget = max(0.0, self._budget - 1)

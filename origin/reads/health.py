"""The health of an endpoint, told by what came of the reads that it was asked for. Pure: times are arguments.

After three failures without a success in between an endpoint *rests*: others are asked first. When the rest is over one
read tries it; a success ends the matter, and whoever else comes meanwhile finds the endpoint still at rest, so that it
is one listener who waits a little, not all.
"""

from __future__ import annotations

FAILURES = 3
"""One or two in a row are a broken connection or a slow disk; three are the endpoint."""

REST_S = 5.0
"""Between two trials. A listener who tries it in vain loses the patience of one attempt, no more often than this."""


class Health:
    """Of one endpoint."""

    def __init__(self) -> None:
        self._failures = 0
        self._rests_until_s = 0.0

    @property
    def failing(self) -> bool:
        return self._failures >= FAILURES

    def rests(self, now_s: float) -> bool:
        """Whether others are to be asked first."""
        return self.failing and now_s < self._rests_until_s

    def asked(self, now_s: float) -> None:
        """Note that a read sets out; when it is a trial, it stays the only one for a while."""
        if self.failing and not self.rests(now_s):
            self._rests_until_s = now_s + REST_S

    def succeeded(self) -> None:
        self._failures = 0

    def failed(self, now_s: float) -> None:
        self._failures += 1
        if self.failing:
            self._rests_until_s = now_s + REST_S

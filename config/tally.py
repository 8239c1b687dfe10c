"""How many statements a piece of work has sent to PostgreSQL, and when, if that is to be known.

A tally is that of the task that began it and of the tasks it starts; work without one is not counted. The sessions of
a pool report to it (`config.postgres`).
"""

from __future__ import annotations

import time
from collections.abc import Awaitable, Coroutine
from contextvars import ContextVar
from typing import Any, TypeVar

import msgspec

T = TypeVar("T")

MAX_TIMED = 128
"""Of one tally. An operation that sends more is told by their number; a trace of all of them helps nobody."""


class Timed(msgspec.Struct, frozen=True):
    """One statement, with its beginning and its end in nanoseconds since 1970."""

    text: str
    began_ns: int
    ended_ns: int


class Tally:
    """The statements of one piece of work."""

    __slots__ = ("_timing", "statements", "timed")

    def __init__(self, *, timing: bool) -> None:
        self._timing = timing
        self.statements = 0
        self.timed: list[Timed] = []

    def counting(self, text: str, running: Coroutine[Any, Any, T]) -> Coroutine[Any, Any, T]:
        """Count a statement that is about to run."""
        self.statements += 1
        return self._timed(text, running) if self._timing and self.statements <= MAX_TIMED else running

    async def _timed(self, text: str, running: Awaitable[T]) -> T:
        began_ns = time.time_ns()
        try:
            return await running
        finally:
            self.timed.append(Timed(text, began_ns, time.time_ns()))


current: ContextVar[Tally | None] = ContextVar("tally", default=None)


def counted(text: str, running: Coroutine[Any, Any, T]) -> Coroutine[Any, Any, T]:
    """Report a statement to the tally of this task, if there is one."""
    tally = current.get()
    return running if tally is None else tally.counting(text, running)

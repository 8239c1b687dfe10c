"""Flights: one read for all who want the same thing at the same time.

A flight is a task of its own, so that one who leaves takes nothing from the others. When the last has left, it is
cancelled; only one that was begun ahead of any listener goes on for the listener to come. A flight that failed is
forgotten: its error reaches all who wait, and who comes later tries again.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine, Hashable
from typing import Any, Generic, TypeAlias, TypeVar

K = TypeVar("K", bound=Hashable)
V = TypeVar("V")
Start: TypeAlias = Callable[[], Coroutine[Any, Any, V]]


class Flights(Generic[K, V]):
    """What is being read, by key."""

    def __init__(self) -> None:
        self._flying: dict[K, _Flight[V]] = {}

    def __contains__(self, key: K) -> bool:
        return key in self._flying

    async def join(self, key: K, start: Start[V]) -> V:
        """Wait for the flight of `key`, which `start` begins unless it is under way."""
        flight = self._flying.get(key) or self._begin(key, start, ahead=False)
        flight.waiting += 1
        try:
            return await asyncio.shield(flight.task)
        finally:
            flight.waiting -= 1
            if not flight.waiting and not flight.ahead and not flight.task.done():
                self._forget(key, flight)  # at once: whoever comes next must not wait for a task that is being ended
                flight.task.cancel()

    def ahead(self, key: K, start: Start[V]) -> None:
        """Begin a flight that nobody waits for yet."""
        if key not in self._flying:
            self._begin(key, start, ahead=True)

    async def close(self) -> None:
        """End all flights."""
        tasks = [flight.task for flight in self._flying.values()]
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    def _begin(self, key: K, start: Start[V], *, ahead: bool) -> _Flight[V]:
        flight = self._flying[key] = _Flight(asyncio.create_task(start()), ahead=ahead)

        def landed(task: asyncio.Task[V]) -> None:
            self._forget(key, flight)
            if not task.cancelled():
                task.exception()  # asyncio would complain about an error that nobody was left to see

        flight.task.add_done_callback(landed)
        return flight

    def _forget(self, key: K, flight: _Flight[V]) -> None:
        if self._flying.get(key) is flight:
            del self._flying[key]


class _Flight(Generic[V]):
    def __init__(self, task: asyncio.Task[V], *, ahead: bool) -> None:
        self.task = task
        self.ahead = ahead
        self.waiting = 0

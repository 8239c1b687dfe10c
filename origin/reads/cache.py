"""A cache that is bounded in bytes and keeps what is asked for often, not what was asked for last.

What is new enters a small *window*, where the longest unused goes first: there a segment that was read ahead waits for
its listener. What leaves the window stays only by a contest: it has to have been asked for more often than whatever
would make room for it in the *main* part (W-TinyLFU; the counts are a `sketch`). Whoever crawls through the library
asks for everything once, so that all of it falls out behind the window and the hot set stays.

Sizes count what an entry takes beside its value, so that the bound is one of memory.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Hashable
from typing import Generic, TypeVar

from origin.reads.sketch import Sketch

K = TypeVar("K", bound=Hashable)
V = TypeVar("V")

WINDOW_SHARE = 0.1
"""Of 256 MiB the segments that some 300 listeners of cold tracks will ask for next."""

ENTRY_BYTES = 512
"""Measured: a key of 32 characters, the headers of objects, a node of an ordered dictionary, what malloc rounds up."""

USUAL_BYTES = 64 * 1024
"""Of an entry, to size the sketch by: four seconds at 128 kbit/s. With smaller ones it errs more often, no worse."""


class Cache(Generic[K, V]):
    """Values by key, with the size of each; no I/O and no clock."""

    def __init__(self, room_bytes: int) -> None:
        self._window: _Part[K, V] = _Part(int(room_bytes * WINDOW_SHARE))
        self._main: _Part[K, V] = _Part(room_bytes - self._window.room_bytes)
        self._sketch = Sketch(max(64, room_bytes // USUAL_BYTES))

    @property
    def held_bytes(self) -> int:
        return self._window.held_bytes + self._main.held_bytes

    def __contains__(self, key: K) -> bool:
        return key in self._window.entries or key in self._main.entries

    def get(self, key: K) -> V | None:
        """Answer what is held, and count the request either way."""
        self._sketch.add(key)
        found = self._main.use(key)
        return self._window.use(key) if found is None else found

    def peek(self, key: K) -> V | None:
        """Answer what is held; nobody has asked for it."""
        entry = self._main.entries.get(key) or self._window.entries.get(key)
        return None if entry is None else entry[0]

    def put(self, key: K, value: V, *, size_bytes: int) -> None:
        """Hold `value`, as long as it deserves it."""
        if key in self:
            return
        self._window.add(key, value, size_bytes + ENTRY_BYTES)
        while self._window.held_bytes > self._window.room_bytes:
            candidate = next(iter(self._window.entries))
            self._contest(candidate, *self._window.remove(candidate))

    def _contest(self, key: K, value: V, size_bytes: int) -> None:
        """Take `key` into the main part unless one of those that would go for it is asked for as often."""
        count, losers, free_bytes = self._sketch.count(key), [], self._main.free_bytes
        for other, (_, other_bytes) in self._main.entries.items():
            if free_bytes >= size_bytes:
                break
            if self._sketch.count(other) >= count:
                return
            losers.append(other)
            free_bytes += other_bytes
        if free_bytes < size_bytes:
            return
        for other in losers:
            self._main.remove(other)
        self._main.add(key, value, size_bytes)


class _Part(Generic[K, V]):
    """Entries in the order in which they were used last, with the sum of their sizes."""

    def __init__(self, room_bytes: int) -> None:
        self.room_bytes = room_bytes
        self.held_bytes = 0
        self.entries: OrderedDict[K, tuple[V, int]] = OrderedDict()

    @property
    def free_bytes(self) -> int:
        return self.room_bytes - self.held_bytes

    def use(self, key: K) -> V | None:
        entry = self.entries.get(key)
        if entry is None:
            return None
        self.entries.move_to_end(key)
        return entry[0]

    def add(self, key: K, value: V, size_bytes: int) -> None:
        self.entries[key] = value, size_bytes
        self.held_bytes += size_bytes

    def remove(self, key: K) -> tuple[V, int]:
        value, size_bytes = self.entries.pop(key)
        self.held_bytes -= size_bytes
        return value, size_bytes

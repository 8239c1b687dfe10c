"""Rooms: who follows a channel in this process, and what each of them has yet to read.

Every message carries the whole state, so an inbox that is full forgets its oldest one: a slow consumer costs a bounded
amount of memory and skips to what is true now. Where messages may have been lost, :data:`GAP` takes their place.

Not here: the connection that messages come by (`graph.fanout`).
"""

from __future__ import annotations

import asyncio
import contextlib
from collections import deque
from enum import Enum
from typing import Final

INBOX_CAPACITY = 16
"""Messages a slow consumer may be behind; more would only delay it, each one carries the whole state."""


class Gap(Enum):
    """The type of :data:`GAP`."""

    GAP = "gap"


GAP: Final = Gap.GAP
"""Messages may have been lost; read the state anew."""


class Inbox:
    """What one subscriber has yet to read."""

    def __init__(self, capacity: int = INBOX_CAPACITY) -> None:
        self._items: deque[bytes | Gap] = deque(maxlen=capacity)
        self._filled = asyncio.Event()

    def put(self, item: bytes | Gap) -> None:
        """Add one message; the oldest makes room for it."""
        self._items.append(item)
        self._filled.set()

    async def next(self, timeout_s: float) -> bytes | Gap | None:
        """Take the oldest message, or None after `timeout_s` without one. One consumer an inbox."""
        if not self._items:
            self._filled.clear()
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(timeout_s):
                    await self._filled.wait()
        return self._items.popleft() if self._items else None


class Room:
    """One channel and those who follow it in this process."""

    def __init__(self) -> None:
        self.inboxes: set[Inbox] = set()
        self.confirmed = asyncio.Event()
        self.stale = False
        """The connection was away while somebody was in the room."""

    def put(self, item: bytes | Gap) -> None:
        for inbox in self.inboxes:
            inbox.put(item)

    def lose(self) -> None:
        self.confirmed.clear()
        self.stale = True

    def confirm(self) -> None:
        self.confirmed.set()
        if self.stale:
            self.stale = False
            self.put(GAP)

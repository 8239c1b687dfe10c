"""Fan-out: one Valkey pub/sub connection a process, shared by every subscription that the process serves.

Theory of operation. A subscriber enters a channel's room and gets an inbox. One task owns the connection: it reads,
puts what arrives into the inboxes of the room, and, when the connection is lost, makes another with back-off,
subscribes to every room again and puts :data:`GAP` into the inboxes, because what was published meanwhile is lost:
whoever finds a GAP reads the state anew.

Rules
- Every message carries the whole state, so an inbox that is full forgets its oldest message: a slow consumer costs a
  bounded amount of memory and skips to what is true now.
- `subscribe` returns when the server has confirmed the channel, so that "subscribe, then read the row" misses nothing.
  While Valkey is away it returns at once; `connected` says so.
- Delivery is at most once. Nothing durable may depend on it.

Not here: what messages mean (`graph.live.events`, `ingest.contract`), publishing (any client does that).
"""

from __future__ import annotations

import asyncio
import contextlib
import random
import time
from collections import deque
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from enum import Enum
from typing import Any, Final

from valkey.asyncio import Valkey
from valkey.asyncio.client import PubSub
from valkey.exceptions import ValkeyError

from config.logs import logger

INBOX_CAPACITY = 16
"""Messages a slow consumer may be behind; more would only delay it, each one carries the whole state."""
CONFIRM_S = 2.0
FIRST_BACKOFF_S = 0.1
LONGEST_BACKOFF_S = 5.0
QUIET_S = 10.0
"""After this much silence the server is asked for a PONG; after twice as much the connection counts as lost."""
KEEPER = "segue:fanout"
"""A channel on which nobody publishes: it keeps the connection in subscribed mode while there are no rooms."""

log = logger(__name__)


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


class Fanout:
    """Rooms by channel over one connection; made by :func:`open_fanout`."""

    def __init__(self, client: Valkey) -> None:
        self._client = client
        self._rooms: dict[str, Room] = {}
        self._pubsub: PubSub | None = None
        self._attempted = asyncio.Event()
        self._commands: set[asyncio.Task[None]] = set()
        self._sending = asyncio.Lock()
        self._heard_at = 0.0
        self._lost_at = _now_s()
        self.connected = False

    @property
    def away_s(self) -> float:
        """For how long there has been no connection; 0 while there is one."""
        return 0.0 if self.connected else _now_s() - self._lost_at

    @asynccontextmanager
    async def subscribe(self, channel: str) -> AsyncIterator[Inbox]:
        """Enter the room of `channel` and leave it at the end."""
        inbox = Inbox()
        first = channel not in self._rooms
        room = self._rooms.setdefault(channel, Room())
        room.inboxes.add(inbox)
        # From here on a subscriber that is cancelled leaves: a client may go at any moment.
        try:
            if first:
                await self._tell_server(channel, join=True)
            await self._await_confirmation(room)
            yield inbox
        finally:
            room.inboxes.discard(inbox)
            if not room.inboxes and self._rooms.get(channel) is room:
                del self._rooms[channel]
                await self._tell_server(channel, join=False)

    async def run(self) -> None:
        """Keep the connection until cancelled."""
        backoff_s = FIRST_BACKOFF_S
        while True:
            try:
                await self._connect()
                backoff_s = FIRST_BACKOFF_S
                await self._read()
            except (OSError, ValkeyError, TimeoutError) as error:
                log.warning("pub/sub connection lost", cause=type(error).__name__, again_in_s=round(backoff_s, 1))
            except Exception:
                # Whatever else the library raises: without this task nobody in the process would hear anything again.
                log.exception("pub/sub reader failed", again_in_s=round(backoff_s, 1))
            finally:
                await self._drop()
            # Half of the wait is random: processes that lost the server together do not return together.
            await asyncio.sleep(backoff_s * (0.5 + random.random() / 2))  # noqa: S311 -- spreads load, hides nothing
            backoff_s = min(backoff_s * 2, LONGEST_BACKOFF_S)

    async def attempted(self) -> None:
        """Wait until the first attempt to connect has succeeded or failed."""
        await self._attempted.wait()

    async def _connect(self) -> None:
        # One PubSub for each connection: the library's own silent reconnection would hide a gap.
        self._pubsub = self._client.pubsub()
        told = set(self._rooms)
        await self._pubsub.subscribe(KEEPER, *told)
        self._heard_at = _now_s()
        self.connected = True
        self._attempted.set()
        for channel in self._rooms.keys() - told:  # entered while the command above was under way
            await self._tell_server(channel, join=True)
        for channel in told - self._rooms.keys():  # and left
            await self._tell_server(channel, join=False)

    async def _read(self) -> None:
        pubsub = self._pubsub
        while pubsub is not None:
            if not _is_open(pubsub):
                raise ConnectionResetError("closed while a command was being sent")
            message = await pubsub.get_message(timeout=QUIET_S)
            if message is None:
                await self._check_pulse(pubsub)
            else:
                self._heard_at = _now_s()
                self._deliver(message)

    async def _check_pulse(self, pubsub: PubSub) -> None:
        if _now_s() - self._heard_at > 2 * QUIET_S:
            raise TimeoutError("no PONG")
        await pubsub.ping()

    def _deliver(self, message: dict[str, Any]) -> None:
        room = self._rooms.get((message["channel"] or b"").decode())
        if room is None:
            return
        if message["type"] == "message":
            room.put(message["data"])
        elif message["type"] == "subscribe":
            room.confirm()

    async def _drop(self) -> None:
        if self.connected:
            self._lost_at = _now_s()
        self.connected = False
        self._attempted.set()
        for room in self._rooms.values():
            room.lose()
        pubsub, self._pubsub = self._pubsub, None
        if pubsub is not None:
            with contextlib.suppress(OSError, ValkeyError):
                await pubsub.aclose()  # type: ignore[no-untyped-call]  # the library's method has no annotation

    async def _tell_server(self, channel: str, *, join: bool) -> None:
        """Send one command if there is a connection; without one, `_connect` subscribes to every room later."""
        if self._pubsub is None or not self.connected:
            return
        # In a task of its own: a subscriber that is cancelled while its command is being sent would make the library
        # close the connection that everybody shares, or, on Python 3.11, would never learn that it was cancelled.
        command = asyncio.create_task(self._send(self._pubsub, channel, join=join))
        self._commands.add(command)
        command.add_done_callback(self._commands.discard)
        await asyncio.shield(command)

    async def _send(self, pubsub: PubSub, channel: str, *, join: bool) -> None:
        async with self._sending:  # in the order in which subscribers came and went
            if not _is_open(pubsub):
                return
            # A failure is seen by the reader too, which owns the connection and makes a new one.
            with contextlib.suppress(OSError, ValkeyError, TimeoutError):
                await (pubsub.subscribe(channel) if join else pubsub.unsubscribe(channel))

    async def _await_confirmation(self, room: Room) -> None:
        if not self.connected:
            room.stale = True
            return
        try:
            async with asyncio.timeout(CONFIRM_S):
                await room.confirmed.wait()
        except TimeoutError:
            room.stale = True


def _now_s() -> float:
    return time.monotonic()


def _is_open(pubsub: PubSub) -> bool:
    connection: Any = pubsub.connection
    return connection is not None and bool(connection.is_connected)


@asynccontextmanager
async def open_fanout(client: Valkey) -> AsyncIterator[Fanout]:
    """Start the fan-out of one process and stop it at the end; Valkey may come up later."""
    fanout = Fanout(client)
    task = asyncio.create_task(fanout.run(), name="fan-out")
    try:
        await fanout.attempted()
        yield fanout
    finally:
        task.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await task

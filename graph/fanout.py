"""Fan-out: one Valkey pub/sub connection a process, shared by every subscription that the process serves.

Theory of operation. A subscriber enters a channel's room and gets an inbox. One task owns the connection: it reads,
puts what arrives into the inboxes of the room (`graph.rooms`), and, when the connection is lost, makes another with
back-off, subscribes to every room again and puts :data:`graph.rooms.GAP` into the inboxes, because what was published
meanwhile is lost: whoever finds a GAP reads the state anew.

Rules
- `subscribe` returns when the server has confirmed the channel, so that "subscribe, then read the row" misses nothing.
  While Valkey is away it returns at once; `connected` says so.
- Delivery is at most once. Nothing durable may depend on it.

Not here: what messages mean (`graph.live.events`, `ingest.contract`), publishing (any client does that).
"""

from __future__ import annotations

import asyncio
import contextlib
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

from valkey.asyncio import Valkey
from valkey.asyncio.client import PubSub
from valkey.exceptions import ValkeyError

from config import pubsub
from config.background import beside
from config.logs import logger
from graph.rooms import Inbox, Room

CONFIRM_S = 2.0
LONGEST_BACKOFF_S = 5.0
QUIET_S = 10.0
"""After this much silence the server is asked for a PONG; after twice as much the connection counts as lost."""
KEEPER = "segue:fanout"
"""A channel on which nobody publishes: it keeps the connection in subscribed mode while there are no rooms."""

log = logger(__name__)


class Fanout:
    """Rooms by channel over one connection; made by :func:`open_fanout`."""

    def __init__(self, client: Valkey) -> None:
        self._client = client
        self._rooms: dict[str, Room] = {}
        self._connection: PubSub | None = None
        self._attempted = asyncio.Event()
        self._commands: set[asyncio.Task[None]] = set()
        self._sending = asyncio.Lock()
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
        backoff = pubsub.Backoff(longest_s=LONGEST_BACKOFF_S)
        while True:
            try:
                connection = await self._connect()
                backoff.reset()
                async for message in pubsub.heard(connection, quiet_s=QUIET_S):
                    self._deliver(message)
            except (OSError, ValkeyError, TimeoutError) as error:
                log.warning("pub/sub connection lost", cause=type(error).__name__, again_in_s=backoff.next_s)
            except Exception:
                # Whatever else the library raises: without this task nobody in the process would hear anything again.
                log.exception("pub/sub reader failed", again_in_s=backoff.next_s)
            finally:
                await self._drop()
            await backoff.wait()

    async def attempted(self) -> None:
        """Wait until the first attempt to connect has succeeded or failed."""
        await self._attempted.wait()

    async def _connect(self) -> PubSub:
        self._connection = connection = self._client.pubsub()
        told = set(self._rooms)
        await connection.subscribe(KEEPER, *told)
        self.connected = True
        self._attempted.set()
        for channel in self._rooms.keys() - told:  # entered while the command above was under way
            await self._tell_server(channel, join=True)
        for channel in told - self._rooms.keys():  # and left
            await self._tell_server(channel, join=False)
        return connection

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
        connection, self._connection = self._connection, None
        if connection is not None:
            await pubsub.close(connection)

    async def _tell_server(self, channel: str, *, join: bool) -> None:
        """Send one command if there is a connection; without one, `_connect` subscribes to every room later."""
        if self._connection is None or not self.connected:
            return
        # In a task of its own: a subscriber that is cancelled while its command is being sent would make the library
        # close the connection that everybody shares, or, on Python 3.11, would never learn that it was cancelled.
        command = asyncio.create_task(self._send(self._connection, channel, join=join))
        self._commands.add(command)
        command.add_done_callback(self._commands.discard)
        await asyncio.shield(command)

    async def _send(self, connection: PubSub, channel: str, *, join: bool) -> None:
        async with self._sending:  # in the order in which subscribers came and went
            if not pubsub.is_open(connection):
                return
            # A failure is seen by the reader too, which owns the connection and makes a new one.
            with contextlib.suppress(OSError, ValkeyError, TimeoutError):
                await (connection.subscribe(channel) if join else connection.unsubscribe(channel))

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


@asynccontextmanager
async def open_fanout(client: Valkey) -> AsyncIterator[Fanout]:
    """Start the fan-out of one process and stop it at the end; Valkey may come up later."""
    fanout = Fanout(client)
    async with beside(fanout.run(), name="fan-out"):
        await fanout.attempted()
        yield fanout

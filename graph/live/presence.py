"""Presence: the current report of each listener, in Valkey, with an expiry; storing one publishes it.

Storing is one script, because three things must not be torn apart: a later report never gives way to an earlier one, a
listener who went private a moment ago is not overwritten by a report that was under way, and what is published is what
is stored. A private listener's key holds the mark and a stop, never a track.

Losing Valkey loses nothing durable: the next report writes the key again. Every method raises ServiceUnavailable when
Valkey does not answer.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from uuid import UUID

import msgspec
from valkey.asyncio import Valkey
from valkey.exceptions import ValkeyError

from config.errors import ServiceUnavailable
from graph.live.events import SHOWN_FOR_S, NowPlaying, decode, encode, stopped

PRIVATE_MARK_S = 60
"""Longer than any request may take: the row in PostgreSQL keeps out every report that starts after it was written."""

READERS = 16
"""Reads under way at once. After a lost connection every watcher of the process reads anew, each on a connection."""

STORE = """
    local held = redis.call('HMGET', KEYS[1], 'sequence', 'private')
    if ARGV[1] == 'report' and held[2] == '1' then
        return 0
    end
    local sequence = tonumber(ARGV[2])
    local last = tonumber(held[1] or '0')
    if sequence <= last then
        sequence = last + 1
    end
    local text = string.format('%.0f', sequence)
    local private = ARGV[1] == 'hide' and '1' or '0'
    redis.call('HSET', KEYS[1], 'sequence', text, 'private', private, 'event', ARGV[4])
    redis.call('EXPIRE', KEYS[1], ARGV[3])
    redis.call('PUBLISH', KEYS[1], text .. ' ' .. ARGV[4])
    return sequence
"""

POKE = b""
"""Published when rights have changed: whoever watches asks anew what it may see."""


class Presence:
    """The reports of all listeners."""

    def __init__(self, client: Valkey) -> None:
        self._client = client
        self._store = client.register_script(STORE)
        self._readers = asyncio.Semaphore(READERS)

    async def report(self, event: NowPlaying) -> NowPlaying | None:
        """Store and publish; None when the listener has gone private meanwhile."""
        sequence = await self._run("report", event, lifetime_s=SHOWN_FOR_S[event.state])
        return msgspec.structs.replace(event, sequence=sequence) if sequence else None

    async def hide(self, user_id: UUID, *, now_ms: int) -> None:
        """Forget what a listener played and tell those who watch that it stopped."""
        await self._run("hide", stopped(user_id, now_ms=now_ms), lifetime_s=PRIVATE_MARK_S)

    async def show(self, user_id: UUID, *, now_ms: int) -> None:
        """Take reports again."""
        await self._run("show", stopped(user_id, now_ms=now_ms), lifetime_s=PRIVATE_MARK_S)

    async def current(self, user_id: UUID) -> NowPlaying | None:
        """The last report that has not expired."""
        async with self._readers, _translated():
            sequence, event = await self._client.hmget(channel(user_id), ["sequence", "event"])  # type: ignore[misc] # typed for both clients
        return decode(sequence, event) if sequence is not None and event is not None else None

    async def poke(self, user_id: UUID) -> None:
        """Make everybody who watches this listener ask anew what they may see."""
        async with _translated():
            await self._client.publish(channel(user_id), POKE)

    async def _run(self, verb: str, event: NowPlaying, *, lifetime_s: int) -> int:
        async with _translated():
            sequence: int = await self._store(
                keys=[channel(event.user_id)],
                args=[verb, event.reported_at_ms * 1000, lifetime_s, encode(event)],
            )
        return sequence


def channel(user_id: UUID) -> str:
    """A listener's key, and the channel of the same name."""
    return f"segue:listening:{user_id}"


@asynccontextmanager
async def _translated() -> AsyncIterator[None]:
    try:
        yield
    except (OSError, ValkeyError, TimeoutError) as error:
        raise ServiceUnavailable("Valkey", type(error).__name__) from error

"""Publish and subscribe over Valkey: connections whose loss is noticed.

Delivery is at most once, so whoever follows a channel has to know when something may have been missed. Each connection
has a PubSub of its own: the library's silent reconnection would hide the gap. One that says nothing is asked for a
PONG, and counts as lost when none comes.

Not here: what is lost with a connection (`graph.fanout`, `origin.announcements`).
"""

from __future__ import annotations

import asyncio
import random
import time
from collections.abc import AsyncIterator
from contextlib import suppress
from typing import Any

from valkey.asyncio.client import PubSub
from valkey.exceptions import ValkeyError

FIRST_BACKOFF_S = 0.1


class Backoff:
    """The waits between attempts, each twice as long as the one before."""

    def __init__(self, *, longest_s: float) -> None:
        self._longest_s = longest_s
        self.next_s = FIRST_BACKOFF_S

    def reset(self) -> None:
        """An attempt has succeeded."""
        self.next_s = FIRST_BACKOFF_S

    async def wait(self) -> None:
        # Half of the wait is random: processes that lost the server together do not return together.
        await asyncio.sleep(self.next_s * (0.5 + random.random() / 2))  # noqa: S311 -- spreads load, hides nothing
        self.next_s = min(self.next_s * 2, self._longest_s)


async def heard(pubsub: PubSub, *, quiet_s: float) -> AsyncIterator[dict[str, Any]]:
    """Every message until the connection is lost, which is raised: OSError, ValkeyError or TimeoutError.

    After `quiet_s` of silence the server is asked for a PONG; after twice as much the connection counts as lost.
    """
    heard_at_s = time.monotonic()
    while True:
        if not is_open(pubsub):
            raise ConnectionResetError("closed while a command was being sent")
        message = await pubsub.get_message(timeout=quiet_s)
        if message is not None:
            heard_at_s = time.monotonic()
            yield message
        elif time.monotonic() - heard_at_s > 2 * quiet_s:
            raise TimeoutError("no PONG")
        else:
            await pubsub.ping()


def is_open(pubsub: PubSub) -> bool:
    connection: Any = pubsub.connection
    return connection is not None and bool(connection.is_connected)


async def close(pubsub: PubSub) -> None:
    """Close a connection that may be broken."""
    with suppress(OSError, ValkeyError):
        await pubsub.aclose()  # type: ignore[no-untyped-call]  # the library's method has no annotation

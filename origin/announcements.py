"""Announcements: one Valkey subscription a process, which hears what was withdrawn and what is offered again.

Delivery is at most once. So that nothing is lost by that, a lost connection is noticed within `2 * QUIET_S`, and what
it means for what is known is decided elsewhere (`origin.withdrawals`). Each connection has a PubSub of its own: the
library's own silent reconnection would hide that something may have been missed.
"""

from __future__ import annotations

import asyncio
import random
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from typing import Any, Never

import msgspec
from valkey.asyncio import Valkey
from valkey.asyncio.client import PubSub
from valkey.exceptions import ValkeyError

from config.logs import logger
from config.settings import ValkeySettings
from config.valkey import open_valkey
from config.withdrawals import CHANNEL, Announcement
from origin.withdrawals import Withdrawals

QUIET_S = 2.0
"""After this much silence the server is asked for a PONG; after twice as much the connection counts as lost."""
FIRST_BACKOFF_S = 0.1
LONGEST_BACKOFF_S = 2.0
"""While there is no connection every asset in use is looked up every few seconds: it is worth coming back soon."""

log = logger(__name__)


@asynccontextmanager
async def followed(settings: ValkeySettings | None, withdrawals: Withdrawals) -> AsyncIterator[None]:
    """Follow the announcements beside the body; Valkey may come up later, and without one nothing is announced."""
    if settings is None:
        yield
        return
    async with open_valkey(settings) as client:
        task = asyncio.create_task(_follow(client, withdrawals), name="announcements")
        try:
            yield
        finally:
            task.cancel()
            with suppress(asyncio.CancelledError):
                await task


async def _follow(client: Valkey, withdrawals: Withdrawals) -> Never:
    backoff_s = FIRST_BACKOFF_S
    while True:
        pubsub = client.pubsub()
        try:
            await pubsub.subscribe(CHANNEL)
            backoff_s = FIRST_BACKOFF_S
            await _listen(pubsub, withdrawals)
        except (OSError, ValkeyError, TimeoutError) as error:
            log.warning("announcements lost", cause=type(error).__name__, again_in_s=round(backoff_s, 1))
        except Exception:
            # Whatever else the library raises: without this task the process would hear nothing any more.
            log.exception("announcements failed", again_in_s=round(backoff_s, 1))
        finally:
            withdrawals.unfollowed()
            with suppress(OSError, ValkeyError):
                await pubsub.aclose()  # type: ignore[no-untyped-call]  # the library's method has no annotation
        # Half of the wait is random: processes that lost the server together do not return together.
        await asyncio.sleep(backoff_s * (0.5 + random.random() / 2))  # noqa: S311 -- spreads load, hides nothing
        backoff_s = min(backoff_s * 2, LONGEST_BACKOFF_S)


async def _listen(pubsub: PubSub, withdrawals: Withdrawals) -> Never:
    """Hear everything until the connection is lost, which is raised."""
    heard_at_s = time.monotonic()
    while True:
        if not _is_open(pubsub):
            raise ConnectionResetError("closed while a command was being sent")
        message = await pubsub.get_message(timeout=QUIET_S)
        if message is not None:
            heard_at_s = time.monotonic()
            _hear(message, withdrawals)
        elif time.monotonic() - heard_at_s > 2 * QUIET_S:
            raise TimeoutError("no PONG")
        else:
            await pubsub.ping()


def _hear(message: dict[str, Any], withdrawals: Withdrawals) -> None:
    if message["type"] == "subscribe":
        withdrawals.followed()
    elif message["type"] == "message":
        announcement = msgspec.json.decode(message["data"], type=Announcement)
        withdrawals.told(announcement.asset_id, withdrawn=announcement.withdrawn)


def _is_open(pubsub: PubSub) -> bool:
    connection: Any = pubsub.connection
    return connection is not None and bool(connection.is_connected)

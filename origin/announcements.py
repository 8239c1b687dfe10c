"""Announcements: one Valkey subscription a process, which hears what was withdrawn and what is offered again.

Delivery is at most once. So that nothing is lost by that, a lost connection is noticed within `2 * QUIET_S`, and what
it means for what is known is decided elsewhere (`origin.withdrawals`).
"""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any, Never

import msgspec
from valkey.asyncio import Valkey
from valkey.exceptions import ValkeyError

from config import pubsub
from config.background import beside
from config.logs import logger
from config.settings import ValkeySettings
from config.valkey import open_valkey
from config.withdrawals import CHANNEL, Announcement
from origin.withdrawals import Withdrawals

QUIET_S = 2.0
"""After this much silence the server is asked for a PONG; after twice as much the connection counts as lost."""
LONGEST_BACKOFF_S = 2.0
"""While there is no connection every asset in use is looked up every few seconds: it is worth coming back soon."""

log = logger(__name__)


@asynccontextmanager
async def followed(settings: ValkeySettings | None, withdrawals: Withdrawals) -> AsyncIterator[None]:
    """Follow the announcements beside the body; Valkey may come up later, and without one nothing is announced."""
    if settings is None:
        yield
        return
    async with open_valkey(settings) as client, beside(_follow(client, withdrawals), name="announcements"):
        yield


async def _follow(client: Valkey, withdrawals: Withdrawals) -> Never:
    backoff = pubsub.Backoff(longest_s=LONGEST_BACKOFF_S)
    while True:
        connection = client.pubsub()
        try:
            await connection.subscribe(CHANNEL)
            backoff.reset()
            async for message in pubsub.heard(connection, quiet_s=QUIET_S):
                _hear(message, withdrawals)
        except (OSError, ValkeyError, TimeoutError) as error:
            log.warning("announcements lost", cause=type(error).__name__, again_in_s=backoff.next_s)
        except Exception:
            # Whatever else the library raises: without this task the process would hear nothing any more.
            log.exception("announcements failed", again_in_s=backoff.next_s)
        finally:
            withdrawals.unfollowed()
            await pubsub.close(connection)
        await backoff.wait()


def _hear(message: dict[str, Any], withdrawals: Withdrawals) -> None:
    if message["type"] == "subscribe":
        withdrawals.followed()
    elif message["type"] == "message":
        announcement = msgspec.json.decode(message["data"], type=Announcement)
        withdrawals.told(announcement.asset_id, withdrawn=announcement.withdrawn)

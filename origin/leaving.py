"""Leaving: a client that hangs up ends what only it was waiting for."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Coroutine
from typing import Any, TypeAlias, TypeVar

from origin.errors import ClientGone

T = TypeVar("T")
Left: TypeAlias = Callable[[], Awaitable[None]]
"""Returns when the client has hung up."""

GRACE_S = 0.05
"""Nearly every read has ended by then, and need not pay for a look at the connection."""


async def unless_left(work: Coroutine[Any, Any, T], left: Left) -> T:
    """Do `work` while the client waits for it. Raises ClientGone."""
    working = asyncio.ensure_future(work)
    try:
        done, _ = await asyncio.wait((working,), timeout=GRACE_S)
        if not done:
            await _either(working, asyncio.ensure_future(left()))
        return working.result()
    finally:
        working.cancel()


async def _either(working: asyncio.Future[T], leaving: asyncio.Future[None]) -> None:
    """Wait for the work. Raises ClientGone."""
    try:
        await asyncio.wait((working, leaving), return_when=asyncio.FIRST_COMPLETED)
        if not working.done():
            raise ClientGone
    finally:
        leaving.cancel()

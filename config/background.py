"""Work in the background: a task that lives as long as the body that it stands beside."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Coroutine
from contextlib import asynccontextmanager, suppress
from typing import Any

CANCEL_AGAIN_S = 5.0
"""As long as a farewell may take. Before Python 3.12 a cancellation is lost when it comes together with what
`asyncio.wait_for` waits for, by which Valkey's client sends: the work would go on, and its process would never end."""


@asynccontextmanager
async def beside(work: Coroutine[Any, Any, object], *, name: str) -> AsyncIterator[None]:
    """Do `work` beside the body, which it neither delays nor ends; then it is cancelled until it has ended."""
    task = asyncio.create_task(work, name=name)
    try:
        yield
    finally:
        while not task.done():
            task.cancel()
            await asyncio.wait({task}, timeout=CANCEL_AGAIN_S)
        with suppress(asyncio.CancelledError):
            await task

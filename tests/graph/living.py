"""The application inside the test's own loop: faster than a process, and its services can be looked at."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from litestar import Litestar


@asynccontextmanager
async def living(application: Litestar) -> AsyncIterator[Litestar]:
    """Run the lifespan in one task, as a server does: it cannot be entered in one and left in another."""
    started, stop = asyncio.Event(), asyncio.Event()

    async def live() -> None:
        async with application.lifespan():
            started.set()
            await stop.wait()

    task = asyncio.create_task(live())
    waiting = asyncio.create_task(started.wait())
    await asyncio.wait({task, waiting}, return_when=asyncio.FIRST_COMPLETED)
    try:
        if task.done():
            await task
        yield application
    finally:
        waiting.cancel()
        stop.set()
        await task

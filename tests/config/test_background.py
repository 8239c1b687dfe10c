import asyncio
from contextlib import suppress

import pytest

from config import background
from config.background import beside


async def test_work_ends_with_the_body_and_is_waited_for() -> None:
    told: list[str] = []
    begun = asyncio.Event()

    async def work() -> None:
        begun.set()
        try:
            await asyncio.Event().wait()
        finally:
            await asyncio.sleep(0)
            told.append("work ended")

    async with beside(work(), name="of this test"):
        await begun.wait()
        told.append("body ended")
    assert told == ["body ended", "work ended"]


async def test_work_that_misses_its_cancellation_is_cancelled_again(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(background, "CANCEL_AGAIN_S", 0.01)
    begun = asyncio.Event()

    async def deaf() -> None:
        begun.set()
        with suppress(asyncio.CancelledError):
            await asyncio.Event().wait()
        await asyncio.Event().wait()

    async def body() -> None:
        async with beside(deaf(), name="of this test"):
            await begun.wait()

    ended, _ = await asyncio.wait({asyncio.create_task(body())}, timeout=60)
    assert ended

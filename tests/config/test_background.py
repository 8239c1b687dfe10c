import asyncio

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

import asyncio
import gc
from uuid import UUID

import pytest

from origin.descriptors import Descriptors
from origin.errors import NotThere, StoreAway

IDS = [UUID(int=number) for number in range(5)]


class Loader:
    """Counts reads and lets the test say when each of them ends."""

    def __init__(self, asset) -> None:
        self.asset = asset
        self.keys: list[tuple[UUID, int]] = []
        self.error: Exception | None = None
        self.gate = asyncio.Event()
        self.gate.set()

    async def __call__(self, asset_id: UUID, revision: int):
        self.keys.append((asset_id, revision))
        await self.gate.wait()
        if self.error is not None:
            raise self.error
        return self.asset


@pytest.fixture
async def loader(make_asset, make_rendition):
    return Loader(make_asset(make_rendition("aac-96", ticks=(1000,) * 3), make_rendition("aac-160", ticks=(1000,) * 3)))


async def test_reads_once_and_answers_from_memory(loader) -> None:
    descriptors = Descriptors(loader)
    assert [await descriptors.get(IDS[0], 1) for _ in range(3)] == [loader.asset] * 3
    assert loader.keys == [(IDS[0], 1)]


async def test_each_revision_is_an_entry_of_its_own(loader) -> None:
    descriptors = Descriptors(loader)
    for revision in (1, 2, 1, 2):
        await descriptors.get(IDS[0], revision)
    assert loader.keys == [(IDS[0], 1), (IDS[0], 2)]


async def test_concurrent_misses_share_one_read(loader) -> None:
    descriptors = Descriptors(loader)
    loader.gate.clear()
    waiting = [asyncio.create_task(descriptors.get(IDS[0], 1)) for _ in range(20)]
    await asyncio.sleep(0)
    loader.gate.set()
    assert await asyncio.gather(*waiting) == [loader.asset] * 20
    assert loader.keys == [(IDS[0], 1)]


async def test_one_who_hangs_up_takes_nothing_from_the_others(loader) -> None:
    descriptors = Descriptors(loader)
    loader.gate.clear()
    first, second = (asyncio.create_task(descriptors.get(IDS[0], 1)) for _ in range(2))
    await asyncio.sleep(0)
    first.cancel()
    await asyncio.sleep(0)
    loader.gate.set()
    assert await second is loader.asset
    assert len(loader.keys) == 1
    with pytest.raises(asyncio.CancelledError):
        await first


async def test_failed_read_reaches_all_who_wait_and_is_not_kept(loader) -> None:
    descriptors = Descriptors(loader)
    loader.gate.clear()
    loader.error = StoreAway("away")
    waiting = [asyncio.create_task(descriptors.get(IDS[0], 1)) for _ in range(3)]
    await asyncio.sleep(0)
    loader.gate.set()
    outcomes = await asyncio.gather(*waiting, return_exceptions=True)
    assert [type(outcome) for outcome in outcomes] == [StoreAway] * 3
    loader.error = None
    assert await descriptors.get(IDS[0], 1) is loader.asset
    assert len(loader.keys) == 2


async def test_failed_read_that_nobody_waits_for_is_no_complaint(loader) -> None:
    complaints = []
    asyncio.get_running_loop().set_exception_handler(lambda _loop, context: complaints.append(context))
    descriptors = Descriptors(loader)
    loader.gate.clear()
    loader.error = NotThere("gone")
    waiting = asyncio.create_task(descriptors.get(IDS[0], 1))
    await asyncio.sleep(0)
    waiting.cancel()
    await asyncio.sleep(0.01)  # the read has to fail after everybody is gone
    loader.gate.set()
    await asyncio.sleep(0.01)
    del waiting  # it holds the read by its traceback; asyncio complains when the read is collected
    gc.collect()
    assert complaints == []


async def test_oldest_goes_when_there_is_no_room(loader) -> None:
    descriptors = Descriptors(loader, room_segments=12)  # two assets of six segments
    await descriptors.get(IDS[0], 1)
    await descriptors.get(IDS[1], 1)
    await descriptors.get(IDS[0], 1)  # now the second was used longest ago
    await descriptors.get(IDS[2], 1)
    loader.keys.clear()
    for asset_id in (IDS[0], IDS[2], IDS[1]):
        await descriptors.get(asset_id, 1)
    assert loader.keys == [(IDS[1], 1)]


async def test_asset_larger_than_the_room_is_served_and_not_kept(loader) -> None:
    descriptors = Descriptors(loader, room_segments=5)
    for _ in range(2):
        assert await descriptors.get(IDS[0], 1) is loader.asset
    assert len(loader.keys) == 2

import asyncio
import gc
import tracemalloc
from uuid import UUID

import msgspec
import pytest

from origin import asset as contract
from origin.descriptors import Descriptors, size_bytes
from origin.errors import NotThere, StoreAway
from origin.reads.cache import ENTRY_BYTES
from tests.described import whole_file

ROOM_BYTES = 1_000_000
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
    descriptors = Descriptors(loader, room_bytes=ROOM_BYTES)
    assert [await descriptors.get(IDS[0], 1) for _ in range(3)] == [loader.asset] * 3
    assert loader.keys == [(IDS[0], 1)]


async def test_each_revision_is_an_entry_of_its_own(loader) -> None:
    descriptors = Descriptors(loader, room_bytes=ROOM_BYTES)
    for revision in (1, 2, 1, 2):
        await descriptors.get(IDS[0], revision)
    assert loader.keys == [(IDS[0], 1), (IDS[0], 2)]


async def test_concurrent_misses_share_one_read(loader) -> None:
    descriptors = Descriptors(loader, room_bytes=ROOM_BYTES)
    loader.gate.clear()
    waiting = [asyncio.create_task(descriptors.get(IDS[0], 1)) for _ in range(20)]
    await asyncio.sleep(0)
    loader.gate.set()
    assert await asyncio.gather(*waiting) == [loader.asset] * 20
    assert loader.keys == [(IDS[0], 1)]


async def test_one_who_hangs_up_takes_nothing_from_the_others(loader) -> None:
    descriptors = Descriptors(loader, room_bytes=ROOM_BYTES)
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
    descriptors = Descriptors(loader, room_bytes=ROOM_BYTES)
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
    descriptors = Descriptors(loader, room_bytes=ROOM_BYTES)
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


async def test_passer_by_takes_no_room_from_what_is_asked_for_often(loader) -> None:
    descriptors = Descriptors(loader, room_bytes=int(2.5 * (size_bytes(loader.asset) + ENTRY_BYTES)))
    for asset_id in (IDS[0], IDS[1], IDS[0], IDS[1], IDS[2]):
        await descriptors.get(asset_id, 1)
    loader.keys.clear()
    for asset_id in (IDS[0], IDS[1], IDS[2]):
        await descriptors.get(asset_id, 1)
    assert loader.keys == [(IDS[2], 1)]


WHOLE = whole_file("flac.flac", b"", byte_length=500 * contract.WHOLE_FILE_PART_BYTES, part_sha256s=("0" * 32,) * 500)


@pytest.mark.parametrize("whole", [(), (WHOLE,)], ids=["segments alone", "with a long whole file"])
async def test_size_is_about_what_python_allocates(make_asset, make_rendition, whole) -> None:
    asset = make_asset(*(make_rendition(f"r-{n}", ticks=(1000,) * 60) for n in range(6)))
    encoded = contract.encode(msgspec.structs.replace(asset, progressive=whole))
    tracemalloc.start()
    held = [contract.decode(encoded) for _ in range(200)]
    allocated, _ = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert 0.8 < sum(map(size_bytes, held)) / allocated < 1.3


async def test_asset_larger_than_the_room_is_served_and_not_kept(loader) -> None:
    descriptors = Descriptors(loader, room_bytes=size_bytes(loader.asset))
    for _ in range(2):
        assert await descriptors.get(IDS[0], 1) is loader.asset
    assert len(loader.keys) == 2

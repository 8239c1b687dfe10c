"""The reader put together, over an endpoint that counts what it is asked for."""

import asyncio
from collections.abc import Callable
from uuid import UUID

import pytest

from origin.asset import block_digest
from origin.errors import Busy, NotThere, StoreAway, WrongBytes
from origin.image import ImageFormat, ImageRecord, image_key, image_object
from origin.ranges import Span
from origin.reads.block import Block
from origin.reads.cache import Cache
from origin.reads.disk import Disk
from origin.reads.endpoints import Endpoint, Endpoints
from origin.reads.reader import Reader
from origin.reads.room import Room
from origin.reads.whole import WholeObject

SIZE_BYTES = 1000
CONTENT = b"".join(number.to_bytes(2, "big") for number in range(5000))
FILE = WholeObject(key="k", size=len(CONTENT))


class FakeStore:
    def __init__(self) -> None:
        self.reads: list[int] = []
        self.ended: list[int] = []
        self.content = CONTENT
        self.error: Exception | None = None
        self.has_record = True
        self.records = 0
        self.wholes: list[str] = []
        self.gate = asyncio.Event()
        self.gate.set()

    async def block(self, block: Block) -> bytes:
        self.reads.append(block.span.start)
        try:
            await self.gate.wait()
        finally:
            self.ended.append(block.span.start)
        if self.error is not None:
            raise self.error
        return block.checked(self.content[block.span.start : block.span.end])

    async def image(self, image_id: UUID) -> ImageRecord:
        self.records += 1
        if not self.has_record:
            raise NotThere("image.json")
        return ImageRecord(image_id=image_id, files=(image_object(300, ImageFormat.WEBP, CONTENT[:1000]),))

    async def whole(self, key: str) -> bytes:
        self.wholes.append(key)
        return self.content[:1000]

    async def read(self, _file: WholeObject, span: Span) -> bytes:
        self.reads.append(span.start)
        await self.gate.wait()
        return self.content[span.start : span.end]


def block(number: int) -> Block:
    start = number * SIZE_BYTES
    digest = block_digest(CONTENT[start : start + SIZE_BYTES])
    return Block(key="k", span=Span(start=start, length=SIZE_BYTES), sha256=digest)


@pytest.fixture
async def store() -> FakeStore:
    return FakeStore()


@pytest.fixture
def reader_of(store) -> Callable[..., Reader]:
    def reader_of(*, room_bytes: int = 10 * SIZE_BYTES, disk: Disk | None = None) -> Reader:
        endpoints = Endpoints([Endpoint("primary", store)], deadline_s=60, clock=lambda: 0.0)
        return Reader(endpoints=endpoints, cache=Cache(1_000_000), room=Room(room_bytes), disk=disk, clock=lambda: 0.0)

    return reader_of


async def settled(condition: Callable[[], bool]) -> None:
    async with asyncio.timeout(60):
        while not condition():
            await asyncio.sleep(0.001)


async def test_block_is_read_once_and_held(reader_of, store) -> None:
    reader = reader_of()
    assert reader.held(block(1)) is None
    assert await reader.block(block(1)) == CONTENT[1000:2000]
    assert reader.held(block(1)) == CONTENT[1000:2000]
    assert store.reads == [1000]


async def test_concurrent_misses_are_one_read(reader_of, store) -> None:
    reader = reader_of()
    found = await asyncio.gather(*(reader.block(block(1)) for _ in range(500)))
    assert found == [CONTENT[1000:2000]] * 500
    assert store.reads == [1000]


async def test_wrong_bytes_are_neither_answered_nor_kept(reader_of, store, tmp_path) -> None:
    disk = Disk(tmp_path, room_bytes=1_000_000)
    await disk.open()
    reader = reader_of(disk=disk)
    store.content = CONTENT[:1500] + b"?" + CONTENT[1501:]
    with pytest.raises(WrongBytes):
        await reader.block(block(1))
    await disk.close()
    assert reader.held(block(1)) is None
    assert not [path for path in tmp_path.rglob("*") if path.is_file()]
    store.content = CONTENT
    assert await reader.block(block(1)) == CONTENT[1000:2000]


async def test_next_process_reads_from_the_disk(reader_of, store, tmp_path) -> None:
    for _ in range(2):
        disk = Disk(tmp_path, room_bytes=1_000_000)
        await disk.open()
        reader = reader_of(disk=disk)
        assert await reader.block(block(1)) == CONTENT[1000:2000]
        await reader.close()
    assert store.reads == [1000]


async def test_block_ahead_is_there_when_it_is_asked_for(reader_of, store) -> None:
    reader = reader_of()
    for _ in range(3):
        reader.ahead(block(2))
    await settled(lambda: store.ended == [2000])
    assert await reader.block(block(2)) == CONTENT[2000:3000]
    reader.ahead(block(2))
    assert store.reads == [2000]


async def test_block_ahead_that_fails_harms_nobody(reader_of, store) -> None:
    complaints: list[object] = []
    asyncio.get_running_loop().set_exception_handler(lambda _loop, context: complaints.append(context))
    reader, store.error = reader_of(), StoreAway("refused")
    reader.ahead(block(2))
    await settled(lambda: len(store.ended) == 3)
    store.error = None
    assert await reader.block(block(2)) == CONTENT[2000:3000]
    assert complaints == []


async def test_beyond_the_limit_nobody_waits(reader_of, store) -> None:
    reader = reader_of(room_bytes=3 * SIZE_BYTES)
    store.gate.clear()
    reading = [asyncio.create_task(reader.block(block(number))) for number in range(3)]
    await settled(lambda: len(store.reads) == 3)
    with pytest.raises(Busy):
        await reader.block(block(3))
    with pytest.raises(Busy):
        await reader.read(FILE, Span(start=0, length=10))
    reader.ahead(block(4))
    joined = asyncio.create_task(reader.block(block(0)))  # costs the store nothing
    store.gate.set()
    assert await joined == CONTENT[:1000]
    await asyncio.gather(*reading)
    assert sorted(store.reads) == [0, 1000, 2000]
    assert await reader.block(block(3)) == CONTENT[3000:4000]


async def test_what_is_larger_than_the_limit_is_read_alone(reader_of) -> None:
    assert await reader_of(room_bytes=10).block(block(1)) == CONTENT[1000:2000]


async def test_nothing_is_read_ahead_while_there_is_enough_to_do(reader_of, store) -> None:
    reader = reader_of(room_bytes=3 * SIZE_BYTES)
    store.gate.clear()
    reading = [asyncio.create_task(reader.block(block(number))) for number in range(2)]
    await settled(lambda: len(store.reads) == 2)
    reader.ahead(block(4))
    store.gate.set()
    await asyncio.gather(*reading)
    assert sorted(store.reads) == [0, 1000]


async def test_read_that_nobody_waits_for_is_cancelled_and_gives_its_room_back(reader_of, store) -> None:
    reader = reader_of(room_bytes=SIZE_BYTES)
    store.gate.clear()
    reading = asyncio.create_task(reader.block(block(1)))
    await settled(lambda: store.reads == [1000])
    reading.cancel()
    await settled(lambda: store.ended == [1000])
    store.gate.set()
    assert await reader.block(block(2)) == CONTENT[2000:3000]
    assert reader.held(block(1)) is None


async def test_part_of_a_whole_file_is_not_kept(reader_of, store) -> None:
    reader = reader_of()
    for _ in range(2):
        assert await reader.read(FILE, Span(start=5, length=3)) == CONTENT[5:8]
    assert store.reads == [5, 5]


IMAGE = UUID(int=3)


async def test_image_is_read_once_and_held(reader_of, store) -> None:
    reader = reader_of()
    for _ in range(2):
        assert await reader.image(IMAGE, 300, ImageFormat.WEBP) == CONTENT[:1000]
    assert (store.records, store.reads, store.wholes) == (1, [0], [])


async def test_wrong_bytes_of_an_image_are_neither_answered_nor_kept(reader_of, store) -> None:
    reader, store.content = reader_of(), b"x" + CONTENT[1:]
    with pytest.raises(WrongBytes):
        await reader.image(IMAGE, 300, ImageFormat.WEBP)
    store.content = CONTENT
    assert await reader.image(IMAGE, 300, ImageFormat.WEBP) == CONTENT[:1000]


async def test_file_that_the_record_does_not_list_is_not_there(reader_of, store) -> None:
    with pytest.raises(NotThere):
        await reader_of().image(IMAGE, 64, ImageFormat.WEBP)
    assert (store.reads, store.wholes) == ([], [])


async def test_image_that_was_drawn_before_there_were_records_is_read_as_it_is(reader_of, store) -> None:
    reader, store.has_record = reader_of(), False
    for _ in range(2):
        assert await reader.image(IMAGE, 300, ImageFormat.WEBP) == CONTENT[:1000]
    assert (store.records, store.wholes) == (2, [image_key(IMAGE, 300, ImageFormat.WEBP)] * 2)

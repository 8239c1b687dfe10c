"""The records of images in memory: how long they stand, and what ends them."""

import asyncio
from uuid import UUID

import pytest

from origin.errors import NotThere, OriginError, StoreAway, WrongBytes
from origin.image import ImageFormat, ImageRecord, image_object
from origin.reads.images import HELD_S, STALE_S, Images

IMAGE = UUID(int=3)
RECORD = ImageRecord(image_id=IMAGE, files=(image_object(300, ImageFormat.WEBP, b"a picture"),))


class Shelf:
    """The store of one image, and the time."""

    def __init__(self) -> None:
        self.now_s = 1000.0
        self.looks = 0
        self.error: OriginError | None = None
        self.images = Images(self.look, clock=lambda: self.now_s)

    async def look(self, image_id: UUID) -> ImageRecord:
        assert image_id == IMAGE
        self.looks += 1
        await asyncio.sleep(0)
        if self.error is not None:
            raise self.error
        return RECORD

    async def find(self, *, after_s: float = 0.0) -> ImageRecord | None:
        self.now_s += after_s
        return await self.images.find(IMAGE)


@pytest.fixture
async def shelf() -> Shelf:
    return Shelf()


async def test_record_is_looked_for_again_after_a_minute(shelf: Shelf) -> None:
    found = [await shelf.find(after_s=seconds) for seconds in (0, HELD_S - 1, 1, HELD_S - 1)]
    assert (found, shelf.looks) == ([RECORD] * 4, 2)


async def test_deleted_image_is_noticed_and_stays_gone_while_the_store_is_away(shelf: Shelf) -> None:
    assert await shelf.find() == RECORD
    shelf.error = NotThere("image.json")
    assert await shelf.find(after_s=HELD_S) is None
    shelf.error = StoreAway("no answer")
    with pytest.raises(StoreAway):
        await shelf.find(after_s=1)
    shelf.error = None
    assert await shelf.find() == RECORD


@pytest.mark.parametrize("error", [StoreAway("no answer"), WrongBytes("image.json")], ids=["away", "damaged"])
async def test_what_was_seen_last_stands_until_the_store_answers(shelf: Shelf, error: OriginError) -> None:
    assert await shelf.find() == RECORD
    shelf.error = error
    assert [await shelf.find(after_s=seconds) for seconds in (HELD_S, STALE_S - 1)] == [RECORD] * 2
    assert shelf.looks == 2
    shelf.error = NotThere("image.json")
    assert await shelf.find(after_s=1) is None


async def test_many_who_ask_at_once_share_one_look(shelf: Shelf) -> None:
    for after_s in (0.0, HELD_S):
        shelf.now_s += after_s
        assert await asyncio.gather(*(shelf.find() for _ in range(100))) == [RECORD] * 100
    assert shelf.looks == 2

import asyncio
from uuid import UUID

import msgspec
import pytest

from config.errors import ObjectMissing, ServiceUnavailable
from origin import asset as contract
from origin import image
from origin import store as stores
from origin.errors import NotThere, StoreAway, WrongBytes
from origin.image import ImageFormat, ImageRecord, image_object
from origin.ranges import Span
from origin.reads.block import Block
from origin.reads.whole import WholeObject
from origin.store import Store

ID = UUID(int=7)
FILE = WholeObject(key="k", size=10)


class FakeObjects:
    """Answers with `content`, raises it, or waits for it."""

    def __init__(self, content) -> None:
        self.content = content

    async def read(self, _key):
        if isinstance(self.content, asyncio.Event):
            await self.content.wait()
        if isinstance(self.content, Exception):
            raise self.content
        return self.content

    async def read_range(self, key, start, length):
        return (await self.read(key))[start : start + length]

    async def ping(self):
        await self.read("")


def store(content) -> Store:
    return Store(FakeObjects(content))


async def test_reads_a_descriptor_and_a_part(recording) -> None:
    asset = recording.asset
    assert await store(contract.encode(asset)).asset(asset.asset_id, asset.revision) == asset
    assert await store(b"0123456789").read(FILE, Span(start=2, length=3)) == b"234"


@pytest.mark.parametrize("content", [b"", b"{", b"[]", b'{"version":2}', b"\xff"], ids=repr)
async def test_what_is_no_descriptor_is_wrong(content) -> None:
    with pytest.raises(WrongBytes):
        await store(content).asset(ID, 1)


async def test_descriptor_of_something_else_is_wrong(recording) -> None:
    """A token opens the directory in the path; a descriptor must not lead out of it."""
    asset = recording.asset
    misplaced = store(contract.encode(asset))
    for place in ((ID, asset.revision), (asset.asset_id, asset.revision + 1)):
        with pytest.raises(WrongBytes, match=f"describes revision {asset.revision} of {asset.asset_id}"):
            await misplaced.asset(*place)


@pytest.mark.parametrize(
    ("span", "complaint"),
    [
        pytest.param(Span(start=2, length=3), None, id="as stored"),
        pytest.param(Span(start=3, length=3), "other bytes for the 3 from 3", id="other bytes"),
        pytest.param(Span(start=9, length=3), "1 bytes for the 3 from 9", id="an object that ends early"),
    ],
)
async def test_block_is_what_its_digest_says_or_nothing(span, complaint) -> None:
    block = Block(key="k", span=span, sha256=contract.block_digest(b"234"))
    if complaint is None:
        assert await store(b"0123456789").block(block) == b"234"
        return
    with pytest.raises(WrongBytes, match=complaint):
        await store(b"0123456789").block(block)


RECORD = ImageRecord(image_id=ID, files=(image_object(64, ImageFormat.AVIF, b"a picture"),))


async def test_reads_the_record_of_an_image() -> None:
    assert await store(image.encode(RECORD)).image(ID) == RECORD


@pytest.mark.parametrize(
    "content",
    [
        pytest.param(b"{", id="no record"),
        pytest.param(image.encode(RECORD).replace(b"64", b"65"), id="a changed one"),
        pytest.param(image.encode(msgspec.structs.replace(RECORD, image_id=UUID(int=8))), id="another image's"),
    ],
)
async def test_what_is_no_record_of_the_image_is_wrong(content) -> None:
    with pytest.raises(WrongBytes):
        await store(content).image(ID)


async def test_file_that_ends_early_is_wrong() -> None:
    with pytest.raises(WrongBytes, match="2 of the 3 bytes from 8"):
        await store(b"0123456789").read(FILE, Span(start=8, length=3))


@pytest.mark.parametrize(
    ("content", "error"),
    [
        pytest.param(ObjectMissing("k"), NotThere, id="no such object"),
        pytest.param(ServiceUnavailable("S3", "refused"), StoreAway, id="connection refused"),
    ],
)
async def test_store_errors_become_ours(content, error) -> None:
    one = store(content)
    for asking in (one.asset(ID, 1), one.read(FILE, Span(start=0, length=1)), one.ping()):
        with pytest.raises(error):
            await asking


async def test_health_is_told_in_time(monkeypatch) -> None:
    monkeypatch.setattr(stores, "PING_LIMIT_S", 0.01)
    with pytest.raises(StoreAway):
        await store(asyncio.Event()).ping()

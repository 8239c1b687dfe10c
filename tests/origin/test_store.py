import asyncio
from uuid import UUID

import pytest

from config.errors import ObjectMissing, ServiceUnavailable
from origin import asset as contract
from origin import store as stores
from origin.errors import DamagedAsset, NotThere, StoreAway
from origin.ranges import Span
from origin.store import Store

ID = UUID(int=7)


class FakeObjects:
    """Answers with `content`, or raises it, after `delay_s`."""

    def __init__(self, content, *, delay_s: float = 0) -> None:
        self.content = content
        self.delay_s = delay_s

    async def read(self, _key):
        await asyncio.sleep(self.delay_s)
        if isinstance(self.content, Exception):
            raise self.content
        return self.content

    async def read_range(self, key, start, length):
        return (await self.read(key))[start : start + length]

    async def ping(self):
        await self.read("")


def store(content, **options) -> Store:
    return Store(FakeObjects(content, **options), deadline_s=0.05)


async def test_reads_a_descriptor_and_a_part(recording) -> None:
    asset = recording.asset
    assert await store(contract.encode(asset)).asset(asset.asset_id, asset.revision) == asset
    assert await store(b"0123456789").read("k", Span(start=2, length=3)) == b"234"


@pytest.mark.parametrize("content", [b"", b"{", b"[]", b'{"version":2}', b"\xff"], ids=repr)
async def test_what_is_no_descriptor_is_damage(content) -> None:
    with pytest.raises(DamagedAsset):
        await store(content).asset(ID, 1)


async def test_descriptor_of_something_else_is_damage(recording) -> None:
    """A token opens the directory in the path; a descriptor must not lead out of it."""
    asset = recording.asset
    misplaced = store(contract.encode(asset))
    for place in ((ID, asset.revision), (asset.asset_id, asset.revision + 1)):
        with pytest.raises(DamagedAsset, match=f"describes revision {asset.revision} of {asset.asset_id}"):
            await misplaced.asset(*place)


async def test_track_file_that_ends_early_is_damage() -> None:
    with pytest.raises(DamagedAsset, match="2 of the 3 bytes from 8"):
        await store(b"0123456789").read("k", Span(start=8, length=3))


@pytest.mark.parametrize(
    ("content", "delay_s", "error"),
    [
        pytest.param(ObjectMissing("k"), 0, NotThere, id="no such object"),
        pytest.param(ServiceUnavailable("S3", "refused"), 0, StoreAway, id="connection refused"),
        pytest.param(b"0123456789", 5, StoreAway, id="no answer in time"),
    ],
)
async def test_store_errors_become_ours(content, delay_s, error) -> None:
    one = store(content, delay_s=delay_s)
    for asking in (one.asset(ID, 1), one.read("k", Span(start=0, length=1)), one.ping()):
        with pytest.raises(error):
            await asking


async def test_health_is_told_in_time_however_patient_reads_are(monkeypatch) -> None:
    monkeypatch.setattr(stores, "PING_LIMIT_S", 0.01)
    with pytest.raises(StoreAway):
        await Store(FakeObjects(b"", delay_s=5), deadline_s=60).ping()

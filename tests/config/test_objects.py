"""The store's verbs against a real S3 server."""

import hashlib
from collections.abc import AsyncIterator

import aiohttp
import msgspec
import pytest

from config.errors import ObjectMissing, ServiceUnavailable
from config.objects import ObjectStore, open_store
from config.settings import s3_settings


@pytest.fixture
async def store(environment: dict[str, str]) -> AsyncIterator[ObjectStore]:
    async with open_store(s3_settings(environment)) as opened:
        yield opened


async def test_what_is_written_is_read_whole_and_in_ranges(store):
    content = bytes(range(256)) * 4096
    await store.write("a/b", content, content_type="audio/mp4")
    assert await store.read("a/b") == content
    assert await store.read_range("a/b", 1000, 24) == content[1000:1024]
    assert (await store.head("a/b")).size_bytes == len(content)


@pytest.mark.parametrize(
    "read",
    [
        pytest.param(lambda store: store.read("nowhere"), id="whole"),
        pytest.param(lambda store: store.read_range("nowhere", 0, 1), id="a range"),
        pytest.param(lambda store: store.head("nowhere"), id="its head"),
    ],
)
async def test_a_missing_object_is_no_outage(store, read):
    with pytest.raises(ObjectMissing, match="nowhere"):
        await read(store)


async def test_a_missing_bucket_is_an_outage_not_a_missing_object(environment):
    settings = msgspec.structs.replace(s3_settings(environment), bucket="mistyped")
    async with open_store(settings) as store:
        with pytest.raises(ServiceUnavailable, match="NoSuchBucket"):
            await store.read("a/b")


async def test_only_what_is_below_a_prefix_is_deleted(store):
    for key in ("assets/1/a", "assets/1/b/c", "assets/10/a"):
        await store.write(key, b"x", content_type="audio/mp4")
    await store.delete_prefix("assets/1/")
    assert await store.keys("assets/") == ["assets/10/a"]
    with pytest.raises(ValueError, match="slash"):
        await store.delete_prefix("assets/1")


async def test_deleting_what_is_gone_is_no_error(store):
    await store.delete("nowhere")


async def test_a_presigned_put_stores_with_its_headers_and_not_without(store):
    content = b"a master"
    promise = await store.presign_put(
        "uploads/1", content_type="audio/wav", sha256=hashlib.sha256(content).digest(), lifetime_s=60
    )
    async with aiohttp.ClientSession() as http:
        async with http.put(promise.url, data=content, headers={"content-type": "audio/wav"}) as refused:
            assert refused.status == 403
        async with http.put(promise.url, data=content, headers=promise.headers) as accepted:
            assert accepted.status == 200
    assert await store.read("uploads/1") == content

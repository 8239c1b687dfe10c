"""The store's verbs against a real S3 server."""

import hashlib
import io
import socket
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta

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
        "uploads/1",
        content_type="audio/wav",
        size_bytes=len(content),
        sha256=hashlib.sha256(content).digest(),
        lifetime_s=60,
    )
    async with aiohttp.ClientSession() as http:
        async with http.put(promise.url, data=content, headers={"content-type": "audio/wav"}) as refused:
            assert refused.status == 403
        async with http.put(promise.url, data=content + b"!", headers=promise.headers) as longer:
            assert longer.status == 403
        async with http.put(promise.url, data=content, headers=promise.headers) as accepted:
            assert accepted.status == 200
    assert await store.read("uploads/1") == content


PART = 5 * 1024 * 1024


async def test_parts_sent_in_any_order_make_one_object(store):
    content = bytes(range(256)) * 4096 * 5 + b"tail"
    upload = await store.multipart.begin("uploads/1", content_type="audio/wav")
    assert [(one.key, one.upload_id) for one in await store.multipart.unfinished("uploads/")] == [("uploads/1", upload)]
    assert await store.multipart.parts("uploads/1", upload) == []
    for number in (2, 1):
        await send(store, upload, number, content[(number - 1) * PART : number * PART])
    parts = await store.multipart.parts("uploads/1", upload)
    assert [(part.number, part.size_bytes) for part in parts] == [(1, PART), (2, len(content) - PART)]
    assert await store.keys("") == []  # nobody sees half of it
    await store.multipart.complete("uploads/1", upload, parts)
    assert await store.read("uploads/1") == content
    assert await store.multipart.unfinished("uploads/") == []


async def send(store, upload, number, body, *, size_bytes=None):
    put = await store.multipart.presign(
        "uploads/1", upload, number, size_bytes=len(body) if size_bytes is None else size_bytes, lifetime_s=60
    )
    async with aiohttp.ClientSession() as http, http.put(put.url, data=io.BytesIO(body), headers=put.headers) as answer:
        return answer.status


async def test_a_part_of_another_size_than_signed_is_refused(store):
    upload = await store.multipart.begin("uploads/1", content_type="audio/wav")
    assert await send(store, upload, 1, b"four", size_bytes=5) == 403
    assert await send(store, upload, 1, b"four", size_bytes=4) == 200


async def test_an_aborted_upload_is_gone_and_may_be_aborted_again(store):
    upload = await store.multipart.begin("uploads/1", content_type="audio/wav")
    await send(store, upload, 1, b"some")
    for _ in range(2):
        await store.multipart.abort("uploads/1", upload)
    assert await store.multipart.unfinished("uploads/") == []
    with pytest.raises(ObjectMissing):
        await store.multipart.parts("uploads/1", upload)


async def test_unfinished_uploads_are_listed_below_their_prefix_with_their_age(store):
    before = datetime.now(UTC) - timedelta(seconds=5)
    await store.multipart.begin("uploads/1", content_type="audio/wav")
    await store.multipart.begin("elsewhere/1", content_type="audio/wav")
    (found,) = await store.multipart.unfinished("uploads/")
    assert before < found.begun_at < datetime.now(UTC) + timedelta(seconds=5)


async def streamed(store, pieces, content):
    digest = hashlib.sha256(content).digest()
    await store.write_stream("uploads/1", pieces, content_type="audio/wav", size_bytes=len(content), sha256=digest)


async def test_pieces_are_stored_as_they_come(store):
    content = bytes(range(256)) * 5000

    async def pieces():
        for start in range(0, len(content), 100_000):
            yield content[start : start + 100_000]

    await streamed(store, pieces(), content)
    assert await store.read("uploads/1") == content


async def test_what_breaks_the_pieces_off_is_raised_and_nothing_is_kept(store):
    async def pieces():
        yield b"half of it"
        raise LookupError("the rest is gone")

    with pytest.raises(LookupError, match="the rest is gone"):
        await streamed(store, pieces(), b"half of it and the rest")
    assert await store.keys("") == []


async def test_a_store_that_takes_no_more_is_given_up(environment):
    """The kernel takes the connection and fills its buffers; nobody ever accepts it."""
    stuck = socket.create_server(("127.0.0.1", 0))
    endpoint = f"http://127.0.0.1:{stuck.getsockname()[1]}"
    settings = msgspec.structs.replace(s3_settings(environment), endpoint=endpoint, timeout_s=0.5)

    async def pieces():
        for _ in range(1000):
            yield bytes(1024 * 1024)

    async with open_store(settings) as store:
        with pytest.raises(ServiceUnavailable, match="TimeoutError"):
            await store.write_stream(
                "a", pieces(), content_type="audio/wav", size_bytes=1000 * 1024 * 1024, sha256=bytes(32)
            )
    stuck.close()


async def test_a_store_that_refuses_a_stream_is_an_outage_with_its_code(environment):
    settings = msgspec.structs.replace(s3_settings(environment), bucket="mistyped")

    async def pieces():
        yield b"x"

    async with open_store(settings) as store:
        with pytest.raises(ServiceUnavailable, match="NoSuchBucket"):
            await streamed(store, pieces(), b"x")

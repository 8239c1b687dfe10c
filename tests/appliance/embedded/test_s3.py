"""The embedded S3 keeps what `config.objects` asks of any S3: rclone is the server here, nothing is faked."""

import base64
import hashlib
import io
import os
from collections.abc import AsyncIterator
from itertools import pairwise
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import aiohttp
import pytest

from appliance.embedded import s3
from config.errors import ObjectMissing
from config.objects import ObjectStore, open_store
from config.settings import s3_settings

BODY = bytes(range(256)) * 5000
SHA256 = hashlib.sha256(BODY).digest()


@pytest.fixture
async def store(environment: dict[str, str]) -> AsyncIterator[ObjectStore]:
    async with open_store(s3_settings(environment)) as opened:
        yield opened


async def put(url: str, body: bytes, headers: dict[str, str]) -> int:
    async with aiohttp.ClientSession() as client, client.put(url, data=io.BytesIO(body), headers=headers) as answer:
        return answer.status


async def test_accepts_a_presigned_put_with_its_signed_checksum(store: ObjectStore) -> None:
    signed = await store.presign_put(
        "uploads/a", content_type="audio/wav", size_bytes=len(BODY), sha256=SHA256, lifetime_s=60
    )
    assert signed.headers["x-amz-checksum-sha256"] == base64.b64encode(SHA256).decode()
    assert await put(signed.url, BODY, signed.headers) == 200
    assert (await store.head("uploads/a")).size_bytes == len(BODY)
    assert await store.read("uploads/a") == BODY


async def test_refuses_a_presigned_put_whose_signature_was_changed(store: ObjectStore) -> None:
    signed = await store.presign_put(
        "uploads/b", content_type="audio/wav", size_bytes=len(BODY), sha256=SHA256, lifetime_s=60
    )
    assert await put(signed.url.replace("uploads/b", "uploads/c"), BODY, signed.headers) == 403
    with pytest.raises(ObjectMissing):
        await store.head("uploads/c")


async def test_an_upload_in_parts_outlives_the_last_object_beside_it(store: ObjectStore) -> None:
    await store.write("uploads/a", BODY, content_type="audio/wav")
    begun = await store.multipart.begin("uploads/b", content_type="audio/wav")
    await store.delete("uploads/a")  # with it the folder would go, and nothing makes it anew for a part
    signed = await store.multipart.presign("uploads/b", begun, 1, size_bytes=len(BODY), lifetime_s=60)
    assert await put(signed.url, BODY, signed.headers) == 200
    await store.multipart.complete("uploads/b", begun, await store.multipart.parts("uploads/b", begun))
    assert await store.read("uploads/b") == BODY
    assert await store.keys("") == ["uploads/b"]


async def test_refuses_a_request_without_a_signature(store: ObjectStore, environment: dict[str, str]) -> None:
    await store.write("a", BODY, content_type="audio/wav")
    url = f"{environment['SEGUE_S3_ENDPOINT']}/{environment['SEGUE_S3_BUCKET']}/a"
    async with aiohttp.ClientSession() as client, client.get(url) as answer:
        assert answer.status == 400
        assert BODY[:16] not in await answer.read()


@pytest.mark.parametrize(
    ("start", "length"),
    [
        pytest.param(0, 1, id="the first byte"),
        pytest.param(1000, 4096, id="from the middle"),
        pytest.param(len(BODY) - 1, 1, id="the last byte"),
        pytest.param(0, len(BODY), id="everything"),
    ],
)
async def test_answers_a_ranged_read_with_those_bytes(store: ObjectStore, start: int, length: int) -> None:
    await store.write("assets/a.mp4", BODY, content_type="audio/mp4")
    assert await store.read_range("assets/a.mp4", start, length) == BODY[start : start + length]


async def test_lists_below_a_prefix_and_deletes_only_there(store: ObjectStore) -> None:
    for key in ("assets/a/1", "assets/a/2/deep", "assets/b/1"):
        await store.write(key, b"x", content_type="text/plain")
    assert await store.keys("assets/a/") == ["assets/a/1", "assets/a/2/deep"]
    await store.delete_prefix("assets/a/")
    assert await store.keys("") == ["assets/b/1"]
    await store.delete("assets/a/1")  # gone already


async def test_joins_the_parts_of_a_multipart_upload(store: ObjectStore, environment: dict[str, str]) -> None:
    client = store._client
    bucket = environment["SEGUE_S3_BUCKET"]
    begun = await client.create_multipart_upload(Bucket=bucket, Key="big", ContentType="audio/wav")
    whole = os.urandom(5 * 1024 * 1024 + 17)
    parts = []
    for number, (start, end) in enumerate(pairwise((0, 5 * 1024 * 1024, len(whole))), start=1):
        answer = await client.upload_part(
            Bucket=bucket, Key="big", UploadId=begun["UploadId"], PartNumber=number, Body=whole[start:end]
        )
        parts.append({"ETag": answer["ETag"], "PartNumber": number})
    await client.complete_multipart_upload(
        Bucket=bucket, Key="big", UploadId=begun["UploadId"], MultipartUpload={"Parts": parts}
    )
    assert await store.read("big") == whole


async def test_replaces_an_object_that_is_written_again(store: ObjectStore) -> None:
    await store.write("a", b"longer than the next", content_type="text/plain")
    await store.write("a", b"short", content_type="text/plain")
    assert await store.read("a") == b"short"


@pytest.mark.skipif(not Path("/proc/self/cmdline").exists(), reason="needs /proc to see command lines as others do")
def test_keeps_the_key_pair_off_the_command_line(services: Any) -> None:
    seen = Path(f"/proc/{services.pids['s3']}/cmdline").read_bytes()
    assert b"serve\0s3" in seen
    assert services.environment["SEGUE_S3_SECRET_KEY"].encode() not in seen


def test_address_is_a_url_on_loopback() -> None:
    assert urlsplit(s3.url(port=9000)).netloc == "127.0.0.1:9000"

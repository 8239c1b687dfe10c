"""Files through the API, by real requests to a real process and a real store."""

import asyncio
import hashlib
import io
import os
import signal
from collections.abc import AsyncIterator
from typing import Any

import aiohttp
import pytest

from config.settings import graph_settings
from graph import ids
from graph.uploads import intake
from graph.viewer import Role

CREATE = """
mutation($input: CreateUploadInput!) {
  createUpload(input: $input) { upload { id throughApi { method path } } userErrors { code message } }
}
"""
COMPLETE = """
mutation($id: ID!) { completeUpload(input: {uploadId: $id}) { track { id } userErrors { code } } }
"""
MASTER = bytes(range(256)) * 40_000


@pytest.fixture
def settings(environment):
    """Of the application in the loop of the test: one file at a time."""
    return graph_settings({**environment, "SEGUE_STREAMED_UPLOADS_MAX": "1"})


@pytest.fixture
async def artist(add_user):
    return await add_user(Role.ARTIST)


@pytest.fixture
def url(start_graph):
    return start_graph()


@pytest.fixture
def client(api, url, artist):
    return api(url, artist)


class Desk:
    """An upload of one artist and the requests that may keep it."""

    def __init__(self, client: Any, url: str, upload: dict[str, Any]) -> None:
        self.client = client
        self.id = upload["id"]
        self.method = upload["throughApi"]["method"]
        self.url = f"{url}{upload['throughApi']['path']}"

    async def send(self, body: Any, **headers: str) -> tuple[int, dict[str, Any]]:
        """The status and the answer."""
        sent = {**self.client._headers, **{name.replace("_", "-"): value for name, value in headers.items()}}
        async with self.client.http.request(self.method, self.url, data=body, headers=sent) as answer:
            return answer.status, await answer.json(content_type=None)

    async def complete(self) -> list[dict[str, str]]:
        errors: list[dict[str, str]] = (await self.client.data(COMPLETE, id=self.id))["userErrors"]
        return errors


@pytest.fixture
async def announce(client, url, artist, add_track):
    async def announced(content: bytes = MASTER) -> Desk:
        promise = {
            "trackId": ids.encode("Track", await add_track(artist)),
            "fileName": "tune.wav",
            "contentType": "audio/wav",
            "sizeBytes": len(content),
            "sha256": hashlib.sha256(content).hexdigest(),
        }
        return Desk(client, url, (await client.data(CREATE, input=promise))["upload"])

    return announced


async def chunked(content: bytes, size: int) -> AsyncIterator[bytes]:
    for start in range(0, len(content), size):
        yield content[start : start + size]


def code_of(body: dict[str, Any]) -> str:
    (error,) = body["errors"]
    assert error["message"]
    code: str = error["extensions"]["code"]
    return code


@pytest.mark.parametrize(
    "body",
    [
        pytest.param(lambda: io.BytesIO(MASTER), id="with its length"),
        pytest.param(lambda: chunked(MASTER, 3_000_000), id="in chunks of megabytes"),
        pytest.param(lambda: chunked(MASTER, 70_001), id="in odd chunks"),
    ],
)
async def test_a_file_arrives_and_is_completed(announce, store, body) -> None:
    desk = await announce()
    status, answer = await desk.send(body())
    assert (status, answer) == (
        200,
        {"uploadId": desk.id, "sizeBytes": len(MASTER), "sha256": hashlib.sha256(MASTER).hexdigest()},
    )
    (key,) = await store.keys("uploads/")
    assert await store.read(key) == MASTER
    assert await desk.complete() == []


async def test_an_empty_file_arrives_too(announce, store) -> None:
    desk = await announce(b"")
    assert (await desk.send(b""))[0] == 200
    (key,) = await store.keys("uploads/")
    assert await store.read(key) == b""


@pytest.mark.parametrize(
    ("body", "code"),
    [
        pytest.param(lambda: io.BytesIO(MASTER[:-1]), "UPLOAD_SIZE_MISMATCH", id="a length that was not announced"),
        pytest.param(lambda: chunked(MASTER[:-1], 2**20), "UPLOAD_SIZE_MISMATCH", id="a chunked byte too few"),
        pytest.param(lambda: chunked(MASTER + b"!", 2**20), "UPLOAD_SIZE_MISMATCH", id="a chunked byte too many"),
        pytest.param(lambda: io.BytesIO(MASTER[::-1]), "UPLOAD_CHECKSUM_MISMATCH", id="other bytes"),
    ],
)
async def test_another_file_than_announced_is_refused_and_not_kept(announce, store, body, code) -> None:
    desk = await announce()
    status, answer = await desk.send(body())
    assert (status, code_of(answer)) == (400, code)
    assert await store.keys("") == []
    assert (await desk.complete())[0]["code"] == "UPLOAD_MISSING"
    assert (await desk.send(io.BytesIO(MASTER)))[0] == 200  # the promise still holds


async def test_who_may_not_send_is_told_so(announce, api, add_user, url, artist) -> None:
    desk = await announce(b"a master")
    for viewer, expected in ((None, (401, "UNAUTHENTICATED")), (await add_user(Role.ARTIST), (404, "NOT_FOUND"))):
        desk.client = api(url, viewer)
        status, answer = await desk.send(b"a master")
        assert (status, code_of(answer)) == expected
    desk.client, desk.url = api(url, artist), f"{url}/uploads/garbage"
    status, answer = await desk.send(b"a master")
    assert (status, code_of(answer)) == (404, "NOT_FOUND")


async def test_an_upload_that_is_over_takes_nothing(announce, pool) -> None:
    desk = await announce(b"a master")
    await pool.execute("UPDATE uploads SET expires_at = now() - interval '1 s'")
    assert code_of((await desk.send(b"a master"))[1]) == "UPLOAD_EXPIRED"
    await pool.execute("UPDATE uploads SET expires_at = now() + interval '1 h'")
    assert (await desk.send(b"a master"))[0] == 200
    assert await desk.complete() == []
    status, answer = await desk.send(b"a master")
    assert (status, code_of(answer)) == (409, "UPLOAD_COMPLETED")


async def test_a_compressed_body_is_refused(announce) -> None:
    desk = await announce(b"a master")
    status, answer = await desk.send(b"a master", content_encoding="br")
    assert (status, code_of(answer)) == (400, "BAD_REQUEST")


async def test_a_client_that_leaves_in_the_middle_leaves_nothing(announce, store) -> None:
    desk = await announce()

    async def half() -> AsyncIterator[bytes]:
        yield MASTER[: len(MASTER) // 2]
        raise ConnectionAbortedError

    with pytest.raises(aiohttp.ClientError):
        await desk.send(half())
    assert (await desk.send(io.BytesIO(MASTER)))[0] == 200
    assert len(await store.keys("")) == 1


async def test_a_store_that_stands_still_holds_the_client_back(announce, store, services) -> None:
    content = bytes(64 * 1024**2)
    desk = await announce(content)
    sent = 0

    async def counted() -> AsyncIterator[bytes]:
        nonlocal sent
        async for piece in chunked(content, 256 * 1024):
            yield piece
            sent += len(piece)

    os.kill(services.pids["s3"], signal.SIGSTOP)
    try:
        sending = asyncio.create_task(desk.send(counted()))
        before = -1
        while before != sent or not sent:
            before = sent
            await asyncio.sleep(0.5)
        assert sent < len(content) / 2  # the buffers of three sockets, whatever the file's size
    finally:
        os.kill(services.pids["s3"], signal.SIGCONT)
    status, _ = await sending
    assert status == 200
    (key,) = await store.keys("")
    assert (await store.head(key)).size_bytes == len(content)


# In the loop of the test, where a stalled client and a full house need no patience.


@pytest.fixture
async def sending(ask, artist, add_track):
    track = ids.encode("Track", await add_track(artist))
    promise = {
        "trackId": track,
        "fileName": "tune.wav",
        "contentType": "audio/wav",
        "sizeBytes": 10,
        "sha256": hashlib.sha256(b"0123456789").hexdigest(),
    }
    upload = (await ask.data(CREATE, artist, input=promise))["upload"]
    headers = {"authorization": f"Bearer {ask.token(artist)}"}

    async def send(body: AsyncIterator[bytes]) -> Any:
        return await ask.client.put(upload["throughApi"]["path"], content=body, headers=headers)

    return send


async def stalling(going_on: asyncio.Event) -> AsyncIterator[bytes]:
    yield b"01234"
    await going_on.wait()
    yield b"56789"


async def test_a_client_that_stalls_is_given_up(sending, store, monkeypatch) -> None:
    monkeypatch.setattr(intake, "IDLE_S", 0.05)
    answer = await sending(stalling(asyncio.Event()))
    assert (answer.status_code, code_of(answer.json())) == (408, "BAD_REQUEST")
    assert await store.keys("") == []


async def test_a_process_takes_so_many_files_at_once_and_no_more(sending) -> None:
    taken, going_on = asyncio.Event(), asyncio.Event()

    async def held_up() -> AsyncIterator[bytes]:
        taken.set()  # a body is read when its place is sure
        async for piece in stalling(going_on):
            yield piece

    first = asyncio.create_task(sending(held_up()))
    await taken.wait()
    refused = await sending(chunked(b"0123456789", 10))
    assert (refused.status_code, code_of(refused.json())) == (503, "SERVICE_UNAVAILABLE")
    assert refused.headers["retry-after"]
    going_on.set()
    assert (await first).status_code == 200
    assert (await sending(chunked(b"0123456789", 10))).status_code == 200


async def test_a_page_of_another_origin_may_send(ask) -> None:
    asked = {"origin": "https://app.example", "access-control-request-method": "PUT"}
    answer = await ask.client.options("/uploads/any", headers=asked)
    assert answer.status_code == 204
    assert "PUT" in answer.headers["access-control-allow-methods"]

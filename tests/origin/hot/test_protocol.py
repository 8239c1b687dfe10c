"""Connections: what comes back is the same, to the byte, whether or not the hot path has answered."""

import asyncio
import json
import random
import re
import socket

import pytest

from edge.terms import Terms
from origin.hot import protocol

GIVEN = 167
"""Of the requests in turn, those that the hot path has answered."""

LISTED = "https://player.example"
FOREIGN = "https://elsewhere.example"


def get(path: str, *fields: str) -> bytes:
    return "\r\n".join((f"GET {path} HTTP/1.1", "Host: x", *fields, "", "")).encode()


def last(path: str) -> bytes:
    return get(path, "Connection: close")


def unmarked(answers: bytes) -> bytes:
    """Without what differs from one answer to the next: the second, and an id that nobody has given."""
    answers = re.sub(rb"\r\ndate: [^\r]{29}\r\n", b"\r\n", answers)
    return re.sub(rb"\r\nx-request-id: [0-9a-f]{16}\r\n", b"\r\n", answers)


async def test_third_answer_is_the_first_without_the_application(
    make_bench, serve, ask_in_turn, path, recording
) -> None:
    bench, url = make_bench(), path("flac/1.m4s")
    async with serve(bench) as port:
        cold, warm, hot = await ask_in_turn(port, *[get(url)] * 3)
    assert bench.answers.given == 1
    assert unmarked(cold) == unmarked(warm) == unmarked(hot)
    assert hot.startswith(b"HTTP/1.1 200 OK\r\ndate: ")
    assert hot.endswith(b"\r\n\r\n" + recording.segment("flac", 1))


async def test_given_id_is_kept_and_logged(make_bench, serve, ask_in_turn, path) -> None:
    bench, url = make_bench(), path("flac/1.m4s")
    async with serve(bench) as port:
        *_, hot = await ask_in_turn(port, get(url), get(url), get(url, "X-Request-Id: hot-00001"))
    (line,) = [json.loads(line) for line in bench.log.getvalue().splitlines()]
    head, body = hot.split(b"\r\n\r\n", 1)
    assert head.endswith(b"\r\nx-request-id: hot-00001")
    assert (line["request_id"], line["path"], line["sent_bytes"]) == ("hot-00001", url.split("/", 2)[2], len(body))


TARGETS = ["aac-96/0.m4s", "flac/1.m4s", "aac-96/header.mp4", "flac.m3u8", "master.m3u8", "manifest.mpd", "none.m3u8"]
TERMS = [Terms(protection="any"), Terms(codecs=frozenset({"flac"}), protection="any"), Terms()]
FIELDS = [
    "Accept-Encoding: gzip, deflate, br",
    "accept-encoding: gzip;q=0.5",
    "Accept-Encoding:",
    f"Origin: {LISTED}",
    f"origin:{FOREIGN}",
    "X-Request-Id: from-a-cdn-1",
    "X-Request-Id: from-a-cdn-1 \t",
    "X-Request-Id: short",
    "Connection: keep-alive",
    "Range: bytes=5-9",
    "If-None-Match: *",
    'If-Range: "x"',
    "Content-Length: 0",
    "Cookie: a=b",
    "CMCD-Request: bl=2000",
    "User-Agent: Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36",
]


def asked(rng: random.Random, path) -> list[bytes]:
    """The requests of one connection, the last of which ends it."""

    def rarely(usual: str, *others: str) -> str:
        return rng.choice(others) if rng.random() < 0.1 else usual

    requests = []
    for _ in range(rng.randrange(1, 7)):
        form = rng.choice(["", "", "aes128/", "cbcs/", "cenc/"])
        terms = rng.choices(TERMS, [8, 1, 1])[0]
        url = path(form + rng.choice(TARGETS), lifetime_s=rng.choice([600, 600, 601, -1]), terms=terms)
        url = url.replace("/assets", rarely("/assets", "//assets")) + rarely("", "?CMCD=bl%3D2000", "?codecs=aac", "?")
        line = f"{rarely('GET', 'HEAD', 'OPTIONS', 'PUT')} {url} HTTP/1.1"
        fields = rng.sample(FIELDS, rng.choice([0, 0, 1, 1, 3]))
        requests.append("\r\n".join((line, "Host: x", *fields, "", "")).encode())
    return [*requests, last(path("flac/0.m4s"))]


def cut(rng: random.Random, whole: bytes) -> list[bytes]:
    """The same bytes in up to four pieces, which end anywhere."""
    cuts = sorted(rng.sample(range(1, len(whole)), rng.randrange(4)))
    return [whole[start:end] for start, end in zip([0, *cuts], [*cuts, len(whole)], strict=True)]


@pytest.fixture
def pair(make_bench):
    """Two of a kind, of which the second never learns."""
    hot, cold = (make_bench(allowed_origins=frozenset({LISTED})) for _ in range(2))
    cold.answers.learn = lambda *_: None
    yield hot, cold
    assert cold.answers.given == 0


async def test_requests_in_turn_are_answered_the_same_hot_or_not(pair, serve, ask_in_turn, path) -> None:
    rng = random.Random(7)  # noqa: S311 -- the same requests in every run
    async with serve(pair[0]) as hot, serve(pair[1]) as cold:
        for _ in range(200):
            requests = asked(rng, path)
            ours, theirs = await asyncio.gather(ask_in_turn(hot, *requests), ask_in_turn(cold, *requests))
            assert [*map(unmarked, ours)] == [*map(unmarked, theirs)], requests
    assert pair[0].answers.given == GIVEN


async def test_bytes_that_come_anyhow_are_answered_the_same_hot_or_not(pair, serve, ask, path) -> None:
    rng = random.Random(8)  # noqa: S311 -- the same bytes in every run
    async with serve(pair[0]) as hot, serve(pair[1]) as cold:
        for _ in range(200):
            sent = cut(rng, b"".join(asked(rng, path)))
            ours, theirs = await asyncio.gather(ask(hot, *sent), ask(cold, *sent))
            assert unmarked(ours) == unmarked(theirs), sent


async def read_until_quiet(asking: socket.socket) -> bytes:
    loop, received = asyncio.get_running_loop(), b""
    while part := await loop.sock_recv(asking, 1 << 20):
        received += part
    return received


async def test_client_that_does_not_read_is_answered_no_further(make_bench, serve, path, recording) -> None:
    """What was not taken waits in the client's own connection: one answer, and then nothing is answered for it."""
    bench, url, count = make_bench(), path("flac/0.m4s"), 60
    loop = asyncio.get_running_loop()
    async with serve(bench) as port:
        with socket.socket() as slow:
            slow.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
            slow.settimeout(0)
            await loop.sock_connect(slow, ("127.0.0.1", port))
            for _ in range(count):
                await loop.sock_sendall(slow, get(url))
                await asyncio.sleep(0.001)
            await loop.sock_sendall(slow, last(url))
            assert bench.answers.given < count / 2
            slow.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 1 << 20)
            received = await asyncio.wait_for(read_until_quiet(slow), 60)
    assert received.count(b"HTTP/1.1 200 OK\r\n") == count + 1
    assert received.endswith(b"\r\n\r\n" + recording.segment("flac", 0))


LICENCE = b"POST /t/assets/x/1/license HTTP/1.1\r\nHost: x\r\n"


@pytest.mark.parametrize(
    "said",
    [
        pytest.param(b"", id="nothing"),
        pytest.param(b"GET /x HT", id="a word"),
        pytest.param(b"GET / HTTP/1.1\r\nHost: x\r\n", id="half a head"),
        pytest.param(LICENCE + b"Content-Length: 9\r\n\r\n{}", id="half a body"),
        pytest.param(LICENCE + b"Transfer-Encoding: chunked\r\n\r\n2\r\n{}\r\n0\r\n", id="half of the trailers"),
    ],
)
async def test_silent_connection_is_ended(make_bench, serve, monkeypatch, said) -> None:
    monkeypatch.setattr(protocol, "QUIET_LIMIT_S", 0.1)
    async with serve(make_bench()) as port:
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        writer.write(said)
        assert await asyncio.wait_for(read_to_the_end(reader), 60) == b""
        writer.close()


async def test_connection_that_leaves_an_answer_lying_is_ended(make_bench, serve, path, monkeypatch) -> None:
    monkeypatch.setattr(protocol, "QUIET_LIMIT_S", 0.2)
    bench, url = make_bench(), path("flac/0.m4s")
    loop = asyncio.get_running_loop()
    async with serve(bench) as port:
        with socket.socket() as stuck:
            stuck.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
            stuck.settimeout(0)
            await loop.sock_connect(stuck, ("127.0.0.1", port))
            await loop.sock_sendall(stuck, get(url) * 40)
            async with asyncio.timeout(60):
                while await is_open(loop, stuck, get(url)):
                    await asyncio.sleep(0.05)


async def is_open(loop, connection: socket.socket, data: bytes) -> bool:
    try:
        async with asyncio.timeout(0.2):
            await loop.sock_sendall(connection, data)
    except TimeoutError:
        return True
    except OSError:
        return False
    return True


async def read_to_the_end(reader: asyncio.StreamReader) -> bytes:
    try:
        return await reader.read()
    except ConnectionResetError:
        return b""


@pytest.mark.parametrize(
    "begun",
    [
        pytest.param(b"GET / HTTP/1.1\r\n", id="a head"),
        pytest.param(LICENCE + b"Transfer-Encoding: chunked\r\n\r\n2\r\n{}\r\n0\r\n", id="trailers"),
    ],
)
async def test_endless_fields_are_refused(make_bench, serve, begun) -> None:
    async with serve(make_bench()) as port:
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        writer.write(begun)
        line = b"X-Filler: " + b"x" * 1000 + b"\r\n"
        for _ in range(3 * protocol.FRAME_LIMIT_BYTES // len(line)):
            writer.write(line)
            await asyncio.sleep(0)
        answer = await asyncio.wait_for(read_to_the_end(reader), 60)
        writer.close()
    assert answer == b"" or answer.startswith(b"HTTP/1.1 400 Bad Request\r\n")

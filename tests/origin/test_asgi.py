"""The border to the server: scopes in, messages and log lines out, around a service that is written by hand."""

import asyncio
import io
from contextlib import asynccontextmanager

import pytest
from structlog.testing import capture_logs

from origin.asgi import Application
from origin.cors import OPEN
from origin.errors import StoreAway
from origin.exchange import Answer
from origin.hot.answers import Answers
from origin.hot.lines import JsonLines
from origin.hot.state import HotState

TOKEN = "s1.k1.1800000000.fqRXEN9u7_ur2STJCi9Ks7lFi1SNK0p1REjVO0pvkpA"


class EchoService:
    """Remembers the request and gives the answer that the test chose."""

    def __init__(self) -> None:
        self.request = None
        self.given = Answer(status=200, headers={"content-length": "2"}, body=b"ok")
        self.closed = False

    async def answer(self, request):
        self.request = request
        return self.given


@pytest.fixture
def service() -> EchoService:
    return EchoService()


@pytest.fixture
def hot() -> HotState:
    answers = Answers(keys={}, cors=OPEN, clock=lambda: 0.0)
    return HotState(answers=answers, lines=JsonLines(io.BytesIO(), process="origin", clock=lambda: 0.0))


@pytest.fixture
async def application(service, hot):
    @asynccontextmanager
    async def opened():
        yield service
        service.closed = True

    return Application(opened, hot)


async def live(application, during) -> list[str]:
    """Run the lifespan with `during` between start and stop; the types of the messages that were sent."""
    sent = []

    async def receive():
        if sent:
            await during()
        return {"type": "lifespan.shutdown" if sent else "lifespan.startup"}

    async def send(message):
        sent.append(message["type"])

    await application({"type": "lifespan", "state": {}}, receive, send)
    return sent


@pytest.fixture
def ask(application):
    async def ask(path: str, *, method: str = "GET", headers=(), body=()) -> tuple[list, list]:
        """The messages and the log lines of one request, whose body comes in these parts."""
        sent, parts = [], list(body)

        async def receive():
            return {"type": "http.request", "body": parts.pop(0), "more_body": bool(parts)}

        async def send(message):
            sent.append(message)

        async def during():
            scope = {"type": "http", "method": method, "raw_path": path.encode(), "headers": headers}
            await application(scope, receive, send)

        with capture_logs() as logged:
            await live(application, during)
        return sent, logged

    return ask


async def test_service_lives_as_long_as_the_lifespan(application, service) -> None:
    async def during():
        assert not service.closed

    assert await live(application, during) == ["lifespan.startup.complete", "lifespan.shutdown.complete"]
    assert service.closed


async def test_request_before_the_start_is_a_mistake(application) -> None:
    with pytest.raises(RuntimeError, match="before lifespan"):
        await application({"type": "http"}, None, None)


async def test_websocket_is_not_spoken(application) -> None:
    with pytest.raises(NotImplementedError, match="not websocket"):
        await application({"type": "websocket"}, None, None)


async def test_answer_is_one_start_and_one_body(ask) -> None:
    sent, _ = await ask("/x", headers=[(b"x-request-id", b"from-the-cdn")])
    headers = [(b"content-length", b"2"), (b"x-request-id", b"from-the-cdn")]
    assert sent == [
        {"type": "http.response.start", "status": 200, "headers": headers},
        {"type": "http.response.body", "body": b"ok"},
    ]


@pytest.mark.parametrize(
    ("lines", "name", "value"),
    [
        pytest.param(
            [(b"If-None-Match", b'"a"'), (b"if-none-match", b'"b"')], "if-none-match", '"a", "b"', id="a list"
        ),
        pytest.param(
            [(b"range", b"bytes=0-1"), (b"range", b"bytes=5-6")], "range", "bytes=0-1, bytes=5-6", id="no list"
        ),
        pytest.param([(b"if-range", b'"\xe9"')], "if-range", '"é"', id="bytes outside of ASCII"),
    ],
)
async def test_header_lines_of_one_name_are_joined(ask, service, lines, name, value) -> None:
    await ask("/x", headers=lines)
    assert service.request.headers == {name: value}


async def test_body_of_a_post_is_put_together(ask, service) -> None:
    await ask("/x", method="POST", body=[b'{"kids"', b"", b":[]}"])
    assert service.request.body == b'{"kids":[]}'


async def test_body_that_is_too_long_is_not_read_to_its_end(ask, service) -> None:
    part = bytes(40_000)
    await ask("/x", method="POST", body=[part, part, NotImplemented])
    assert service.request.body == part + part


async def test_body_of_a_get_is_nobodys_business(ask, service) -> None:
    await ask("/x", body=[])
    assert service.request.body == b""


@pytest.mark.parametrize(
    ("method", "cause", "path"),
    [
        pytest.param("GET", None, "assets/1/a.m3u8", id="read"),
        pytest.param("HEAD", "token_expired", "assets/1/a.m3u8", id="refused for its token"),
        pytest.param("GET", "path_shape", None, id="refused for its shape"),
        pytest.param("OPTIONS", None, None, id="a preflight, of any shape"),
        pytest.param("PUT", "method_not_allowed", None, id="another method, of any shape"),
    ],
)
async def test_path_is_logged_where_the_token_is_known_to_stand_first(ask, service, method, cause, path) -> None:
    service.given = Answer(status=200, headers={}, body=b"", cause=cause)
    _, logged = await ask(f"/{TOKEN}/assets/1/a.m3u8", method=method)
    assert [(line["method"], line["path"], line["cause"]) for line in logged] == [(method, path, cause)]


async def test_path_of_an_image_has_no_token_and_is_logged_whole(ask) -> None:
    _, logged = await ask("/images/1/64.avif")
    assert [line["path"] for line in logged] == ["images/1/64.avif"]


@pytest.mark.parametrize("method", ["OPTIONS", "PUT"])
async def test_token_behind_a_prefix_is_not_logged(ask, method) -> None:
    _, logged = await ask(f"/media/{TOKEN}/assets/1/a.m3u8", method=method)
    assert TOKEN not in str(logged)


@pytest.mark.parametrize("path", ["/health/live", "/health/ready"])
async def test_health_checks_are_not_logged(ask, path) -> None:
    assert (await ask(path))[1] == []


async def rest_of(*parts):
    for part in parts:
        await asyncio.sleep(0.01)  # reading takes a while
        if isinstance(part, Exception):
            raise part
        yield part


@pytest.fixture
def stream(application, service):
    async def stream(*parts, hangs_up: bool = False) -> tuple[list, dict]:
        """The bodies that go out behind b"ok", and the log line, of an answer in parts."""
        service.given = Answer(status=200, headers={}, body=b"ok", rest=rest_of(*parts))
        sent = []

        async def receive():
            if not hangs_up:
                await asyncio.Event().wait()
            return {"type": "http.disconnect"}

        async def send(message):
            await asyncio.sleep(0)
            sent.append(message)

        async def during():
            scope = {"type": "http", "method": "GET", "raw_path": f"/{TOKEN}/a".encode(), "headers": ()}
            await application(scope, receive, send)

        with capture_logs() as logged:
            await live(application, during)
        return [(part["body"], part.get("more_body", False)) for part in sent[1:]], logged[-1]

    return stream


async def test_parts_are_sent_in_order_and_counted(stream) -> None:
    sent, logged = await stream(b"123", b"4567")
    assert sent == [(b"ok", True), (b"123", True), (b"4567", True), (b"", False)]
    assert (logged["sent_bytes"], logged["cause"]) == (9, None)


async def test_answer_that_cannot_go_on_has_no_end(stream) -> None:
    sent, logged = await stream(b"123", StoreAway("gone"), b"4567")
    assert sent == [(b"ok", True), (b"123", True)]
    assert (logged["sent_bytes"], logged["cause"]) == (5, "store_away")


async def test_nothing_is_sent_to_who_hung_up(stream) -> None:
    sent, logged = await stream(b"123", b"4567", hangs_up=True)
    assert sent == [(b"ok", True)]
    assert (logged["sent_bytes"], logged["cause"]) == (2, "client_gone")

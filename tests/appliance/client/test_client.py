import asyncio
import json
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import msgspec
import pytest
from aiohttp import web
from aiohttp.test_utils import TestServer

from appliance.client import GraphClient, graph_url, open_client
from appliance.client_errors import GraphAway, GraphRefused, InputRefused, StoreRefused, TokenExpired
from appliance.sending import HttpHeader, UploadTicket

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]


class Thing(msgspec.Struct, rename="camel"):
    full_name: str


class Made(msgspec.Struct):
    thing: Thing


@asynccontextmanager
async def talking_to(handler: Handler, token: Callable[[], str] = lambda: "a-token") -> AsyncIterator[GraphClient]:
    """A client whose API is one handler."""
    app = web.Application(client_max_size=2**26)
    app.router.add_route("*", "/graphql", handler)
    async with TestServer(app) as server, open_client(str(server.make_url("/graphql")), token) as client:
        yield client


def answering(body: object, *, status: int = 200) -> Handler:
    async def handler(request: web.Request) -> web.Response:
        await request.read()
        return web.Response(text=json.dumps(body), status=status, content_type="application/json")

    return handler


async def test_converts_the_root_field_to_a_record() -> None:
    async with talking_to(answering({"data": {"thing": {"fullName": "A thing", "more": 1}}})) as client:
        assert await client.query("query { thing }", {}, to=Thing) == Thing(full_name="A thing")


async def test_sends_document_variables_and_a_token_minted_for_each_request() -> None:
    seen: list[tuple[str, Any]] = []
    tokens = iter(["first", "second"])

    async def handler(request: web.Request) -> web.Response:
        seen.append((request.headers["authorization"], await request.json()))
        return web.json_response({"data": {"thing": 1}})

    async with talking_to(handler, lambda: next(tokens)) as client:
        await client.query("query ($a: Int) { thing }", {"a": 1}, to=int)
        await client.query("query ($a: Int) { thing }", {"a": 2}, to=int)

    document = "query ($a: Int) { thing }"
    assert seen == [
        ("Bearer first", {"query": document, "variables": {"a": 1}}),
        ("Bearer second", {"query": document, "variables": {"a": 2}}),
    ]


@pytest.mark.parametrize(
    ("code", "retryable"),
    [("FORBIDDEN", False), ("UNAUTHENTICATED", False), ("SERVICE_UNAVAILABLE", True), ("INTERNAL", True)],
)
@pytest.mark.parametrize("status", [200, 400, 503])
async def test_raises_a_system_error_whatever_its_status(code: str, status: int, *, retryable: bool) -> None:
    body = {"data": None, "errors": [{"message": "No.", "extensions": {"code": code}}]}
    async with talking_to(answering(body, status=status)) as client:
        with pytest.raises(GraphRefused, match=r"the API refused: No\.") as raised:
            await client.query("query { thing }", {}, to=Thing)

    assert (raised.value.code, raised.value.retryable) == (code.lower(), retryable)


async def test_raises_the_first_of_the_user_errors() -> None:
    errors = [
        {"field": ["name"], "message": "The value is empty.", "code": "REQUIRED"},
        {"field": ["size"], "message": "Too large.", "code": "TOO_LARGE"},
    ]
    async with talking_to(answering({"data": {"makeThing": {"thing": None, "userErrors": errors}}})) as client:
        with pytest.raises(InputRefused, match=r"The value is empty\.") as raised:
            await client.mutate("mutation", {"name": ""}, to=Made)

    assert (raised.value.code, raised.value.field, raised.value.retryable) == ("required", "name", False)


async def test_wraps_a_mutations_value_as_input() -> None:
    async def handler(request: web.Request) -> web.Response:
        named = (await request.json())["variables"]["input"]["name"]
        return web.json_response({"data": {"makeThing": {"thing": {"fullName": named}, "userErrors": []}}})

    async with talking_to(handler) as client:
        made = await client.mutate("mutation", {"name": "X"}, to=Made)

    assert made.thing.full_name == "X"


async def test_says_how_to_start_an_api_that_is_away(free_port: Callable[[], int]) -> None:
    url = f"http://127.0.0.1:{free_port()}/graphql"
    async with open_client(url, lambda: "") as client:
        with pytest.raises(GraphAway) as raised:
            await client.query("query { thing }", {}, to=Thing)

    sentence = f"the graph does not answer at {url} (Connection refused); start it with `make up`"
    assert (str(raised.value), raised.value.retryable) == (sentence, True)


@pytest.mark.parametrize(
    "body",
    [
        pytest.param("<html>Bad gateway</html>", id="a page of a proxy"),
        pytest.param("", id="nothing"),
        pytest.param('{"data": {"thing": ', id="half an answer"),
        pytest.param('{"data": {"thing": {"name": 1}}}', id="a field of another version"),
        pytest.param("[]", id="a list"),
    ],
)
async def test_an_answer_that_is_no_graphql_means_away(body: str) -> None:
    async def handler(_: web.Request) -> web.Response:
        return web.Response(text=body, status=502)

    async with talking_to(handler) as client:
        with pytest.raises(GraphAway):
            await client.query("query { thing }", {}, to=Thing)


def transcript(*sent: dict[str, Any] | int) -> Handler:
    """A server that, after the two opening messages, sends these; a number closes the socket with that code."""

    async def handler(request: web.Request) -> web.WebSocketResponse:
        socket = web.WebSocketResponse(protocols=("graphql-transport-ws",))
        await socket.prepare(request)
        assert (await socket.receive_json())["type"] == "connection_init"
        await socket.send_json({"type": "connection_ack"})
        assert (await socket.receive_json())["type"] == "subscribe"
        for message in sent:
            if isinstance(message, int):
                await socket.close(code=message)
            else:
                await socket.send_json(message)
                if message["type"] == "ping":
                    assert await socket.receive_json() == {"type": "pong"}
        await socket.close()
        return socket

    return handler


def event(number: int) -> dict[str, Any]:
    return {"id": "1", "type": "next", "payload": {"data": {"count": number}}}


async def counted(handler: Handler, into: list[int]) -> None:
    async with talking_to(handler) as client:
        async for number in client.subscribe("subscription { count }", {}, to=int):
            into.append(number)  # noqa: PERF401 -- what came before an error counts


async def test_yields_events_until_the_subscription_is_complete() -> None:
    seen: list[int] = []

    await counted(transcript(event(1), {"type": "ping"}, event(2), {"id": "1", "type": "complete"}), seen)

    assert seen == [1, 2]


async def test_raises_when_the_socket_breaks_between_events() -> None:
    seen: list[int] = []

    with pytest.raises(GraphAway, match="the socket was closed, code 1011"):
        await counted(transcript(event(1), 1011), seen)

    assert seen == [1]


@pytest.mark.parametrize(("close_code", "code"), [(4401, "unauthenticated"), (4403, "forbidden")])
async def test_a_socket_closed_before_it_was_acknowledged_is_a_refusal(close_code: int, code: str) -> None:
    async def handler(request: web.Request) -> web.WebSocketResponse:
        socket = web.WebSocketResponse(protocols=("graphql-transport-ws",))
        await socket.prepare(request)
        await socket.receive_json()
        await socket.close(code=close_code, message=b"No.")
        return socket

    with pytest.raises(GraphRefused, match=r"No\.") as raised:
        await counted(handler, [])

    assert (raised.value.code, raised.value.retryable) == (code, False)


async def test_a_socket_closed_as_forbidden_later_has_outlived_its_token() -> None:
    seen: list[int] = []

    with pytest.raises(TokenExpired):
        await counted(transcript(event(1), 4403), seen)

    assert seen == [1]


@pytest.mark.parametrize(
    "refusal",
    [
        pytest.param(
            {"type": "error", "payload": [{"message": "No.", "extensions": {"code": "FORBIDDEN"}}]}, id="frame"
        ),
        pytest.param(
            {
                "type": "next",
                "payload": {"data": None, "errors": [{"message": "No.", "extensions": {"code": "FORBIDDEN"}}]},
            },
            id="event",
        ),
    ],
)
async def test_raises_a_subscriptions_error_from_either_form(refusal: dict[str, Any]) -> None:
    with pytest.raises(GraphRefused, match=r"No\."):
        await counted(transcript({"id": "1", **refusal}), [])


async def test_a_message_that_is_no_json_means_away() -> None:
    async def handler(request: web.Request) -> web.WebSocketResponse:
        socket = web.WebSocketResponse(protocols=("graphql-transport-ws",))
        await socket.prepare(request)
        await socket.send_str("hello")
        await socket.close()
        return socket

    with pytest.raises(GraphAway, match="DecodeError"):
        await counted(handler, [])


async def test_a_server_without_sockets_means_away() -> None:
    with pytest.raises(GraphAway):
        await counted(answering({}), [])


async def put(handler: Handler, file: Path, sent: list[int]) -> None:
    async with TestServer(_store(handler)) as server, open_client("http://unused/graphql", lambda: "") as client:
        headers = [HttpHeader("content-type", "audio/flac"), HttpHeader("x-amz-checksum-sha256", "abc=")]
        ticket = UploadTicket(
            id="1", method="PUT", url=str(server.make_url("/a%2Fb?X-Amz-Signature=a%2Bb")), headers=headers
        )
        await client.put(ticket, file, size_bytes=file.stat().st_size, sent=sent.append)


def _store(handler: Handler) -> web.Application:
    app = web.Application(client_max_size=2**26)
    app.router.add_put("/{key:.*}", handler)
    return app


@pytest.mark.parametrize("size", [0, 1, 256 * 1024, 1_000_000])
async def test_streams_a_file_with_its_length_and_headers(tmp_path: Path, size: int) -> None:
    file = tmp_path / "a.flac"
    file.write_bytes(bytes(range(256)) * (size // 256) + b"x" * (size % 256))
    got: dict[str, Any] = {}
    sent: list[int] = []

    async def handler(request: web.Request) -> web.Response:
        got.update(body=await request.read(), headers=request.headers, path=request.raw_path)
        return web.Response()

    await put(handler, file, sent)

    assert got["body"] == file.read_bytes()
    assert got["headers"]["content-length"] == str(size)
    assert "transfer-encoding" not in got["headers"]
    assert (got["headers"]["content-type"], got["headers"]["x-amz-checksum-sha256"]) == ("audio/flac", "abc=")
    assert got["path"] == "/a%2Fb?X-Amz-Signature=a%2Bb"  # as it was signed
    assert sent[-1:] == [size][: bool(size)]
    assert sent == sorted(sent)


@pytest.mark.parametrize(("status", "retryable"), [(400, False), (403, False), (500, True), (503, True)])
async def test_tells_why_the_store_refused(tmp_path: Path, status: int, *, retryable: bool) -> None:
    file = tmp_path / "a.flac"
    file.write_bytes(b"x")

    async def handler(request: web.Request) -> web.Response:
        await request.read()
        return web.Response(status=status, text="<?xml version='1.0'?><Error><Code>BadDigest</Code></Error>")

    with pytest.raises(StoreRefused, match=rf"\(BadDigest, status {status}\)") as raised:
        await put(handler, file, [])

    assert raised.value.retryable is retryable


async def test_a_refusal_that_is_no_text_is_a_refusal_all_the_same(tmp_path: Path) -> None:
    file = tmp_path / "a.flac"
    file.write_bytes(b"x")

    async def handler(request: web.Request) -> web.Response:
        await request.read()
        return web.Response(status=403, body=b"\xff\xfe\x00", content_type="text/plain", charset="utf-8")

    with pytest.raises(StoreRefused, match=r"\(status 403\)"):
        await put(handler, file, [])


async def test_a_file_that_is_gone_is_the_callers_to_tell(tmp_path: Path) -> None:
    ticket = UploadTicket(id="1", method="PUT", url="http://unused/a", headers=[])

    async with open_client("http://unused/graphql", lambda: "") as client:
        with pytest.raises(FileNotFoundError):
            await client.put(ticket, tmp_path / "gone.flac", size_bytes=1, sent=lambda _: None)


async def test_a_store_that_is_away_is_worth_another_try(tmp_path: Path, free_port: Callable[[], int]) -> None:
    file = tmp_path / "a.flac"
    file.write_bytes(b"x")
    ticket = UploadTicket(id="1", method="PUT", url=f"http://127.0.0.1:{free_port()}/a", headers=[])

    async with open_client("http://unused/graphql", lambda: "") as client:
        with pytest.raises(StoreRefused) as raised:
            await client.put(ticket, file, size_bytes=1, sent=lambda _: None)

    assert raised.value.retryable


async def test_a_subscription_that_is_left_closes_its_socket() -> None:
    closed = asyncio.Event()

    async def handler(request: web.Request) -> web.WebSocketResponse:
        socket = web.WebSocketResponse(protocols=("graphql-transport-ws",))
        await socket.prepare(request)
        await socket.receive_json()
        await socket.send_json({"type": "connection_ack"})
        await socket.receive_json()
        await socket.send_json(event(1))
        await socket.receive()
        closed.set()
        return socket

    async with talking_to(handler) as client:
        events = client.subscribe("subscription { count }", {}, to=int)
        assert await anext(events) == 1
        await events.aclose()
        await asyncio.wait_for(closed.wait(), 60)


@pytest.mark.parametrize(
    ("variables", "url"),
    [
        pytest.param({}, "http://127.0.0.1:8000/graphql", id="the defaults"),
        pytest.param({"SEGUE_GRAPH_PORT": "8123"}, "http://127.0.0.1:8123/graphql", id="a port"),
        pytest.param({"SEGUE_GRAPH_HOST": "0.0.0.0"}, "http://127.0.0.1:8000/graphql", id="every address"),  # noqa: S104 -- of a server
        pytest.param({"SEGUE_GRAPH_HOST": "10.0.0.7"}, "http://10.0.0.7:8000/graphql", id="one address"),
        pytest.param({"SEGUE_GRAPH_URL": "https://api.example/"}, "https://api.example/graphql", id="elsewhere"),
        pytest.param({"SEGUE_GRAPH_URL": "https://api.example/graphql"}, "https://api.example/graphql", id="in full"),
    ],
)
def test_finds_the_api_by_the_variables(variables: dict[str, str], url: str) -> None:
    assert graph_url(variables) == url

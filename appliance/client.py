"""A small client of the GraphQL API: what the command line and the demo use, over the same doors as everybody's client.

Queries and mutations by POST, subscriptions by the graphql-transport-ws protocol (one socket each). Answers are
converted to the record that the caller names; the token is asked for on every request, because a long import outlives
one.

Not here: its errors (`client_errors`), how a file is sent to the object store (`sending`), and the operations, which
stand beside their use (`importer.passage`, `importer.catalogue`, `listening`).
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Final, TypeVar

import aiohttp
import msgspec

from appliance.client_errors import (
    ClientError,
    GraphAway,
    GraphRefused,
    InputRefused,
    TokenExpired,
    UserError,
)
from appliance.sending import CONNECT_TIMEOUT_S, Sent, UploadTicket, cause_of, send
from config.settings import GRAPH_PORT

T = TypeVar("T")
TokenSource = Callable[[], str]
Variables = Mapping[str, object]

PROTOCOL: Final = "graphql-transport-ws"
REQUEST_TIMEOUT_S: Final = 30.0
HEARTBEAT_S: Final = 20.0
REFUSED_SOCKET: Final[Mapping[int, str]] = {4401: "UNAUTHENTICATED", 4403: "FORBIDDEN"}
"""Close codes of the protocol for an account that may not connect; 4403 once it has means that its token expired."""


class _Location(msgspec.Struct, frozen=True):
    code: str = "INTERNAL"


class _SystemError(msgspec.Struct, frozen=True):
    message: str
    extensions: _Location = _Location()


class _Answer(msgspec.Struct, frozen=True):
    """A GraphQL response, whichever status and transport it came with."""

    data: dict[str, msgspec.Raw] | None = None
    errors: list[_SystemError] = []


class _Payload(msgspec.Struct, frozen=True, rename="camel"):
    user_errors: list[UserError] = []


class _Frame(msgspec.Struct, frozen=True):
    """A message of graphql-transport-ws."""

    type: str
    payload: msgspec.Raw = msgspec.Raw(b"null")


class GraphClient:
    """The API as one account sees it."""

    def __init__(self, http: aiohttp.ClientSession, *, url: str, token: TokenSource) -> None:
        self._http = http
        self._url = url
        self._token = token

    async def query(self, document: str, variables: Variables, *, to: type[T]) -> T:
        """Run a document of one root field and convert what it holds. Raises GraphAway, GraphRefused."""
        return self._convert(await self._field(document, variables), to)

    async def mutate(self, document: str, value: Variables, *, to: type[T], timeout_s: float = REQUEST_TIMEOUT_S) -> T:
        """Run a document of :func:`mutation` and convert its payload. Raises InputRefused also."""
        field = await self._field(document, {"input": value}, timeout_s=timeout_s)
        payload = self._convert(field, _Payload)
        if payload.user_errors:
            raise InputRefused(payload.user_errors[0])
        return self._convert(field, to)

    async def subscribe(self, document: str, variables: Variables, *, to: type[T]) -> AsyncGenerator[T, None]:
        """The events of a subscription with one root field. Raises GraphAway when the socket breaks, TokenExpired."""
        try:
            async with self._http.ws_connect(self._url, protocols=(PROTOCOL,), heartbeat=HEARTBEAT_S) as socket:
                await socket.send_json(
                    {"type": "connection_init", "payload": {"authorization": f"Bearer {self._token()}"}}
                )
                async with asyncio.timeout(REQUEST_TIMEOUT_S):
                    await self._receive(socket, "connection_ack", refused=_refused_socket)
                request = {"query": document, "variables": dict(variables)}
                await socket.send_json({"id": "1", "type": "subscribe", "payload": request})
                events = "next", "error", "complete"
                while (frame := await self._receive(socket, *events, refused=_expired_socket)).type != "complete":
                    yield self._convert(self._event(frame), to)
        except (aiohttp.ClientError, OSError, TimeoutError, msgspec.DecodeError) as error:
            raise self.away(cause_of(error)) from error

    async def put(self, ticket: UploadTicket, file: Path, *, size_bytes: int, sent: Sent) -> None:
        """Send a file to its place (`sending.send`). Raises StoreRefused, OSError."""
        await send(self._http, ticket, file, size_bytes=size_bytes, sent=sent)

    def away(self, cause: str) -> GraphAway:
        """The error for an answer that breaks off or makes no sense."""
        return GraphAway(self._url, cause)

    async def _field(self, document: str, variables: Variables, *, timeout_s: float = REQUEST_TIMEOUT_S) -> bytes:
        """Post a document and return the JSON of its only root field."""
        body = {"query": document, "variables": dict(variables)}
        headers = {"authorization": f"Bearer {self._token()}", "accept": "application/graphql-response+json"}
        timeout = aiohttp.ClientTimeout(total=timeout_s, sock_connect=CONNECT_TIMEOUT_S)
        try:
            async with self._http.post(self._url, json=body, headers=headers, timeout=timeout) as answer:
                content, status = await answer.read(), answer.status
        except (aiohttp.ClientError, OSError, TimeoutError) as error:
            raise self.away(cause_of(error)) from error
        try:
            return _root(msgspec.json.decode(content, type=_Answer))
        except msgspec.DecodeError as error:
            raise self.away(f"status {status} without a GraphQL answer") from error

    async def _receive(
        self, socket: aiohttp.ClientWebSocketResponse, *awaited: str, refused: Callable[[int, str], ClientError]
    ) -> _Frame:
        """The next message of one of these types; pings are answered on the way. `refused` judges 4401 and 4403."""
        while True:
            message = await socket.receive()
            if message.type is not aiohttp.WSMsgType.TEXT:
                code = socket.close_code or 0
                if code in REFUSED_SOCKET:
                    raise refused(code, str(message.extra or "the socket was closed"))
                raise self.away(f"the socket was closed, code {code}")
            frame = msgspec.json.decode(message.data, type=_Frame)
            if frame.type in awaited:
                return frame
            if frame.type == "ping":
                await socket.send_json({"type": "pong"})

    def _event(self, frame: _Frame) -> bytes:
        if frame.type == "error":
            raise _refused(msgspec.json.decode(frame.payload, type=list[_SystemError]))
        return _root(msgspec.json.decode(frame.payload, type=_Answer))

    def _convert(self, field: bytes, to: type[T]) -> T:
        try:
            return msgspec.json.decode(field, type=to)
        except msgspec.DecodeError as error:
            raise self.away(f"an answer of another version of the API: {error}") from error


@asynccontextmanager
async def open_client(url: str, token: TokenSource) -> AsyncIterator[GraphClient]:
    """A client of the API at `url`, the address of `/graphql`; connections are closed at the end."""
    async with aiohttp.ClientSession() as http:
        yield GraphClient(http, url=url, token=token)


def mutation(field: str, selection: str) -> str:
    """The document of a mutation as :meth:`GraphClient.mutate` runs it: one `$input`, and what was wrong with it."""
    input_type = f"{field[0].upper()}{field[1:]}Input"
    return (
        f"mutation ($input: {input_type}!) {{"
        f" {field}(input: $input) {{ {selection} userErrors {{ field message code }} }} }}"
    )


def graph_url(environment: Mapping[str, str]) -> str:
    """`SEGUE_GRAPH_URL`, else the address that `segue graph` listens on with these settings."""
    told = environment.get("SEGUE_GRAPH_URL", "").rstrip("/")
    host = environment.get("SEGUE_GRAPH_HOST") or "127.0.0.1"
    if host in {"0.0.0.0", "::"}:  # noqa: S104 -- what a server may be told to listen on; nobody can call it
        host = "127.0.0.1"
    base = told or f"http://{host}:{environment.get('SEGUE_GRAPH_PORT') or GRAPH_PORT}"
    return base if base.endswith("/graphql") else f"{base}/graphql"


def _root(answer: _Answer) -> bytes:
    if answer.errors:
        raise _refused(answer.errors)
    if not answer.data:
        raise GraphRefused("INTERNAL", "an answer without data")
    return bytes(next(iter(answer.data.values())))


def _refused(errors: list[_SystemError]) -> GraphRefused:
    first = errors[0] if errors else _SystemError("an error without a message")
    return GraphRefused(first.extensions.code, first.message)


def _refused_socket(code: int, reason: str) -> ClientError:
    return GraphRefused(REFUSED_SOCKET[code], reason)


def _expired_socket(_code: int, _reason: str) -> ClientError:
    return TokenExpired()

"""ASGI around the service: scope to request, answer to messages, one access log line a request.

The protocol is small enough here to be spoken directly: docs/decisions/0011-plain-asgi.md. A token opens media until it
expires, so it is never logged; nor is a path whose shape was refused or not looked at: one may stand anywhere in it.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, MutableMapping
from contextlib import AbstractAsyncContextManager
from functools import partial
from time import perf_counter
from typing import Any, NamedTuple, TypeAlias

import structlog

from config.logs import logger
from origin.errors import OriginError
from origin.exchange import Answer, Request
from origin.hot.state import HotState
from origin.request_id import known_or_new
from origin.service import LIVE_PATH, MAX_BODY_BYTES, POST, READY_PATH, Service

Message: TypeAlias = MutableMapping[str, Any]
Receive: TypeAlias = Callable[[], Awaitable[Message]]
Send: TypeAlias = Callable[[Message], Awaitable[None]]
OpenService: TypeAlias = Callable[[], AbstractAsyncContextManager[Service]]

UNLOGGED = frozenset({LIVE_PATH, READY_PATH})
"""Health checks come every second from several places and say nothing when they are fine."""

READING = frozenset({"GET", "HEAD", POST})
"""The methods whose path is taken apart; a preflight is answered for any."""

CLIENT_GONE = "client_gone"
"""The cause of an answer that nobody waited for, in the log."""

log = logger(__name__)


class _Sent(NamedTuple):
    """What went out of an answer, for the log; `cause` is a code when it was an error or was broken off."""

    byte_count: int
    cause: str | None


class Application:
    """The ASGI application. `open_service` is entered when the server starts and left when it stops.

    What is answered here `hot` may answer the next time; the server's connections find it in the lifespan's state.
    """

    def __init__(self, open_service: OpenService, hot: HotState) -> None:
        self._open_service = open_service
        self._hot = hot
        self._service: Service | None = None

    async def __call__(self, scope: Message, receive: Receive, send: Send) -> None:
        match scope["type"]:
            case "http":
                await self._serve(scope, receive, send)
            case "lifespan":
                await self._live(scope, receive, send)
            case other:
                raise NotImplementedError(f"the origin speaks HTTP, not {other}")

    async def _live(self, scope: Message, receive: Receive, send: Send) -> None:
        await receive()
        scope["state"]["hot"] = self._hot
        async with self._open_service() as self._service:
            await send({"type": "lifespan.startup.complete"})
            await receive()
        self._hot.lines.flush()
        await send({"type": "lifespan.shutdown.complete"})

    async def _serve(self, scope: Message, receive: Receive, send: Send) -> None:
        if self._service is None:
            raise RuntimeError("requests before lifespan.startup: run the origin under a server that has lifespan")
        started_s = perf_counter()
        request = _request(scope, receive, await _body(receive) if scope["method"] == POST else b"")
        request_id = known_or_new(request.headers.get("x-request-id"))
        with structlog.contextvars.bound_contextvars(request_id=request_id):
            answer = await self._service.answer(request)
            self._hot.answers.learn(request, answer)
            sent = await _send(answer, request_id, receive, send)
            if request.raw_path not in UNLOGGED:
                _log(request, answer, sent, elapsed_ms=(perf_counter() - started_s) * 1000)


async def _body(receive: Receive) -> bytes:
    """What the client sends, no further than where it is too long."""
    body, is_whole = b"", False
    while not is_whole and len(body) <= MAX_BODY_BYTES:
        message = await receive()
        body += message.get("body", b"")
        is_whole = not message.get("more_body", False)
    return body


def _request(scope: Message, receive: Receive, body: bytes) -> Request:
    """Lines of one name make one list (RFC 9110 section 5.3); a Range that is one is malformed, and so ignored."""
    headers: dict[str, str] = {}
    for raw_name, value in scope["headers"]:
        name, text = raw_name.decode("latin-1").lower(), value.decode("latin-1")
        headers[name] = f"{headers[name]}, {text}" if name in headers else text
    query = scope.get("query_string", b"")  # optional in ASGI
    left = partial(_gone, receive)
    return Request(
        method=scope["method"], raw_path=scope["raw_path"], query=query, headers=headers, body=body, left=left
    )


async def _send(answer: Answer, request_id: str, receive: Receive, send: Send) -> _Sent:
    """Send all of it. When the rest cannot be read the body ends early, and the server breaks the connection off."""
    headers = [(name.encode("latin-1"), value.encode("latin-1")) for name, value in answer.headers.items()]
    headers.append((b"x-request-id", request_id.encode("ascii")))
    await send({"type": "http.response.start", "status": answer.status, "headers": headers})
    if answer.rest is None:
        await send({"type": "http.response.body", "body": answer.body})
        return _Sent(len(answer.body), answer.cause)
    await send({"type": "http.response.body", "body": answer.body, "more_body": True})
    sent_bytes, gone = len(answer.body), asyncio.create_task(_gone(receive))
    try:
        async for part in answer.rest:
            if gone.done():  # whoever hung up has no use for the rest, and sending says nothing about it
                return _Sent(sent_bytes, CLIENT_GONE)
            await send({"type": "http.response.body", "body": part, "more_body": True})
            sent_bytes += len(part)
    except OriginError as error:
        log.warning("answer broken off", code=error.code, reason=str(error))
        return _Sent(sent_bytes, error.code)
    finally:
        gone.cancel()
    await send({"type": "http.response.body", "body": b""})
    return _Sent(sent_bytes, answer.cause)


async def _gone(receive: Receive) -> None:
    while (await receive())["type"] != "http.disconnect":
        pass


def _log(request: Request, answer: Answer, sent: _Sent, *, elapsed_ms: float) -> None:
    log.info(
        "request",
        method=request.method,
        path=_behind_token(request, answer),
        status=answer.status,
        cause=sent.cause,
        sent_bytes=sent.byte_count,
        elapsed_ms=round(elapsed_ms, 2),
    )


def _behind_token(request: Request, answer: Answer) -> str | None:
    shape_is_ours = request.method in READING and not (answer.cause or "").startswith("path_")
    if not shape_is_ours:
        return None
    token, _, rest = request.raw_path[1:].partition(b"/")
    return (b"images/" + rest if token == b"images" else rest).decode("latin-1")

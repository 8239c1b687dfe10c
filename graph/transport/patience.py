"""How long the other end of a connection is waited for: one that stalls is taken for one that has left.

A client that announces a body and does not send it would hold a handler, and one that does not read would hold its
answers, its subscriptions and its socket, for as long as it likes to; sockets of who is not signed in end by nothing
else. A body that does not come is 408. After a message that could not be sent, nothing is sent any more, and whoever
listens is told that the client is gone, so that everything ends as it does when that is true.

Not here: how long an operation may take (`graph.execution.gate`), and connections on which nothing has been asked yet,
which the server closes itself.
"""

from __future__ import annotations

import asyncio
from http import HTTPStatus

from litestar.enums import ScopeType
from litestar.exceptions import HTTPException
from litestar.middleware import ASGIMiddleware
from litestar.types import (
    ASGIApp,
    HTTPDisconnectEvent,
    HTTPReceiveMessage,
    Message,
    Receive,
    Scope,
    Send,
    WebSocketDisconnectEvent,
    WebSocketReceiveMessage,
)

from config.logs import logger

STALLED_S = 60.0
"""Without a piece of a body, or without room for a message: what proxies wait between two packets, too."""
SOCKET_GONE: WebSocketDisconnectEvent = {"type": "websocket.disconnect", "code": 1006}
REQUEST_GONE: HTTPDisconnectEvent = {"type": "http.disconnect"}

log = logger(__name__)


class Peer:
    """The client of one request or socket, as the application speaks with it."""

    def __init__(self, kind: str, receive: Receive, send: Send) -> None:
        self._receive = receive
        self._send = send
        self._gone = SOCKET_GONE if kind == ScopeType.WEBSOCKET else REQUEST_GONE
        self._owes_body = kind == ScopeType.HTTP
        self._has_left = False
        self._listening: asyncio.Timeout | None = None

    async def receive(self) -> HTTPReceiveMessage | WebSocketReceiveMessage:
        """What the client says next. Raises HTTPException when it stops in the middle of a body."""
        if self._has_left:
            return self._gone
        try:
            async with asyncio.timeout(STALLED_S if self._owes_body else None) as self._listening:
                message = await self._receive()
        except TimeoutError as error:
            if self._owes_body:
                raise HTTPException(status_code=HTTPStatus.REQUEST_TIMEOUT) from error
            return self._gone  # who listened was told so by who could not send
        finally:
            self._listening = None
        self._owes_body = message["type"] == "http.request" and message.get("more_body", False)
        return message

    async def send(self, message: Message) -> None:
        """Tell the client something, or nobody, if it has left."""
        if self._has_left:
            return
        try:
            async with asyncio.timeout(STALLED_S):
                await self._send(message)
        except TimeoutError:
            if not self._has_left:  # several messages may have been stuck
                log.info("a client does not read", kind=self._gone["type"].partition(".")[0], after_s=STALLED_S)
            self._leave()
        if message["type"] == "websocket.close":
            # Who has vanished never says goodbye.
            self._leave()

    def _leave(self) -> None:
        if self._has_left:
            return
        self._has_left = True
        if self._listening is not None:
            self._listening.reschedule(0)


class PatienceMiddleware(ASGIMiddleware):
    """The outermost of all: what it does not wait for, nobody does."""

    scopes = (ScopeType.HTTP, ScopeType.WEBSOCKET)

    async def handle(self, scope: Scope, receive: Receive, send: Send, next_app: ASGIApp) -> None:
        peer = Peer(scope["type"], receive, send)
        await next_app(scope, peer.receive, peer.send)

"""graphql-transport-ws as Strawberry serves it, plus what it leaves out (the protocol's PROTOCOL.md).

Added: a message that is not of the protocol's shape closes with 4400 instead of 4500 or silence; `connection_init` may
have a null payload; a document may be named by its hash; a syntax error and an unknown operation name are errors of the
operation, and the others on the socket go on; the socket closes with 4403 when the access token that opened it expires;
an operation that was cancelled ends, and says nothing any more; a client that answers no ping has gone.

Not here: who the viewer is (`graph.transport.asker`).
"""

from __future__ import annotations

import asyncio
import time
from contextlib import suppress
from typing import Any, cast

from graphql import GraphQLError
from strawberry.http.exceptions import WebSocketDisconnected
from strawberry.subscriptions.protocols.graphql_transport_ws.handlers import BaseGraphQLTransportWSHandler
from strawberry.subscriptions.protocols.graphql_transport_ws.types import (
    ConnectionInitMessage,
    Message,
    SubscribeMessage,
)

from graph.context import Context
from graph.errors import BadRequest, GraphError, SocketFull
from graph.schema import Schema
from graph.transport.finding import found
from graph.transport.parameters import parameters
from graph.transport.responses import request_error

FORBIDDEN = 4403
GOING_AWAY = 1001
"""After which clients connect anew."""
PING_EVERY_S = 25.0
"""Before the minute after which proxies close what is silent. A phone that has lost its network tells nobody."""
KINDS = frozenset({"connection_init", "ping", "pong", "subscribe", "complete"})
"""What a client may say."""
LONGEST_ID_BYTES = 90
"""Of an operation; clients use UUIDs. Every event repeats it, and so does the reason of 4409, which a frame has to hold
(125 bytes, RFC 6455, section 5.5)."""
CANCEL_AGAIN_S = 1.0
"""Longer than an operation needs to clean up."""


def malformed(message: object) -> str | None:
    """Why a message is not one of the protocol's; None when it is. What is inside a known shape is not judged here."""
    if not isinstance(message, dict) or not isinstance(message.get("type"), str):
        return "A message is an object with a type"
    kind = message["type"]
    if kind not in KINDS:
        return "The type is none that a client sends"
    if kind in ("subscribe", "complete") and not _names_operation(message.get("id")):
        return f"The id of an operation is a text of 1 to {LONGEST_ID_BYTES} bytes"
    if not isinstance(message.get("payload"), dict | None):
        return "The payload is an object"
    return _malformed_operation(message.get("payload")) if kind == "subscribe" else None


def _names_operation(given: object) -> bool:
    return isinstance(given, str) and 0 < len(given.encode()) <= LONGEST_ID_BYTES


def _malformed_operation(payload: dict[str, Any] | None) -> str | None:
    if payload is None:
        return "The payload of subscribe is an object"
    try:
        asked = parameters(payload)
    except BadRequest as error:
        return str(error)
    if asked.wanted.text is None and asked.wanted.digest is None:
        return "The payload of subscribe has a query, or the hash of one"
    return None


class SocketHandler(BaseGraphQLTransportWSHandler[Context, None]):
    """One socket."""

    def __init__(self, *args: Any, **arguments: Any) -> None:
        super().__init__(*args, **arguments)
        self._expiry: asyncio.Task[None] | None = None
        self._pinging: asyncio.Task[None] | None = None
        self._is_heard = True
        self._endings: set[asyncio.Task[None]] = set()

    async def handle_message(self, message: Message) -> None:
        self._is_heard = True
        if problem := malformed(message):
            await self.handle_invalid_message(problem)
            return
        await super().handle_message(message)

    async def handle_connection_init(self, message: ConnectionInitMessage) -> None:
        shaped = {"type": message["type"], "payload": message.get("payload") or {}}
        await super().handle_connection_init(cast("ConnectionInitMessage", shaped))
        viewer = self.context.viewer
        if self.connection_acknowledged and self._pinging is None:
            self._pinging = asyncio.create_task(self._ping())
        if self.connection_acknowledged and viewer is not None and self._expiry is None:
            self._expiry = asyncio.create_task(self._close_at(viewer.token_expires_at_s))

    async def handle_subscribe(self, message: SubscribeMessage) -> None:
        """Find the text of a document that was named by its hash; what comes too early, or twice, closes the socket."""
        asked = parameters(message["payload"])
        text = asked.wanted.text
        if self.connection_acknowledged and message["id"] not in self.operations:
            try:
                self._find_room()
                text = await found(asked.wanted, cast("Schema", self.schema).documents, self.context)
            except GraphError as error:
                refusal = request_error(error)["errors"]
                await self.send_message({"id": message["id"], "type": "error", "payload": refusal})
                return
        payload = {**message["payload"], "query": text or ""}
        await super().handle_subscribe(cast("SubscribeMessage", {**message, "payload": payload}))

    def _find_room(self) -> None:
        """Raises SocketFull. Strawberry would refuse it too, without a code."""
        limit = self.max_subscriptions_per_connection
        if limit is not None and len(self.operations) >= limit:
            raise SocketFull(limit)

    @staticmethod
    def _get_pre_execution_close_reason(error: GraphQLError) -> str | None:  # noqa: ARG004 -- Strawberry's signature
        """None of them closes the socket, which other operations use."""
        return None

    async def shutdown(self) -> None:
        for task in (self._expiry, self._pinging):
            if task is not None:
                task.cancel()
        await super().shutdown()

    async def cleanup_operation(self, operation_id: str) -> None:
        """Cancel an operation, without waiting for its end."""
        operation = self.operations.pop(operation_id, None)
        if operation is None or operation.task is None:
            return
        operation.completed = True  # whatever it still wants to tell, its client does not want to hear
        operation.task.cancel()
        ending = asyncio.create_task(_ended(operation.task))
        self._endings.add(ending)
        ending.add_done_callback(self._endings.discard)

    async def _ping(self) -> None:
        """Keep the connection alive, and close it when nothing has come since the last ping."""
        with suppress(WebSocketDisconnected):
            await tick()
            while self._is_heard:
                self._is_heard = False
                await self.send_message({"type": "ping"})
                await tick()
            await self.websocket.close(code=GOING_AWAY, reason="Nothing was heard after a ping")

    async def _close_at(self, expires_at_s: int) -> None:
        await asyncio.sleep(max(0.0, expires_at_s - time.time()))
        await self.websocket.close(code=FORBIDDEN, reason="The access token has expired")


async def tick() -> None:
    await asyncio.sleep(PING_EVERY_S)


async def _ended(operation: asyncio.Task[None]) -> None:
    """Cancel until it has helped.

    `asyncio.wait_for`, by which the Valkey client sends, drops a cancellation that arrives together with the result
    (Python 3.11, bpo-37658). Cancelled once, such a subscription would go on for ever, and the socket with it.
    """
    while (await asyncio.wait({operation}, timeout=CANCEL_AGAIN_S))[1]:
        operation.cancel()

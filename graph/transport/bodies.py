"""How long the body of a request may be, for who sends it.

Not here: how long it may take to come (`graph.transport.patience`).
"""

from __future__ import annotations

from typing import Any

from litestar import Request
from litestar.exceptions.http_exceptions import RequestEntityTooLarge
from litestar.types import HTTPReceiveMessage, Receive, WebSocketReceiveMessage

from graph.transport.over_http import MAX_BODY_BYTES


async def limited(request: Request[Any, Any, Any]) -> None:
    """Only deliveries are long, and those come from who publishes. Raises RequestEntityTooLarge."""
    announced = request.headers.get("content-length", "")
    if announced.isdigit() and int(announced) > MAX_BODY_BYTES:
        raise RequestEntityTooLarge
    if request.method == "POST":
        request.receive = _at_most(request.receive, MAX_BODY_BYTES)
        await request.body()  # kept by the request


def _at_most(receive: Receive, limit_bytes: int) -> Receive:
    """A body that does not say how long it is, refused as soon as it is too long."""
    received_bytes = 0

    async def counted() -> HTTPReceiveMessage | WebSocketReceiveMessage:
        nonlocal received_bytes
        message = await receive()
        if message["type"] == "http.request":
            received_bytes += len(message["body"])
        if received_bytes > limit_bytes:
            raise RequestEntityTooLarge
        return message

    return counted

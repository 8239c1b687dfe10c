"""The body of a request: how long it may be for who sends it, and one whose sender leaves in the middle.

Not here: how long it may take to come (`graph.transport.patience`).
"""

from __future__ import annotations

from http import HTTPStatus
from typing import Any

from litestar import Request
from litestar.exceptions import HTTPException
from litestar.exceptions.http_exceptions import RequestEntityTooLarge
from litestar.types import HTTPReceiveMessage, Receive, WebSocketReceiveMessage

from graph.transport.over_http import MAX_BODY_BYTES, MAX_DELIVERY_BYTES
from graph.viewer import Viewer


async def take(request: Request[Any, Any, Any], viewer: Viewer | None) -> None:
    """Have the request read its body. Raises RequestEntityTooLarge, and HTTPException for a body that breaks off.

    Only deliveries are long, and those come from who publishes.
    """
    limit_bytes = MAX_DELIVERY_BYTES if viewer is not None and viewer.may_publish else MAX_BODY_BYTES
    announced = request.headers.get("content-length", "")
    if announced.isdecimal() and int(announced) > limit_bytes:
        raise RequestEntityTooLarge
    if request.method == "POST":
        request.receive = _at_most(request.receive, limit_bytes)
        await request.body()  # kept by the request


def _at_most(receive: Receive, limit_bytes: int) -> Receive:
    """A body that does not say how long it is, refused as soon as it is too long.

    Litestar would count a client that leaves, as phones do all day, among the mistakes of ours.
    """
    received_bytes = 0

    async def counted() -> HTTPReceiveMessage | WebSocketReceiveMessage:
        nonlocal received_bytes
        message = await receive()
        if message["type"] == "http.disconnect":
            raise HTTPException(status_code=HTTPStatus.BAD_REQUEST)
        if message["type"] == "http.request":
            received_bytes += len(message["body"])
        if received_bytes > limit_bytes:
            raise RequestEntityTooLarge
        return message

    return counted

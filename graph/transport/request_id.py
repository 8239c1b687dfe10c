"""One id for each request: in the answer's header, on every log line below it, and in errors that the log explains."""

from __future__ import annotations

import re
import secrets

import structlog
from litestar.datastructures import MutableScopeHeaders
from litestar.enums import ScopeType
from litestar.middleware import ASGIMiddleware
from litestar.types import ASGIApp, Message, Receive, Scope, Send

REQUEST_ID_HEADER = "x-request-id"
ACCEPTED = re.compile(r"[A-Za-z0-9._-]{8,64}")
"""A caller's id is kept, so that one id follows a request through several services, unless it could forge log lines."""

_KEY = "segue_request_id"


def request_id(scope: Scope) -> str:
    """The id of the request or socket in this scope, made on first use."""
    state = scope["state"]
    if _KEY not in state:
        given = dict(scope["headers"]).get(REQUEST_ID_HEADER.encode(), b"").decode("latin-1")
        state[_KEY] = given if ACCEPTED.fullmatch(given) else secrets.token_hex(8)
    value: str = state[_KEY]
    return value


class RequestIdMiddleware(ASGIMiddleware):
    """Binds the id to the logs of the request and puts it on the answer."""

    scopes = (ScopeType.HTTP, ScopeType.WEBSOCKET)

    async def handle(self, scope: Scope, receive: Receive, send: Send, next_app: ASGIApp) -> None:
        name = request_id(scope)

        async def send_with_id(message: Message) -> None:
            if message["type"] == "http.response.start":
                MutableScopeHeaders.from_message(message)[REQUEST_ID_HEADER] = name
            await send(message)

        with structlog.contextvars.bound_contextvars(request_id=name):
            await next_app(scope, receive, send_with_id)

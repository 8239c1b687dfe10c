"""Answers made shorter for clients that take it: brotli or gzip, whichever they like better.

Whole answers alone, of a text and of a length that is worth it; parts and events leave as they are, since a coding
would hold them back. A cache in front of us finds the coding named and the entity tag weak (RFC 9110, section 8.8.1),
so it neither encodes again nor gives a client bytes that it did not ask for.

A length that tells a secret (BREACH) needs somebody who can make a browser ask in its user's name. No cookie is looked
at here, so nobody can.
"""

from __future__ import annotations

import asyncio
from typing import Any, cast

from litestar.datastructures import MutableScopeHeaders
from litestar.enums import ScopeType
from litestar.middleware import ASGIMiddleware
from litestar.types import ASGIApp, Message, Receive, Scope, Send

from origin.encodings import Coding, compress, negotiated

SHORTEST_BYTES = 1024
"""A shorter answer fits into one packet with its headers, and would arrive no sooner."""
LONGEST_HERE_BYTES = 64 * 1024
"""Encoding this takes about a millisecond; what is longer is encoded in a thread, where the codecs let others run."""
TEXTS = ("application/json", "application/graphql", "text/html", "text/plain")
"""How their media types begin. Those of streams are not here: their headers leave before there is anything to tell."""


class CompressionMiddleware(ASGIMiddleware):
    """Encodes the body of a response that is sent in one piece."""

    scopes = (ScopeType.HTTP,)

    async def handle(self, scope: Scope, receive: Receive, send: Send, next_app: ASGIApp) -> None:
        coding = _accepted(scope)
        if coding is None:
            await next_app(scope, receive, send)
            return
        held: list[Message] = []

        async def send_encoded(message: Message) -> None:
            if message["type"] == "http.response.start" and _is_text(message):
                held.append(message)
                return
            if held:
                start = held.pop()
                if message["type"] == "http.response.body" and not message.get("more_body"):
                    await _encode(cast("Any", start), cast("Any", message), coding)
                await send(start)
            await send(message)

        await next_app(scope, receive, send_encoded)


def _accepted(scope: Scope) -> Coding | None:
    accepted = next((value for name, value in scope["headers"] if name == b"accept-encoding"), b"")
    return negotiated(accepted.decode("latin-1")) if accepted else None


def _is_text(start: Message) -> bool:
    headers = MutableScopeHeaders.from_message(start)
    return headers.get("content-type", "").startswith(TEXTS) and "content-encoding" not in headers


def coding_for(scope: Scope, content: bytes) -> Coding | None:
    """The coding in which a content is sent to who asks; None for the content as it is."""
    return _accepted(scope) if len(content) >= SHORTEST_BYTES else None


async def encoded(content: bytes, coding: Coding) -> bytes:
    """A content in a coding."""
    if len(content) > LONGEST_HERE_BYTES:
        return await asyncio.to_thread(compress, content, coding)
    return compress(content, coding)


async def _encode(start: dict[str, Any], body: dict[str, Any], coding: Coding) -> None:
    headers = MutableScopeHeaders.from_message(cast("Message", start))
    content: bytes = body.get("body", b"")
    headers["vary"] = ", ".join(filter(None, (headers.get("vary"), "accept-encoding")))
    if len(content) < SHORTEST_BYTES:
        return
    body["body"] = await encoded(content, coding)
    headers["content-encoding"] = coding.value
    headers["content-length"] = str(len(body["body"]))
    tag = headers.get("etag")
    if tag and not tag.startswith("W/"):
        headers["etag"] = f"W/{tag}"

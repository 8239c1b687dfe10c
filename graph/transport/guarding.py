"""What nobody between us and a client may do with an answer: keep it, or take it for something else.

An answer that says nothing of caches may be kept by some of them (RFC 9111, section 4.2.2), and answers hold tokens and
what one listener has heard. What may be kept says so itself (`graph.transport.reusing`).
"""

from __future__ import annotations

from litestar.datastructures import MutableScopeHeaders
from litestar.types import Message, Scope


async def guard(message: Message, _scope: Scope) -> None:
    """The hook that says it, before a message leaves."""
    if message["type"] == "http.response.start":
        headers = MutableScopeHeaders.from_message(message)
        headers.setdefault("cache-control", "no-store")
        headers["x-content-type-options"] = "nosniff"

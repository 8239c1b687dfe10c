"""`Vary`: by what the answers differ that caches may keep for everybody (RFC 9110, section 12.5.5).

Said in one place, and last: Litestar writes `Vary: Origin` over whatever a handler has said when a page of another
origin asks, and a cache in front of us would then show one country what is licensed in another.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable

from litestar.datastructures import MutableScopeHeaders
from litestar.types import Message, Scope

ALWAYS = ("accept", "accept-encoding", "authorization", "origin")


def varying(country_header: str) -> Callable[[Message, Scope], Awaitable[None]]:
    """The hook that says it, before a message leaves; `country_header` is empty when none is trusted."""
    said = ", ".join(filter(None, (*ALWAYS, country_header)))

    async def vary(message: Message, _scope: Scope) -> None:
        if message["type"] == "http.response.start":
            headers = MutableScopeHeaders.from_message(message)
            if headers.get("cache-control", "").startswith("public"):
                headers["vary"] = said

    return vary

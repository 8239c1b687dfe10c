"""Counts what leaves the API's port by its status, also what never became an operation: 401, 404, 413, 415, 429."""

from __future__ import annotations

from collections.abc import Awaitable, Callable

from litestar.types import Message, Scope

from graph.observation.figures import Figures


def counting(figures: Figures) -> Callable[[Message, Scope], Awaitable[None]]:
    """The hook that counts, before a message leaves."""

    async def count(message: Message, _scope: Scope) -> None:
        if message["type"] == "http.response.start":
            figures.responses[message["status"]] += 1

    return count

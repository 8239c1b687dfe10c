"""The body of a PUT that is sent while it arrives."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, AsyncIterable


class StreamedBody:
    """The body of a streamed PUT: remembers what it failed of, and gives the store so long to take each piece.

    The HTTP library has no limit on writing, and wraps what a body raises in an error of its own.
    """

    limit: asyncio.Timeout

    def __init__(self, pieces: AsyncIterable[bytes], *, patience_s: float) -> None:
        self._pieces = pieces
        self._patience_s = patience_s
        self.failure: Exception | None = None

    async def run(self) -> AsyncGenerator[bytes, None]:
        try:
            async for piece in self._pieces:
                self.limit.reschedule(asyncio.get_running_loop().time() + self._patience_s)
                yield piece
                self.limit.reschedule(None)
        except Exception as error:
            self.failure = error
            raise

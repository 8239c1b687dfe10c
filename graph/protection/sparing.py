"""Valkey, for what can be done without: a question that fails has an answer all the same.

After a failure none is asked for a while: every operation would wait for a server that is away, one after the other.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable
from typing import TypeVar

from valkey.exceptions import ValkeyError

from config.logs import logger

PATIENCE_S = 0.25
"""What is asked takes a tenth of a millisecond; a server that needs longer is in trouble, and we would add to it."""
LEFT_ALONE_S = 5.0

T = TypeVar("T")
log = logger(__name__)


class Sparing:
    """Asks for one purpose."""

    def __init__(self, purpose: str) -> None:
        self._purpose = purpose
        self._left_alone_until_s = 0.0

    async def ask(self, question: Callable[[], Awaitable[T]], *, otherwise: T) -> T:
        """The answer, or `otherwise` when there is none in time."""
        if time.monotonic() < self._left_alone_until_s:
            return otherwise
        try:
            async with asyncio.timeout(PATIENCE_S):
                return await question()
        except (OSError, ValkeyError, TimeoutError) as error:
            self._left_alone_until_s = time.monotonic() + LEFT_ALONE_S
            log.warning("done without Valkey", purpose=self._purpose, cause=type(error).__name__, for_s=LEFT_ALONE_S)
            return otherwise

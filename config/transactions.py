"""Transactions that PostgreSQL has ended so that another could go on: they are begun again.

Writers take their locks in an order that their modules name, so two of them seldom wait for each other in a circle. It
cannot be ruled out: one DELETE that cascades takes the locks of many tables in an order that nobody has chosen, such as
that of an account whose library is being written by the upkeep meanwhile. PostgreSQL ends one of the two and undoes all
that it did. Doing it again is what would have happened had it come a moment later.

So it is with a row that goes between being found and being referred to: begun again, the writer finds it gone, and says
what there is to say about that.
"""

from __future__ import annotations

import asyncio
import random
from collections.abc import Awaitable, Callable
from functools import wraps
from typing import ParamSpec, TypeVar

import asyncpg

from config.errors import Overtaken, ServiceUnavailable
from config.logs import logger

P = ParamSpec("P")
T = TypeVar("T")

ATTEMPTS = 5
"""A circle is found after a second, so all of them fit into the time that a request has."""
PAUSE_S = 0.05
"""Who begins again at once may take the first lock again before the other, who waits for it, has woken up. Twice as
long each time, and never as long as another one."""

MADE_WAY = (
    asyncpg.DeadlockDetectedError,
    asyncpg.SerializationError,
    asyncpg.ForeignKeyViolationError,
    Overtaken,
)

log = logger(__name__)


def begun_again(write: Callable[P, Awaitable[T]]) -> Callable[P, Awaitable[T]]:
    """Have a function repeated whose whole effect is one transaction that it begins itself.

    It raises ServiceUnavailable, which tells the caller to come back later, when that did not help. Everything else
    that the function raises is its own, and so is a reference to a row that is not there each time.
    """

    @wraps(write)
    async def repeated(*arguments: P.args, **named: P.kwargs) -> T:
        for attempt in range(1, ATTEMPTS + 1):
            try:
                return await write(*arguments, **named)
            except MADE_WAY as error:
                if attempt == ATTEMPTS and isinstance(error, asyncpg.ForeignKeyViolationError):
                    raise
                log.warning("transaction made way", of=write.__qualname__, attempt=attempt, cause=type(error).__name__)
                cause = error
            if attempt < ATTEMPTS:
                await asyncio.sleep(PAUSE_S * 2**attempt * random.random())  # noqa: S311 -- nobody gains by guessing it
        raise ServiceUnavailable("PostgreSQL", "others were writing the same rows all the time") from cause

    return repeated

"""The border to PostgreSQL: the driver's errors become ours, here and nowhere else in this package.

A statement that the server does not understand, or values that it cannot take, are our mistake and stay what they are:
no waiting mends them.
"""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import asyncpg

from config.errors import ServiceUnavailable


@asynccontextmanager
async def translated() -> AsyncIterator[None]:
    """Raise ServiceUnavailable for what the body's statements raise."""
    try:
        yield
    except (asyncpg.SyntaxOrAccessError, asyncpg.DataError):
        raise
    except (OSError, asyncpg.PostgresError, asyncpg.InterfaceError, TimeoutError) as error:
        raise ServiceUnavailable("PostgreSQL", type(error).__name__) from error

"""What is done from time to time beside the requests: by one process at once, and by the next when that one dies.

Every graph process comes by every :data:`EVERY_S` and asks what is due. It takes a lock of PostgreSQL that lives as
long as its connection, does the work, and only then says when it is due again. When a process dies its connection goes,
its lock with it, and the row still says that the work is due. So a run that was missed, by a crash or because nothing
ran for a week, is caught up by the next process that comes by.

The work has a connection of its own, not one of the pool that requests wait for, and is given minutes where they are
given seconds. It may be done twice in the worst case (a process that lost its connection and does not know it yet), so
each kind of work holds its own rows locked while it changes them.
"""

from __future__ import annotations

import asyncio
import random
from collections.abc import Awaitable, Callable, Sequence
from contextlib import AbstractAsyncContextManager
from datetime import UTC, datetime, timedelta
from typing import Never

import asyncpg
import msgspec

from config.background import beside
from config.errors import ServiceUnavailable
from config.logs import logger
from config.postgres import Connection, open_connection
from config.settings import PostgresSettings

EVERY_S = 15.0
"""Work is late by this much at most, and by less with every further process."""
LONGEST_S = 600.0
"""For one statement of the work; what takes longer is broken and is better stopped."""

log = logger(__name__)

MEET = "INSERT INTO schedules (name) SELECT unnest($1::text[]) ON CONFLICT DO NOTHING"
DUE = "SELECT name FROM schedules WHERE name = ANY($1::text[]) AND due_at <= $2"
LOCK = "SELECT pg_try_advisory_lock(hashtextextended('segue schedule ' || $1, 0))"
UNLOCK = "SELECT pg_advisory_unlock(hashtextextended('segue schedule ' || $1, 0))"
STILL_DUE = "SELECT due_at <= $2 FROM schedules WHERE name = $1"
DONE = "UPDATE schedules SET due_at = $2 WHERE name = $1"


class Work(msgspec.Struct, frozen=True, kw_only=True):
    """Something to be done from time to time."""

    name: str
    every: timedelta
    perform: Callable[[Connection, datetime], Awaitable[bool]]
    """Do what there is at that time, in transactions of its own; False when there is more."""


def schedules_kept(postgres: PostgresSettings, works: Sequence[Work]) -> AbstractAsyncContextManager[None]:
    """Do the work beside the body."""
    return beside(_come_by(postgres, works), name="schedules")


async def _come_by(postgres: PostgresSettings, works: Sequence[Work]) -> Never:
    # Processes that are started together come by one after the other.
    await asyncio.sleep(random.uniform(0, EVERY_S))  # noqa: S311 -- nobody gains by guessing it
    while True:
        try:
            async with open_connection(postgres, statement_timeout_s=LONGEST_S) as connection:
                await do_what_is_due(connection, works, now=datetime.now(UTC))
        except ServiceUnavailable as error:
            log.warning("schedules were put off", service=error.service, cause=error.cause)
        except (OSError, asyncpg.PostgresError, asyncpg.InterfaceError, TimeoutError) as error:
            log.warning("schedules were put off", service="PostgreSQL", cause=type(error).__name__)
        except Exception:  # requests go on without; what is due is still due the next time
            log.exception("schedules failed")
        await asyncio.sleep(EVERY_S)


async def do_what_is_due(connection: asyncpg.Connection, works: Sequence[Work], *, now: datetime) -> None:
    """Do all that is due and that no other process is at; a failure keeps nothing else from being done."""
    names = [work.name for work in works]
    await connection.execute(MEET, names)
    due = {row["name"] for row in await connection.fetch(DUE, names, now)}
    for work in works:
        if work.name in due:
            await _do(connection, work, now=now)


async def _do(connection: asyncpg.Connection, work: Work, *, now: datetime) -> None:
    if not await connection.fetchval(LOCK, work.name):
        return
    try:
        # Another process may have come to its end between the question and the lock.
        if await connection.fetchval(STILL_DUE, work.name, now):
            while not await work.perform(connection, now):
                pass
            await connection.execute(DONE, work.name, now + work.every)
    except (OSError, asyncpg.InterfaceError):
        raise  # the connection has gone, and the lock with it
    except Exception:  # whatever is wrong with this work, the others are done
        log.exception("scheduled work failed", work=work.name)
    await connection.execute(UNLOCK, work.name)

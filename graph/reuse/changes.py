"""Listens to what PostgreSQL tells of changes, for as long as the process lives.

While nobody listens nothing is reused: changes that happened meanwhile are not told again.
"""

from __future__ import annotations

import asyncio
import contextlib
from contextlib import AbstractAsyncContextManager

import asyncpg

from config.background import beside
from config.logs import logger
from config.settings import PostgresSettings
from graph.reuse.answers import Answers
from graph.reuse.tags import Tables, told_kinds

CHANNEL = "segue_changes"
AGAIN_S = 2.0
ALIVE_S = 10.0
"""How often a silent connection is asked whether it lives. An end is noticed at once, a line that breaks is not."""
TABLES = "SELECT relname FROM pg_class WHERE relnamespace = 'public'::regnamespace AND relkind IN ('r', 'p', 'v', 'm')"
# Each with what its trigger is given, where the ends of the arguments are zero bytes.
WATCHED = "SELECT tgrelid::regclass::text, tgargs FROM pg_trigger WHERE tgname = 'tells_of_change'"

log = logger(__name__)


def listening(answers: Answers, settings: PostgresSettings) -> AbstractAsyncContextManager[None]:
    """Keep `answers` in step with the database, beside the body."""
    return beside(_listen_for_ever(answers, settings), name="changes")


async def _listen_for_ever(answers: Answers, settings: PostgresSettings) -> None:
    while True:
        try:
            await _listen(answers, settings)
        except (OSError, asyncpg.PostgresError, asyncpg.InterfaceError, TimeoutError) as error:
            log.warning("changes are not heard", cause=type(error).__name__, again_in_s=AGAIN_S)
        finally:
            answers.tables = Tables()
            answers.clear()
        await asyncio.sleep(AGAIN_S)


async def _listen(answers: Answers, settings: PostgresSettings) -> None:
    connection = await asyncpg.connect(
        settings.url.reveal(),
        timeout=settings.acquire_timeout_s,
        server_settings={"application_name": "segue changes"},
    )
    lost = asyncio.Event()
    connection.add_termination_listener(lambda _: lost.set())
    try:
        await connection.add_listener(CHANNEL, lambda _connection, _pid, _channel, told: answers.changed(str(told)))
        answers.tables = await _tables(connection)
        while not lost.is_set():
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(ALIVE_S):
                    await lost.wait()
            await connection.fetchval("SELECT 1", timeout=ALIVE_S)
    finally:
        connection.terminate()


async def _tables(connection: asyncpg.Connection) -> Tables:
    watched = await connection.fetch(WATCHED)
    return Tables(
        names=frozenset(row[0] for row in await connection.fetch(TABLES)),
        watched={table: told_kinds(arguments.decode().split("\0")[:-1]) for table, arguments in watched},
    )

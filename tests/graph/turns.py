"""Writers that take turns: a test decides, statement by statement, which of several transactions goes on.

Each writer gets a pool of its own that stops before every statement, and before every commit. One that waits for a lock
of another has no turn until it has the lock, which PostgreSQL is asked about: nothing depends on how long a step takes.
"""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable
from contextlib import asynccontextmanager
from typing import Any

from config.postgres import Pool

PATIENCE_S = 60.0
MOST_STATEMENTS = 40
"""More than any write that takes turns sends, so that many turns bring it to its end."""
IS_BLOCKED = "SELECT pg_blocking_pids($1) <> '{}'"

Write = Callable[[Any], Awaitable[Any]]


class Writer:
    """One writer, which looks like a pool to what it runs."""

    def __init__(self, pool: Pool, write: Write) -> None:
        self._pool = pool
        self._may_go_on = asyncio.Event()
        self._free = False
        self.stopped = False
        self.pid: int | None = None
        self.done = asyncio.create_task(write(self))

    def go_on(self) -> None:
        self.stopped = False
        self._may_go_on.set()

    def go_on_to_the_end(self) -> None:
        self._free = True
        self.go_on()

    async def stop(self) -> None:
        """Wait for a turn."""
        if self._free:
            return
        self._may_go_on.clear()
        self.stopped = True
        await self._may_go_on.wait()

    @asynccontextmanager
    async def acquire(self) -> AsyncIterator[Any]:
        async with self._pool.acquire() as connection:
            self.pid = connection.get_server_pid()
            try:
                yield _Stopping(self, connection)
            finally:
                self.pid = None


class _Stopping:
    """A connection that stops before each statement."""

    def __init__(self, writer: Writer, connection: Any) -> None:
        self._writer = writer
        self._connection = connection

    @asynccontextmanager
    async def transaction(self) -> AsyncIterator[None]:
        async with self._connection.transaction():
            yield
            await self._writer.stop()

    def __getattr__(self, name: str) -> Any:
        send = getattr(self._connection, name)

        async def in_turn(*arguments: Any) -> Any:
            await self._writer.stop()
            return await send(*arguments)

        return in_turn


async def take_turns(pool: Pool, order: Iterable[int], *writes: Write) -> list[Any]:
    """Let the writes go on in this order, then to their ends as they like; answers what each of them answered.

    `order` names a writer by its place among `writes`; a turn of one that is done or waits for another is passed over.
    """
    writers = [Writer(pool, write) for write in writes]
    try:
        async with asyncio.timeout(PATIENCE_S):
            for place in order:
                await _until_none_runs(pool, writers)
                if writers[place].stopped:
                    writers[place].go_on()
            for writer in writers:
                writer.go_on_to_the_end()
            return await asyncio.gather(*(writer.done for writer in writers))
    finally:
        # One that has failed, or waits for ever, must not keep the connections of those that went on.
        for writer in writers:
            writer.done.cancel()
        await asyncio.gather(*(writer.done for writer in writers), return_exceptions=True)


def interrupted(after: int, *, first: int = 0) -> list[int]:
    """An order in which one of two writers does all that it can after so many statements of the first one."""
    return [first] * after + [1 - first] * MOST_STATEMENTS + [first] * MOST_STATEMENTS


async def _until_none_runs(pool: Pool, writers: Iterable[Writer]) -> None:
    for writer in writers:
        while not (writer.stopped or writer.done.done()):
            if writer.pid is not None and await pool.fetchval(IS_BLOCKED, writer.pid):
                break
            await asyncio.sleep(0.001)

"""Writers who wait for each other, as PostgreSQL tells of them: nothing depends on how long anybody takes."""

import asyncio

from config.postgres import Pool
from tests.graph.clients import PATIENCE_S

WAITING = "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'"


async def waits(pool: Pool, task: "asyncio.Task[object]", *, writers: int = 1) -> bool:
    """Whether the task has come to where so many wait for a lock, itself among them, and has not ended before that."""
    async with asyncio.timeout(PATIENCE_S):
        while not task.done():
            if await pool.fetchval(WAITING) >= writers:
                return True
            await asyncio.sleep(0.01)
    return False

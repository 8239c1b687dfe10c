"""The queue of jobs as those use it who put something in: in the transaction of the change that needs it.

So there is a job exactly when the change is there, and a worker sees neither before both.

Not here: what a job says (`ingest.contract`), and whatever takes it out again (`ingest.jobs.queue`).
"""

from __future__ import annotations

from pgqueuer.adapters.drivers.asyncpg import AsyncpgDriver
from pgqueuer.queries import Queries

from config.postgres import Connection


async def enqueue(
    connection: Connection, entrypoint: str, payload: bytes, *, priority: int, dedupe_key: str | None = None
) -> None:
    """Add a job in the transaction that is open; a second one of the same `dedupe_key` is an error until it is done."""
    # PgQueuer's driver only calls `fetch`, which runs inside the transaction that is open on this connection.
    queries = Queries(AsyncpgDriver(connection))  # type: ignore[arg-type]  # a pool's connection is a proxy of one
    await queries.enqueue(entrypoint, payload, priority, dedupe_key=dedupe_key)

"""Durable removals: objects whose rows are gone, each with the time from which nobody may be reading them.

Graph writes such rows too (`graph.catalog.deletion`); here they are worked off. A removal is taken off the list once
its objects are gone; until then whoever does it has it on lease, so one that was interrupted is done again later. One
that the store refuses, a locked object say, holds up none of the others: they are given back, and it keeps its lease.
"""

from __future__ import annotations

from datetime import datetime, timedelta

import msgspec

from config.errors import ServiceUnavailable
from config.objects import ObjectStore
from config.postgres import Connection, Pool

ADD = "INSERT INTO removals (prefix, due_at) VALUES ($1, now() + $2::interval)"
LEASE = """
UPDATE removals SET due_at = $1 + $2::interval
WHERE id IN (SELECT id FROM removals WHERE due_at <= $1 ORDER BY due_at, id LIMIT $3 FOR UPDATE SKIP LOCKED)
RETURNING id, prefix
"""
DONE = "DELETE FROM removals WHERE id = $1"
GIVE_BACK = "UPDATE removals SET due_at = $1 WHERE id = ANY($2::bigint[])"
BATCH = 100
"""How many are leased at once; the rest when these are done."""
LEASED_FOR = timedelta(minutes=10)
"""A revision has some twenty objects: a hundred of them take a minute or two from a slow store."""


class Removal(msgspec.Struct, frozen=True, kw_only=True):
    """One row of `removals`."""

    id: int
    prefix: str


async def add(connection: Connection, prefix: str, *, delay: timedelta) -> None:
    """Promise that an object, or everything below a prefix, is removed, in the transaction that is open."""
    await connection.execute(ADD, prefix, delay)


async def work_off(pool: Pool, store: ObjectStore, *, now: datetime) -> int:
    """Remove everything that is due, and return how many removals that were. Raises ServiceUnavailable."""
    done = 0
    while due := [Removal(**row) for row in await pool.fetch(LEASE, now, LEASED_FOR, BATCH)]:
        for place, removal in enumerate(due, start=1):
            try:
                await _remove(store, removal.prefix)
            except ServiceUnavailable:
                await pool.execute(GIVE_BACK, now, [later.id for later in due[place:]])
                raise
            await pool.execute(DONE, removal.id)
        done += len(due)
    return done


async def _remove(store: ObjectStore, prefix: str) -> None:
    if prefix.endswith("/"):
        await store.delete_prefix(prefix)
    else:
        await store.delete(prefix)

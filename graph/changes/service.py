"""Reading the ledger: what has changed in a listener's library after a number.

A client takes the present number first, then reads its library, then asks for what came after that number, again and
again. It sees each key once in a page, as it was changed last; what was changed while it read is told once more, which
does no harm. A number before what was forgotten, or one that was never reached because the database was restored from a
backup, cannot be answered: the client begins anew.

Read from the primary: a replica that lags would take a new number for one that was never reached.

Not here: writing (`graph.changes.ledger`).
"""

from __future__ import annotations

from uuid import UUID

import msgspec

from config.postgres import Pool
from graph.changes.records import Recorded, recorded_of
from graph.errors import SyncAnew

CHANGES = """
SELECT number, kind, key, deleted, changed_at FROM changes WHERE user_id = $1 AND number > $2 ORDER BY number LIMIT $3
"""
FEED = "SELECT last_number, forgotten_number FROM change_feeds WHERE user_id = $1"


class Changes(msgspec.Struct, frozen=True, kw_only=True):
    """One page of the feed; `number` is what to continue after."""

    recorded: tuple[Recorded, ...]
    number: int
    has_more: bool


async def begin(pool: Pool, user_id: UUID) -> Changes:
    """Nothing but where the feed is now."""
    row = await pool.fetchrow(FEED, user_id)
    return Changes(recorded=(), number=0 if row is None else row["last_number"], has_more=False)


async def changes_after(pool: Pool, user_id: UUID, *, number: int, first: int) -> Changes:
    """The next changes in the order in which they were committed. Raises SyncAnew."""
    rows = await pool.fetch(CHANGES, user_id, number, first + 1)
    # After the changes: what was forgotten while they were read counts as forgotten.
    feed = await pool.fetchrow(FEED, user_id)
    last, forgotten = (0, 0) if feed is None else (feed["last_number"], feed["forgotten_number"])
    if not forgotten <= number <= last:
        raise SyncAnew
    recorded = tuple(recorded_of(row) for row in rows[:first])
    return Changes(recorded=recorded, number=recorded[-1].number if recorded else number, has_more=len(rows) > first)

"""Forgetting what the listener of a deleted account has played.

The deletion notes the account (`upkeep`, by a trigger), and the rows go a while later: there may be many, and a report
that was under way has come to its end by then. What the listener added to charts was never anybody's in particular.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from uuid import UUID

from config.postgres import Connection
from config.transactions import begun_again

GRACE = timedelta(minutes=1)
"""Longer than any request may take."""
AT_ONCE = 20
"""Accounts in one run."""

NOTED = """
SELECT subject_id, noted_at FROM upkeep WHERE kind = 'listener' AND noted_at < $1 ORDER BY noted_at LIMIT $2
"""
FORGET = tuple(
    f"DELETE FROM {table} WHERE user_id = $1"  # noqa: S608 -- names from the line below
    for table in ("plays_waiting", "plays", "play_keys", "recent_tracks", "listening_days", "top_tracks", "top_artists")
)
DONE = "DELETE FROM upkeep WHERE kind = 'listener' AND subject_id = $1 AND noted_at = $2"


async def forget_listeners(connection: Connection, now: datetime) -> bool:
    """Forget those whose accounts have been deleted; whether that was all."""
    noted = await connection.fetch(NOTED, now - GRACE, AT_ONCE)
    for row in noted:
        await _forget(connection, row["subject_id"], noted_at=row["noted_at"])
    return len(noted) < AT_ONCE


@begun_again
async def _forget(connection: Connection, listener_id: UUID, *, noted_at: datetime) -> None:
    async with connection.transaction():
        for statement in FORGET:
            await connection.execute(statement, listener_id)
        await connection.execute(DONE, listener_id, noted_at)

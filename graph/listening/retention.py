"""Plays that are older than the service wants to keep them: they go by whole months.

The months are partitions, so a year of plays is gone in a moment and leaves no holes behind. What a listener played
recently goes with it where the last play did. What was counted stays: plays are counted from a list of their own
(`graph.listening.rollup`), which knows nothing of months, so what is played most of all time survives. The months that
a late report may still fall into are kept in any case.
"""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from uuid import UUID

import asyncpg

from config.logs import logger
from config.postgres import Connection
from graph.listening.spans import first_month_kept

PATIENCE = timedelta(seconds=3)
"""For the lock on all of the plays, behind which reports wait."""
PORTION = 10_000
"""Plays of the month whose tracks one statement looks for: some tens of milliseconds."""
BEFORE_ALL = UUID(int=0)

log = logger(__name__)

MONTHS = """
SELECT made.relname AS partition, to_date(made.relname, '"plays_"YYYY_MM') AS month
FROM pg_inherits JOIN pg_class AS made ON made.oid = inhrelid
WHERE inhparent = 'plays'::regclass AND made.relname ~ '^plays_[0-9]{4}_[0-9]{2}$' ORDER BY month
"""
LAST_OF_PORTION = """
SELECT user_id FROM (SELECT user_id FROM {partition} WHERE user_id > $1 ORDER BY user_id LIMIT $2) AS plays
ORDER BY user_id DESC LIMIT 1
"""
FORGET_RECENT = """
DELETE FROM recent_tracks AS recent
USING (SELECT DISTINCT user_id, track_id FROM {partition} WHERE user_id > $1 AND user_id <= $2) AS played
WHERE recent.user_id = played.user_id AND recent.track_id = played.track_id AND recent.played_at < $3
"""


async def drop_months(connection: Connection, now: datetime, *, kept_months: int) -> bool:
    """Drop the months that ended more than `kept_months` months ago; none when that is 0.

    Plays that somebody reads, such as a backup for hours, are left to the next run hours later: to try again at once
    would keep reports out again and again.
    """
    if kept_months == 0:
        return True
    first = first_month_kept(now.astimezone(UTC).date(), months=kept_months)
    for row in await connection.fetch(MONTHS):
        if row["month"] < first:
            month = row["month"].isoformat()
            try:
                await _drop(connection, row["partition"], first=first)
            except asyncpg.LockNotAvailableError:
                log.warning("month of plays is in use, left to the next run", month=month)
                break
            log.info("month of plays dropped", month=month)
    return True


async def _drop(connection: Connection, partition: str, *, first: date) -> None:
    kept_from = datetime(first.year, first.month, first.day, tzinfo=UTC)
    after: UUID | None = BEFORE_ALL
    while after is not None:
        until = await connection.fetchval(LAST_OF_PORTION.format(partition=partition), after, PORTION)
        if until is not None:
            await connection.execute(FORGET_RECENT.format(partition=partition), after, until, kept_from)
        after = until
    async with connection.transaction():
        await connection.execute("SELECT set_config('lock_timeout', $1, true)", f"{PATIENCE.total_seconds():.0f}s")
        await connection.execute(f"DROP TABLE {partition}")

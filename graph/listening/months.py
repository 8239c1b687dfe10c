"""The months of `plays`: a partition for each is made three months ahead, and the keys of plays are forgotten in time.

When nobody has made a month, because no process of the API ran for a season, its plays go astray: into the default
partition, where they are found like all others. The next run makes the month and moves them. So a missing month costs
time, and never a play.
"""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

from config.logs import logger
from config.postgres import Connection
from graph.listening.plays import CLOCK_TOLERANCE, LATEST
from graph.listening.spans import months_around

KEYS_KEPT = LATEST + CLOCK_TOLERANCE
"""A report of a play whose key was forgotten is refused for its age: the play began before its key was written."""
PATIENCE = timedelta(seconds=3)
"""For the lock on the default partition, behind which reports wait; the next run tries again."""

log = logger(__name__)

ASTRAY = "SELECT DISTINCT date_trunc('month', played_at AT TIME ZONE 'UTC')::date AS month FROM plays_astray"
# Asked of the table of tables, for what PostgreSQL remembers of names may be older than the lock below.
MISSING = """
SELECT month FROM unnest($1::date[]) AS month WHERE NOT EXISTS (
    SELECT FROM pg_inherits JOIN pg_class AS made ON made.oid = inhrelid
    WHERE inhparent = 'plays'::regclass AND made.relname = to_char(month, '"plays_"YYYY_MM')
) ORDER BY month
"""
ALONE = "SELECT pg_advisory_xact_lock(hashtextextended('segue months of plays', 0))"
MAKE = "SELECT make_month_of_plays($1)"
FORGET_KEYS = "DELETE FROM play_keys WHERE reported_at < $1"


async def make_months(connection: Connection, now: datetime) -> bool:
    """Make the months around `now`, and those of plays that went astray."""
    astray = [row["month"] for row in await connection.fetch(ASTRAY)]
    wanted = {*astray, *months_around(now.astimezone(UTC).date())}
    for row in await connection.fetch(MISSING, list(wanted)):
        if await _make(connection, row["month"]):
            log.info("month of plays made", month=row["month"].isoformat(), plays_were_astray=row["month"] in astray)
    await connection.execute(FORGET_KEYS, now - KEYS_KEPT)
    return True


async def _make(connection: Connection, month: date) -> bool:
    """Make one month; False when another process has done so meanwhile."""
    async with connection.transaction():
        await connection.execute(ALONE)
        if not await connection.fetch(MISSING, [month]):
            return False
        await connection.execute("SELECT set_config('lock_timeout', $1, true)", f"{PATIENCE.total_seconds():.0f}s")
        await connection.execute(MAKE, month)
        return True

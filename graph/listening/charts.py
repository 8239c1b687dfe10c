"""Charts: what is heard most of late, by country and genre, over a day and over a week.

Every chart of a span is written anew from the plays by hour, in one transaction: a reader sees the old one or the new.
What an hour's plays are worth is decided in `graph.listening.spans`. A chart has an id that follows from what it is of,
so a page of it is one range of an index, and a chart of which nothing was heard is an empty one.
"""

from __future__ import annotations

import hashlib
from datetime import datetime
from uuid import UUID

from config.postgres import Connection
from graph.listening.spans import LONGEST_CHART, ChartSpan, weights

LENGTH = 200
"""Places of a chart. A market may have no licence for some of what is heard in others: a hundred should be left."""
EVERYWHERE = ""
"""Stands for all countries, and for all genres."""

ALONE = "SELECT pg_advisory_xact_lock(hashtextextended('segue charts of a ' || $1, 0))"
DELETE = "DELETE FROM chart_entries WHERE span = $1"
# $1 the span, $2 hours and $3 what they are worth in parallel, $4 places. The id is that of :func:`chart_key`.
WRITE = """
WITH heard AS (
    SELECT coalesce(market, '') AS market, track_id, sum(plays * weight) AS score
    FROM track_hours JOIN unnest($2::timestamptz[], $3::float8[]) AS worth (hour, weight) USING (hour)
    GROUP BY GROUPING SETS ((market, track_id), (track_id))
), scored AS (
    SELECT market, '' AS genre, track_id, score FROM heard
    UNION ALL
    SELECT market, genre_id::text, track_id, score FROM heard JOIN track_genres USING (track_id)
), placed AS (
    SELECT market, genre, track_id, score,
        row_number() OVER (PARTITION BY market, genre ORDER BY score DESC, track_id) AS place
    FROM scored
)
INSERT INTO chart_entries (chart_id, place, track_id, score, span)
SELECT encode(substring(sha256(convert_to($1::text || ':' || market || ':' || genre, 'UTF8')) FOR 16), 'hex')::uuid,
    place, track_id, score, $1
FROM placed WHERE place <= $4
"""
FORGET_HOURS = "DELETE FROM track_hours WHERE hour < $1"


def chart_key(span: ChartSpan, *, market: str | None, genre_id: UUID | None) -> UUID:
    """The id of a chart; None for all countries, or all genres."""
    name = f"{span.value}:{market or EVERYWHERE}:{genre_id or EVERYWHERE}"
    return UUID(bytes=hashlib.sha256(name.encode()).digest()[:16])


async def write_charts(connection: Connection, span: ChartSpan, *, now: datetime) -> None:
    """Write the charts of a span anew."""
    worth = weights(span, now=now)
    async with connection.transaction():
        await connection.execute(ALONE, span.value)
        await connection.execute(DELETE, span.value)
        await connection.execute(WRITE, span.value, [one.hour for one in worth], [one.weight for one in worth], LENGTH)


async def write_daily(connection: Connection, now: datetime) -> bool:
    """Perform the schedule of the charts over a day."""
    await write_charts(connection, ChartSpan.DAY, now=now)
    return True


async def write_weekly(connection: Connection, now: datetime) -> bool:
    """Perform the schedule of the charts over a week, and forget what is in none any more."""
    await write_charts(connection, ChartSpan.WEEK, now=now)
    await connection.execute(FORGET_HOURS, now - LONGEST_CHART)
    return True

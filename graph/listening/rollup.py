"""Counting plays: what listeners play most, kept up to date so that nobody's history is read to answer.

Each play that came in is taken from the list of those that wait and counted by one statement, so a crash counts none of
them or all, and never one twice. A span that ends loses a day at midnight (UTC): what was played on that day is taken
off its counts, from the plays by day that are kept for as long as the longest such span.

In the charts and in what an artist is known for, a listener counts at most :data:`MOST_IN_CHARTS` times a day for one
track: a loop that runs through the night makes no hit. What was played in private is not in them at all.

Not here: when this is done (`graph.schedules`), charts themselves (`graph.listening.charts`), and the lists of artists
(`graph.listening.popularity`).
"""

from __future__ import annotations

from datetime import UTC, date, datetime

from config.postgres import Connection
from graph.listening.spans import (
    DAYS_OF,
    LONGEST_CHART,
    LONGEST_THAT_ENDS,
    POPULARITY_FROM,
    POPULARITY_HALF_LIFE,
    ListeningSpan,
    first_day,
)

BATCH = 10_000
"""Plays in one transaction: a second or so of work, after which it is safe."""
MOST_IN_CHARTS = 5

# The spans' first days are locked, so that none moves on while plays of that day are counted. What waits is nothing or,
# after an outage, millions of plays: PostgreSQL cannot know how many rows it takes, and would compare all of them with
# all others. So each row that was taken leads to others by one descent of an index.
ROLL_UP = """
WITH spans AS (
    SELECT span, first_day FROM listening_spans FOR SHARE
), taken AS (
    DELETE FROM plays_waiting WHERE id = ANY(ARRAY(SELECT id FROM plays_waiting ORDER BY id LIMIT $1))
    RETURNING user_id, track_id, artist_id, market, played_at, private, (played_at AT TIME ZONE 'UTC')::date AS day
), daily AS (
    SELECT user_id, day, track_id, artist_id, count(*)::integer AS plays,
        (count(*) FILTER (WHERE NOT private))::integer AS shown,
        date_trunc('hour', max(played_at) FILTER (WHERE NOT private), 'UTC') AS hour,
        (array_agg(market ORDER BY played_at DESC) FILTER (WHERE NOT private))[1] AS market
    FROM taken GROUP BY user_id, day, track_id, artist_id
), kept AS (
    INSERT INTO listening_days AS kept (user_id, day, track_id, artist_id, plays)
    SELECT user_id, day, track_id, artist_id, plays FROM daily
    WHERE day >= (SELECT first_day FROM spans WHERE span = $2) ORDER BY user_id, day, track_id, artist_id
    ON CONFLICT (user_id, day, track_id, artist_id) DO UPDATE SET plays = kept.plays + excluded.plays
), tracks_counted AS (
    INSERT INTO top_tracks AS top (user_id, span, track_id, plays)
    SELECT user_id, span, track_id, sum(plays) FROM daily JOIN spans ON day >= first_day
    GROUP BY user_id, span, track_id ORDER BY user_id, span, track_id
    ON CONFLICT (user_id, span, track_id) DO UPDATE SET plays = top.plays + excluded.plays
), artists_counted AS (
    INSERT INTO top_artists AS top (user_id, span, artist_id, plays)
    SELECT user_id, span, artist_id, sum(plays) FROM daily JOIN spans ON day >= first_day
    GROUP BY user_id, span, artist_id ORDER BY user_id, span, artist_id
    ON CONFLICT (user_id, span, artist_id) DO UPDATE SET plays = top.plays + excluded.plays
), heard AS (
    SELECT hour, day, market, track_id, least(shown, greatest($3 - coalesce((
        SELECT plays FROM listening_days AS before
        WHERE (before.user_id, before.day) = (daily.user_id, daily.day)
            AND (before.track_id, before.artist_id) = (daily.track_id, daily.artist_id)
    ), 0), 0)) AS plays
    FROM daily
), hours_counted AS (
    INSERT INTO track_hours AS counted (hour, market, track_id, plays)
    SELECT hour, market, track_id, sum(plays) FROM heard
    WHERE plays > 0 AND hour > $4 GROUP BY hour, market, track_id ORDER BY hour, market, track_id
    ON CONFLICT (hour, market, track_id) DO UPDATE SET plays = counted.plays + excluded.plays
), popularity_counted AS (
    INSERT INTO track_plays_waiting AS counted (track_id, plays, score)
    SELECT track_id, sum(plays), sum(plays * power(2, (day - $5::date) / $6::float8)) FROM heard
    WHERE plays > 0 GROUP BY track_id ORDER BY track_id
    ON CONFLICT (track_id) DO UPDATE SET plays = counted.plays + excluded.plays, score = counted.score + excluded.score
)
SELECT count(*) FROM taken
"""

FIRST_DAY = "SELECT first_day FROM listening_spans WHERE span = $1 FOR UPDATE"
MOVE_ON = "UPDATE listening_spans SET first_day = $2 WHERE span = $1"
# $1 the span, $2 its first day until now, $3 from now on.
_LEFT = """
    SELECT user_id, {key}, sum(plays) AS plays FROM listening_days WHERE day >= $2 AND day < $3 GROUP BY user_id, {key}
"""
_DROP = """
DELETE FROM {table} AS top USING ({left}) AS gone
WHERE top.user_id = gone.user_id AND top.span = $1 AND top.{key} = gone.{key} AND top.plays <= gone.plays
"""
_LESSEN = """
UPDATE {table} AS top SET plays = top.plays - gone.plays FROM ({left}) AS gone
WHERE top.user_id = gone.user_id AND top.span = $1 AND top.{key} = gone.{key} AND top.plays > gone.plays
"""
# What comes to nothing goes first: what was lessened is not to be compared again.
LEAVE = tuple(
    statement.format(table=table, key=key, left=_LEFT.format(key=key))
    for statement in (_DROP, _LESSEN)
    for table, key in (("top_tracks", "track_id"), ("top_artists", "artist_id"))
)
FORGET_DAYS = "DELETE FROM listening_days WHERE day < $1"


async def roll_up(connection: Connection, now: datetime) -> bool:
    """Count what waits, a batch of it; whether that was all."""
    for span in DAYS_OF:
        await _move_on(connection, span, to=first_day(span, today=now.astimezone(UTC).date()))
    taken = await connection.fetchval(
        ROLL_UP,
        BATCH,
        LONGEST_THAT_ENDS.value,
        MOST_IN_CHARTS,
        now - LONGEST_CHART,
        POPULARITY_FROM,
        POPULARITY_HALF_LIFE.days,
    )
    return bool(taken < BATCH)


async def _move_on(connection: Connection, span: ListeningSpan, *, to: date) -> None:
    """Take the days before `to` off the counts of a span, however many it has missed."""
    async with connection.transaction():
        since = await connection.fetchval(FIRST_DAY, span.value)
        if since >= to:
            return
        for statement in LEAVE:
            await connection.execute(statement, span.value, since, to)
        await connection.execute(MOVE_ON, span.value, to)
        if span is LONGEST_THAT_ENDS:
            await connection.execute(FORGET_DAYS, to)

"""Reporting plays: every one that is accepted is in PostgreSQL before the client hears so, and is there once.

A client may report a play late, and again when it did not hear the answer: its key and the play are written by one
statement, and where the key is already, nothing is written. One that is reported too early, before it counts, is not
kept, so it may be reported again under the same key when more of it was heard.

The history and what was played recently are written at once, for who has played something looks there. What is counted
(top lists, charts) follows within a minute (`graph.listening.rollup`).

Plays of a listener who listens in private are kept for this listener alone: they are in no chart.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

import asyncpg
import msgspec

from config.postgres import Pool
from graph.errors import PROBLEM_MEANINGS, Forbidden, Problem, ProblemCode
from graph.keys import new_key
from graph.listening.plays import Outcome, Report, Result, began_at, counts, problem_of
from graph.rows import Row

UNKNOWN_MARKET = "ZZ"
"""Left to users by ISO 3166-1: nobody's country."""

LISTENER = "SELECT listening_private FROM users WHERE id = $1"
# Of the newest media that are ready. Whether the listener may still hear the track does not matter, for it was played:
# a journey may have led through another market, a licence may have ended since, a release may have been withdrawn. What
# has never been out cannot have been played by anybody but those whose it is.
TRACKS = """
SELECT track.id, track.artist_id, media.duration_ms FROM tracks AS track
JOIN artists AS artist ON artist.id = track.artist_id
LEFT JOIN albums AS album ON album.id = track.album_id
CROSS JOIN LATERAL (
    SELECT duration_ms FROM assets WHERE asset_id = track.asset_id AND status = 'ready' ORDER BY revision DESC LIMIT 1
) AS media
WHERE track.id = ANY($1::uuid[]) AND (
    album.id IS NULL OR album.state IN ('live', 'withdrawn') OR album.live_at <= $3 OR artist.owner_id = $2
)
"""
# In the order of keys and of tracks, so that of two reports with the same ones the second waits and neither for ever.
WRITE = """
WITH given AS (
    SELECT * FROM unnest($4::text[], $5::uuid[], $6::uuid[], $7::uuid[], $8::timestamptz[], $9::integer[])
        AS play (client_key, id, track_id, artist_id, played_at, played_ms)
), fresh AS (
    INSERT INTO play_keys (user_id, client_key) SELECT $1::uuid, client_key FROM given ORDER BY client_key
    ON CONFLICT DO NOTHING RETURNING client_key
), counted AS (
    SELECT DISTINCT ON (client_key) given.* FROM given JOIN fresh USING (client_key) ORDER BY client_key, id
), kept AS (
    INSERT INTO plays (id, user_id, track_id, artist_id, market, played_at, played_ms, private)
    SELECT id, $1, track_id, artist_id, $2::text, played_at, played_ms, $3::boolean FROM counted
), waiting AS (
    INSERT INTO plays_waiting (id, user_id, track_id, artist_id, market, played_at, private)
    SELECT id, $1, track_id, artist_id, $2, played_at, $3 FROM counted
), recent AS (
    INSERT INTO recent_tracks (user_id, track_id, played_at)
    SELECT $1, track_id, max(played_at) FROM counted GROUP BY track_id ORDER BY track_id
    ON CONFLICT (user_id, track_id) DO UPDATE SET played_at = greatest(recent_tracks.played_at, excluded.played_at)
)
SELECT client_key FROM fresh
"""


class Play(msgspec.Struct, frozen=True, kw_only=True):
    """A report that counts."""

    report: Report
    artist_id: UUID
    duration_ms: int
    began_at: datetime


async def report_plays(
    pool: Pool,
    reports: Sequence[Report],
    *,
    listener_id: UUID,
    market: str | None,
    sent_at: datetime | None = None,
    now: datetime,
) -> list[Result]:
    """Keep those that count; one result for each report, in their order. Raises Forbidden for a deleted account."""
    rows = await pool.fetch(TRACKS, [report.track_id for report in reports], listener_id, now)
    tracks = {row["id"]: row for row in rows}
    judged = [_judge(report, tracks.get(report.track_id), sent_at=sent_at, now=now) for report in reports]
    plays = [one for one in judged if isinstance(one, Play)]
    fresh = await _write(pool, plays, listener_id=listener_id, market=market or UNKNOWN_MARKET) if plays else set()
    results: list[Result] = []
    for report, one in zip(reports, judged, strict=True):
        results.append(_result(report, one, fresh=fresh))
        if isinstance(one, Play):
            fresh.discard(report.client_key)  # the same key once more in this request was counted before
    return results


def _judge(report: Report, track: Row | None, *, sent_at: datetime | None, now: datetime) -> Play | Problem | Outcome:
    problem = problem_of(report, sent_at=sent_at, now=now)
    if problem is not None:
        return problem
    if track is None:
        return Problem(ProblemCode.NOT_FOUND, ("trackId",), PROBLEM_MEANINGS[ProblemCode.NOT_FOUND])
    if not counts(report.played_ms, track["duration_ms"]):
        return Outcome.TOO_SHORT
    return Play(
        report=report,
        artist_id=track["artist_id"],
        duration_ms=track["duration_ms"],
        began_at=began_at(report, sent_at=sent_at, now=now),
    )


def _result(report: Report, judged: Play | Problem | Outcome, *, fresh: set[str]) -> Result:
    if isinstance(judged, Problem):
        return Result(report=report, outcome=Outcome.REFUSED, problem=judged)
    if isinstance(judged, Outcome):
        return Result(report=report, outcome=judged)
    return Result(report=report, outcome=Outcome.COUNTED if report.client_key in fresh else Outcome.COUNTED_BEFORE)


async def _write(pool: Pool, plays: Sequence[Play], *, listener_id: UUID, market: str) -> set[str]:
    """The keys that were not there before."""
    private = await pool.fetchval(LISTENER, listener_id)
    if private is None:
        raise Forbidden("This account has been deleted.")
    values = (
        listener_id,
        market,
        private,
        [play.report.client_key for play in plays],
        [new_key() for _ in plays],
        [play.report.track_id for play in plays],
        [play.artist_id for play in plays],
        [play.began_at for play in plays],
        [min(play.report.played_ms, play.duration_ms) for play in plays],
    )
    try:
        rows = await pool.fetch(WRITE, *values)
    except asyncpg.CheckViolationError:
        # Nothing was written: the month was made while this waited for the partition of those that have none.
        rows = await pool.fetch(WRITE, *values)
    return {row["client_key"] for row in rows}

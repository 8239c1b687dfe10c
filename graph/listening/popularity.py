"""What artists are known for: their tracks by how much they are heard, what was heard of late counting most.

A play is worth twice as much as one four weeks before it (`graph.listening.spans`), for ever: scores are added to and
never written anew, so what was a hit stays one until something else is. There is one row for each track, with zeros
from the start (by a trigger), and no row for listeners or days.

Plays are counted with all others (`graph.listening.rollup`) into a list of what waits, from which this takes them once
an hour. Those of a track that has been deleted are taken and added to nothing.
"""

from __future__ import annotations

from datetime import datetime

from config.postgres import Connection
from config.transactions import begun_again

PORTION = 10_000
"""Tracks in one transaction: a second or so of work, after which what deletes one of them can go on."""

# In the order of tracks, in which plays are counted, so that neither of the two waits for the other.
SHOW = """
WITH taken AS (
    DELETE FROM track_plays_waiting WHERE track_id = ANY(ARRAY(
        SELECT track_id FROM track_plays_waiting ORDER BY track_id LIMIT $1 FOR UPDATE
    )) RETURNING track_id, plays, score
), shown AS (
    UPDATE track_popularity AS known SET plays = known.plays + taken.plays, score = known.score + taken.score
    FROM taken WHERE known.track_id = taken.track_id
)
SELECT count(*) FROM taken
"""


@begun_again
async def show_popularity(connection: Connection, _now: datetime) -> bool:
    """Show what was counted since the last time, a portion of it; whether that was all."""
    taken = await connection.fetchval(SHOW, PORTION)
    return bool(taken < PORTION)

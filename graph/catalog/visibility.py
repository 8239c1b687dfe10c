"""Who may see an album and a track, as predicates of SQL; every list and every look-up has them before its limit.

Pure. The rows are called `album` and `track`, the asker's parameters are named as in `graph.reads.declarations`.

Rules. An admin sees everything, and whoever owns an artist sees all of its music. Everybody else sees a track once its
media are ready, its release is out, and a licence lets it be heard in the asker's market now; a track without any
licence may be heard everywhere. A release is seen once it is out, unless it has tracks and none of them is licensed in
the asker's market now: nobody opens an album that is empty for a reason that it does not tell. One that has no tracks
yet is announced, and seen. What was withdrawn by itself stays visible, and says so.

Why they are written so. What is false of most rows stands first: a market that a catalogue excludes is told by the row
of a track, or by one row beside that of a release, without a look into the licences. A look-up per row is a scalar
subquery with a limit: PostgreSQL turns EXISTS below an OR into a hash of the whole other table as soon as it believes
that many rows will be asked for. One that finds nothing is null, which would not end an AND as false does, so each is
compared with true. Whose artists are whose is asked once a statement instead, for that subquery does not depend on the
row.
"""

from __future__ import annotations

import re

PARAMETER = re.compile(r"(?<!:):([a-z_]+)")

# The scheduled release comes out by the clock of the statement, no job has to run.
RELEASED = "(album.state = 'live' OR (album.state = 'scheduled' AND album.live_at <= :now))"

LICENSED = """(
    track.markets IS NULL
    OR (track.markets && ARRAY['*', :market] AND (
        SELECT true FROM licences AS licence
        WHERE licence.track_id = track.id AND licence.market = ANY(ARRAY['*', :market])
            AND licence.starts_at <= :now AND licence.ends_at > :now
        LIMIT 1
    ) IS TRUE)
)"""

# No row, or null: every market may hear it. A release that the row lets pass has its tracks looked at, and the first of
# them answers nearly always.
LICENSED_ALBUM = f"""CASE (
    SELECT held.markets && ARRAY['*', :market] FROM album_markets AS held WHERE held.album_id = album.id
) WHEN false THEN false WHEN true THEN (
    SELECT true FROM tracks AS track WHERE track.album_id = album.id AND {LICENSED} LIMIT 1
) IS TRUE ELSE true END"""  # noqa: S608 -- the part is the constant above

ALBUM = f"""(
    :is_admin OR ({RELEASED} AND {LICENSED_ALBUM})
    OR album.artist_id IN (SELECT own.id FROM artists AS own WHERE own.owner_id = :viewer_id)
)"""  # noqa: S608 -- the parts are the constants above

READY = """(
    SELECT true FROM assets AS media WHERE media.asset_id = track.asset_id AND media.status = 'ready' LIMIT 1
) IS TRUE"""

OUT = f"""(
    (track.album_id IS NULL OR (SELECT {RELEASED} FROM albums AS album WHERE album.id = track.album_id LIMIT 1) IS TRUE)
    AND {READY}
)"""  # noqa: S608 -- the parts are the constants above

MANAGED = "(:is_admin OR track.artist_id IN (SELECT own.id FROM artists AS own WHERE own.owner_id = :viewer_id))"

TRACK = f"(({LICENSED} AND {OUT}) OR {MANAGED})"

# What is withdrawn, by itself or with its release, stays visible to its owner and is played to nobody.
PLAYABLE = f"""(track.withdrawn_at IS NULL AND (({LICENSED} AND {OUT}) OR (
    {MANAGED} AND {READY}
    AND (SELECT album.state = 'withdrawn' FROM albums AS album WHERE album.id = track.album_id LIMIT 1) IS NOT TRUE
)))"""  # noqa: S608 -- the parts are the constants above

RELEASED_TRACK = f"({OUT} OR {MANAGED})"
"""Whatever the licences say."""


def bound(predicate: str, **expressions: str) -> str:
    """The predicate with an expression for each of its parameters, such as `viewer_id="$2"`."""
    return PARAMETER.sub(lambda found: expressions[found[1]], predicate)

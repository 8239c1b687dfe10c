"""What was counted of tracks and artists that have been deleted: it goes.

None of it is shown, for reads join what they name. But a listener's tops and recent tracks would grow for ever in a
catalogue that changes. There is no index by track in them, for it would be written with every play to be used with
every deletion. They are gone through once a day instead, in the order of the listeners, if anything was deleted.

The plays themselves go with their months (`graph.listening.months`).
"""

from __future__ import annotations

from datetime import datetime, timedelta
from uuid import UUID

import msgspec

from config.postgres import Connection

GRACE = timedelta(hours=1)
"""What was reported before the deletion is counted by then."""
AT_ONCE = 10_000
"""Tracks and artists in one round."""
PORTION = 10_000
"""Rows that one statement looks at: some tens of milliseconds."""
BEFORE_ALL = UUID(int=0)

TRACK = "heard_track"
ARTIST = "heard_artist"
NOTED = """
SELECT kind, subject_id, noted_at FROM upkeep WHERE kind = ANY($1::text[]) AND noted_at < $2 ORDER BY noted_at LIMIT $3
"""
DONE = """
DELETE FROM upkeep USING unnest($1::text[], $2::uuid[], $3::timestamptz[]) AS done (kind, subject_id, noted_at)
WHERE upkeep.kind = done.kind AND upkeep.subject_id = done.subject_id AND upkeep.noted_at = done.noted_at
"""


class Count(msgspec.Struct, frozen=True):
    """A table with a row for each listener and what it has heard, its primary key beginning with the listener."""

    table: str
    column: str
    of: str

    @property
    def portion(self) -> str:
        """The last listener among $2 rows behind $1."""
        return (
            f"SELECT user_id FROM (SELECT user_id FROM {self.table} WHERE user_id > $1 ORDER BY user_id LIMIT $2)"  # noqa: S608 -- names from the lines below
            " AS rows ORDER BY user_id DESC LIMIT 1"
        )

    @property
    def remove(self) -> str:
        """What listeners behind $1 until $2 have of $3."""
        return f"DELETE FROM {self.table} WHERE user_id > $1 AND user_id <= $2 AND {self.column} = ANY($3::uuid[])"  # noqa: S608 -- as above


COUNTS = (
    Count("top_tracks", "track_id", TRACK),
    Count("recent_tracks", "track_id", TRACK),
    Count("listening_days", "track_id", TRACK),
    Count("top_artists", "artist_id", ARTIST),
)


async def remove_orphans(connection: Connection, now: datetime) -> bool:
    """Remove what was counted of what was deleted; whether that was all."""
    noted = await connection.fetch(NOTED, [TRACK, ARTIST], now - GRACE, AT_ONCE)
    for count in COUNTS:
        deleted = [row["subject_id"] for row in noted if row["kind"] == count.of]
        if deleted:
            await _remove(connection, count, deleted)
    kinds, subjects, times = ([row[name] for row in noted] for name in ("kind", "subject_id", "noted_at"))
    await connection.execute(DONE, kinds, subjects, times)
    return len(noted) < AT_ONCE


async def _remove(connection: Connection, count: Count, deleted: list[UUID]) -> None:
    after: UUID | None = BEFORE_ALL
    while after is not None:
        until = await connection.fetchval(count.portion, after, PORTION)
        if until is not None:
            await connection.execute(count.remove, after, until, deleted)
        after = until

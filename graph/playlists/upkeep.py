"""Tracks that were deleted leave every playlist, and every owner's other devices hear of it.

Whoever deletes a track writes one row (`upkeep`, by a trigger), however many playlists it is in, and from then on
nobody sees its entries, for reads join the track. Here they are removed, in portions that hold locks for a moment each.
Nobody adds one meanwhile: who was adding the track has held off its deletion until then (`entries.HOLD_TRACKS`).

Playlists are locked in the order of their keys, and all changes of a portion are recorded in one call, so two who
write wait for each other and never for ever.
"""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from config.postgres import Connection
from config.transactions import begun_again
from graph.changes.ledger import record_changes
from graph.changes.records import Change, ChangeKind

AT_ONCE = 100
"""Tracks in one run."""
PORTION = 500
"""Playlists in one transaction: some tens of milliseconds."""

NOTED = "SELECT subject_id, noted_at FROM upkeep WHERE kind = $1 AND noted_at <= $2 ORDER BY noted_at LIMIT $3"
DONE = "DELETE FROM upkeep WHERE kind = $1 AND subject_id = $2 AND noted_at = $3"
# Those that were deleted while this waited for them are not among the rows, so none may mean that there are others.
HOLD = """
SELECT id FROM playlists WHERE id IN (SELECT playlist_id FROM playlist_entries WHERE track_id = $1 LIMIT $2)
ORDER BY id FOR NO KEY UPDATE
"""
LEFT = "SELECT EXISTS (SELECT FROM playlist_entries WHERE track_id = $1)"
REMOVE = """
WITH gone AS (
    DELETE FROM playlist_entries WHERE track_id = $1 AND playlist_id = ANY($2::uuid[]) RETURNING id, playlist_id
), touched AS (
    UPDATE playlists SET revision = revision + 1, updated_at = now()
    WHERE id IN (SELECT playlist_id FROM gone) RETURNING id, owner_id
)
SELECT gone.id, gone.playlist_id, touched.owner_id FROM gone JOIN touched ON touched.id = gone.playlist_id
"""


async def remove_deleted(connection: Connection, now: datetime) -> bool:
    """Remove the entries of tracks whose deletion was noted; whether that was all."""
    kind = ChangeKind.PLAYLIST_ENTRY.value
    noted = await connection.fetch(NOTED, kind, now, AT_ONCE)
    for row in noted:
        while await connection.fetchval(LEFT, row["subject_id"]):
            await _remove_portion(connection, row["subject_id"])
        await connection.execute(DONE, kind, row["subject_id"], row["noted_at"])
    return len(noted) < AT_ONCE


@begun_again
async def _remove_portion(connection: Connection, track_id: UUID) -> None:
    """Take a deleted track out of some of the playlists that it is in."""
    async with connection.transaction():
        held = [row["id"] for row in await connection.fetch(HOLD, track_id, PORTION)]
        rows = await connection.fetch(REMOVE, track_id, held)
        playlists = {row["playlist_id"]: row["owner_id"] for row in rows}
        touched = [
            Change(user_id=owner_id, kind=ChangeKind.PLAYLIST, key=playlist_id, deleted=False)
            for playlist_id, owner_id in playlists.items()
        ]
        gone = [
            Change(user_id=row["owner_id"], kind=ChangeKind.PLAYLIST_ENTRY, key=row["id"], deleted=True) for row in rows
        ]
        await record_changes(connection, [*touched, *gone])

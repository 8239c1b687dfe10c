"""Handing a kept promise over to the ingest: three writes that stand or fall together.

The promise is marked as kept, the track's asset gets its next revision, and the job is enqueued. Whoever comes second
finds the promise kept and changes nothing.

A master is as urgent as its album's release date (`ingest.contract.priority`). What a client calls back catalogue goes
behind everything else, whatever its date.
"""

from __future__ import annotations

from datetime import UTC, datetime

from asyncpg import Record

from config.postgres import Connection
from config.queue import enqueue
from graph.errors import Forbidden, ProblemCode, refused
from graph.uploads.records import Stored
from graph.viewer import Viewer
from ingest.contract import BACK_CATALOGUE, ENTRYPOINT, Job, encode_job, priority

KEEP = "UPDATE uploads SET completed_at = now() WHERE id = $1 AND completed_at IS NULL RETURNING id"
IS_KEPT = "SELECT completed_at IS NOT NULL FROM uploads WHERE id = $1"

# The track's row is locked so that two masters of one track, completed together, get revisions one after the other. It
# is read by a second statement: one that waits for a lock would join the album that the track was on before the wait.
LOCK_TRACK = "SELECT FROM tracks WHERE id = $1 FOR NO KEY UPDATE"
LABELS = """
    SELECT track.asset_id, track.artist_id, track.album_id, track.title, track.isrc, artist.name AS artist,
           artist.owner_id, album.title AS album, album.release_date
    FROM tracks AS track
    JOIN artists AS artist ON artist.id = track.artist_id
    LEFT JOIN albums AS album ON album.id = track.album_id
    WHERE track.id = $1
"""

ADD_REVISION = """
    INSERT INTO assets (asset_id, revision, upload_id, status, stage)
    SELECT $1, coalesce(max(revision), 0) + 1, $2, 'queued', 'queued' FROM assets WHERE asset_id = $1
    RETURNING revision
"""


async def keep(connection: Connection, viewer: Viewer, upload: Stored, *, back_catalogue: bool) -> Job | None:
    """Do the three writes in the connection's transaction; None when somebody else was faster.

    Raises Forbidden when the track's artist has been handed over to another account since, and Refused.
    """
    # The track comes before its promises, as for those who delete it: two who lock the other way round wait for ever.
    await connection.execute(LOCK_TRACK, upload.track_id)
    track = await connection.fetchrow(LABELS, upload.track_id)
    if track is None:  # deleted since, and the promise with it
        raise refused(ProblemCode.NOT_FOUND, "uploadId")
    if not viewer.may_manage(track["owner_id"]):
        raise Forbidden("This track belongs to another artist.")
    if await connection.fetchval(KEEP, upload.id) is None:
        if not await connection.fetchval(IS_KEPT, upload.id):  # aborted meanwhile
            raise refused(ProblemCode.NOT_FOUND, "uploadId")
        return None
    job = _job(upload, track, revision=await connection.fetchval(ADD_REVISION, track["asset_id"], upload.id))
    urgency = BACK_CATALOGUE if back_catalogue else priority(track["release_date"], datetime.now(UTC).date())
    await _enqueue(connection, job, urgency)
    return job


def _job(upload: Stored, track: Record, *, revision: int) -> Job:
    return Job(
        asset_id=track["asset_id"],
        revision=revision,
        upload_key=upload.object_key,
        file_name=upload.file_name,
        size_bytes=upload.size_bytes,
        sha256=upload.sha256.hex(),
        title=track["title"],
        artist=track["artist"],
        album=track["album"] or "",
        isrc=track["isrc"] or "",
        artist_id=track["artist_id"],
        album_id=track["album_id"],
    )


async def _enqueue(connection: Connection, job: Job, urgency: int) -> None:
    key = f"{job.asset_id}/{job.revision}"
    await enqueue(connection, ENTRYPOINT, encode_job(job), priority=urgency, dedupe_key=key)

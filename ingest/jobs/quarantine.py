"""Jobs that we failed three times, for those who operate Segue: look at them, try them again, give them up.

A quarantined job keeps its upload, what is on its shelf and its queue's payload. The artist sees a failed master with
the code `internal`. Trying again makes the revision a queued one, as if it had just arrived; giving up removes what was
kept, and the artist is told by the code `given_up` to send the file again.

Not here: how a job gets there (`ingest.jobs.ledger`), the command (`appliance.commands.jobs`).
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Literal
from uuid import UUID

import msgspec

from config.postgres import Connection, Pool
from config.queue import enqueue
from ingest.contract import ENTRYPOINT, TONIGHT, FailureCode, decode_job
from ingest.errors import NotQuarantined
from ingest.lifecycle import removals
from ingest.postgres import translated
from origin import layout

State = Literal["queued", "processing", "quarantined"]

# Every job that is not over; a failed revision counts while it is quarantined.
UNFINISHED = """
SELECT asset.asset_id, asset.revision, track.title, artist.name AS artist,
       CASE WHEN kept.job IS NULL THEN asset.status ELSE 'quarantined' END AS state,
       asset.stage, asset.fraction, asset.attempts, asset.queued_at, kept.fault, kept.quarantined_at
FROM assets AS asset
JOIN tracks AS track ON track.asset_id = asset.asset_id
JOIN artists AS artist ON artist.id = track.artist_id
LEFT JOIN quarantined_jobs AS kept ON kept.asset_id = asset.asset_id AND kept.revision = asset.revision
WHERE asset.status IN ('queued', 'processing') OR kept.job IS NOT NULL
ORDER BY asset.queued_at, asset.asset_id, asset.revision
"""
# As deletion comes to them, one after the other.
LOCK = "SELECT 1 FROM assets WHERE asset_id = $1 AND revision = $2 FOR UPDATE"
TAKE_OUT = "DELETE FROM quarantined_jobs WHERE asset_id = $1 AND revision = $2 RETURNING job"
REOPEN = """
UPDATE assets SET status = 'queued', stage = 'queued', fraction = 0, attempts = 0, failure_code = NULL, verdict = NULL,
       queued_at = now(), finished_at = NULL
WHERE asset_id = $1 AND revision = $2
"""
GIVE_UP = "UPDATE assets SET failure_code = $3 WHERE asset_id = $1 AND revision = $2"
CLEAR_SHELF = "DELETE FROM asset_renditions WHERE asset_id = $1 AND revision = $2"
NOW = timedelta(0)


class Handle(msgspec.Struct, frozen=True, order=True):
    """How a job is named to people: `{asset id}/{revision}`."""

    asset_id: UUID
    revision: int

    @classmethod
    def parse(cls, text: str) -> Handle:
        """Raises ValueError."""
        asset_id, _, revision = text.partition("/")
        return cls(UUID(asset_id), int(revision))

    def __str__(self) -> str:
        return f"{self.asset_id}/{self.revision}"


class Entry(msgspec.Struct, frozen=True, kw_only=True):
    """One job that is not over; `fault` and `quarantined_at` are there for a quarantined one."""

    asset_id: UUID
    revision: int
    title: str
    artist: str
    state: State
    stage: str
    fraction: float
    attempts: int
    queued_at: datetime
    fault: str | None
    quarantined_at: datetime | None

    @property
    def handle(self) -> Handle:
        return Handle(self.asset_id, self.revision)


async def unfinished(pool: Pool) -> list[Entry]:
    """Every job that waits, runs or is quarantined, the oldest first. Raises ServiceUnavailable."""
    async with translated():
        return [Entry(**row) for row in await pool.fetch(UNFINISHED)]


async def retry(pool: Pool, handle: Handle) -> None:
    """Put a quarantined job back into the queue. Raises NotQuarantined, ServiceUnavailable."""
    async with translated(), pool.acquire() as connection, connection.transaction():
        payload = await _taken_out(connection, handle)
        await connection.execute(REOPEN, handle.asset_id, handle.revision)
        # Somebody waits for it.
        await enqueue(connection, ENTRYPOINT, payload.encode(), priority=TONIGHT)


async def drop(pool: Pool, handle: Handle) -> None:
    """Give a quarantined job up, for good. Raises NotQuarantined, ServiceUnavailable."""
    async with translated(), pool.acquire() as connection, connection.transaction():
        payload = await _taken_out(connection, handle)
        await connection.execute(GIVE_UP, handle.asset_id, handle.revision, FailureCode.GIVEN_UP.value)
        await connection.execute(CLEAR_SHELF, handle.asset_id, handle.revision)
        await removals.add(connection, decode_job(payload.encode()).upload_key, delay=NOW)
        await removals.add(connection, layout.revision_directory(handle.asset_id, handle.revision), delay=NOW)


async def _taken_out(connection: Connection, handle: Handle) -> str:
    """The job as the queue had it. Raises NotQuarantined."""
    await connection.execute(LOCK, handle.asset_id, handle.revision)
    payload: str | None = await connection.fetchval(TAKE_OUT, handle.asset_id, handle.revision)
    if payload is None:
        raise NotQuarantined(str(handle))
    return payload

"""Masters that nobody sent: the rows of an upload, and of the revision that an ingest made of it."""

from uuid import UUID

from config.postgres import Pool
from graph.keys import new_key
from graph.viewer import Viewer


async def add_upload(pool: Pool, owner: UUID, track: UUID) -> UUID:
    """A promise of another master of the track, that has just run out."""
    upload = new_key()
    await pool.execute(
        "INSERT INTO uploads (id, user_id, track_id, object_key, file_name, content_type, size_bytes, sha256,"
        " expires_at) VALUES ($1, $2, $3, $4, 'a.wav', 'audio/wav', 1, $5, now())",
        *(upload, owner, track, f"uploads/{upload}", bytes(32)),
    )
    return upload


async def add_revision(pool: Pool, owner: Viewer, *, track: UUID, asset: UUID, duration_ms: int) -> None:
    """A master that was sent, and is ready."""
    upload = await add_upload(pool, owner.user_id, track)
    await pool.execute("UPDATE uploads SET completed_at = now() WHERE id = $1", upload)
    await pool.execute(
        "INSERT INTO assets (asset_id, revision, upload_id, status, stage, fraction, duration_ms)"
        " SELECT $1, coalesce(max(revision), 0) + 1, $2, 'ready', 'done', 1, $3 FROM assets WHERE asset_id = $1",
        *(asset, upload, duration_ms),
    )

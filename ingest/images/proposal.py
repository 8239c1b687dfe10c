"""The picture inside a master: proposed to the artist as an image, and never put anywhere by itself.

It goes the way of an uploaded picture, through the same queue. A picture that the account has already, from another
track of the album, is proposed again and not drawn again. `offer` writes the picture to the store while the job has it;
`propose` writes the rows in the transaction that makes the revision ready, so there is both or neither.
"""

from __future__ import annotations

import asyncio
from datetime import timedelta
from pathlib import Path
from uuid import UUID

import msgspec
from uuid_utils import compat

from config.objects import ObjectStore
from config.postgres import Connection, Pool
from config.queue import enqueue
from ingest.contract import IMAGE_ENTRYPOINT, IMAGE_PRIORITY, ImageJob, ImageStatus
from ingest.lifecycle import removals
from ingest.postgres import translated
from ingest.tasks import Picture
from origin.image import image_directory, source_key

# $1 asset, $2 SHA-256: the image that the track's owner has of this picture.
KNOWN = """
SELECT image.id, image.status FROM tracks AS track
JOIN artists AS artist ON artist.id = track.artist_id
JOIN images AS image ON image.owner_id = artist.owner_id AND image.sha256 = $2 AND image.status <> 'failed'
WHERE track.asset_id = $1
"""
ADD = """
INSERT INTO images (id, owner_id, status, size_bytes, sha256)
SELECT $2, artist.owner_id, 'queued', $3, $4
FROM tracks AS track JOIN artists AS artist ON artist.id = track.artist_id WHERE track.asset_id = $1
ON CONFLICT DO NOTHING RETURNING id
"""
# The account has announced this very picture and not sent it yet; it has come this way.
ADOPT = "UPDATE images SET status = 'queued', expires_at = NULL WHERE id = $1 AND status = 'announced' RETURNING id"
PROPOSE = "UPDATE assets SET proposed_image_id = $3 WHERE asset_id = $1 AND revision = $2"


class Offer(msgspec.Struct, frozen=True, kw_only=True):
    """A picture that can be proposed: its bytes are in the store, unless they have been drawn or are about to be."""

    image_id: UUID
    size_bytes: int
    sha256: str
    fresh: bool
    """Whether no row ever had this key: one that lost its row meanwhile is swept, and must not have another."""


async def offer(pool: Pool, store: ObjectStore, asset_id: UUID, picture: Picture, path: Path) -> Offer:
    """Put a picture where its job will look for it. Raises ServiceUnavailable."""
    async with translated():
        known = await pool.fetchrow(KNOWN, asset_id, bytes.fromhex(picture.sha256))
    image_id: UUID = compat.uuid7() if known is None else known["id"]
    if known is None or known["status"] == ImageStatus.ANNOUNCED.value:
        data = await asyncio.to_thread(path.read_bytes)
        await store.write(source_key(image_id), data, content_type="application/octet-stream")
    return Offer(image_id=image_id, size_bytes=picture.size_bytes, sha256=picture.sha256, fresh=known is None)


async def propose(connection: Connection, offered: Offer, *, asset_id: UUID, revision: int) -> None:
    """Propose it to the artist, in the transaction that is open."""
    digest = bytes.fromhex(offered.sha256)
    added = offered.fresh and await connection.fetchval(ADD, asset_id, offered.image_id, offered.size_bytes, digest)
    if added or await connection.fetchval(ADOPT, offered.image_id):
        await _enqueue(connection, offered)
    known = await connection.fetchrow(KNOWN, asset_id, digest)
    if offered.fresh and (known is None or known["id"] != offered.image_id):
        # Another track's master brought the same picture at the same time, and was faster.
        await removals.add(connection, image_directory(offered.image_id), delay=timedelta(0))
    if known is not None:
        await connection.execute(PROPOSE, asset_id, revision, known["id"])


async def _enqueue(connection: Connection, offered: Offer) -> None:
    job = ImageJob(image_id=offered.image_id, size_bytes=offered.size_bytes, sha256=offered.sha256)
    await enqueue(connection, IMAGE_ENTRYPOINT, msgspec.json.encode(job), priority=IMAGE_PRIORITY)

"""The row of an image: the truth about it, changed by one statement a step, and by one transaction at its end.

Drawing the same picture twice gives the same files under the same keys, so two workers at one image do no harm: the
first to come to an end sets it, for no statement touches a final row.
"""

from __future__ import annotations

from uuid import UUID

import msgspec

from config.postgres import Pool
from ingest.contract import FailureCode, ImageStatus
from ingest.postgres import translated
from ingest.tasks import Illustrated

CLAIM = """
UPDATE images SET status = 'processing', attempts = attempts + 1
WHERE id = $1 AND status IN ('queued', 'processing') RETURNING attempts
"""
STATUS = "SELECT status FROM images WHERE id = $1"
RELEASE = "UPDATE images SET attempts = attempts - 1 WHERE id = $1 AND status = 'processing'"
READY = """
UPDATE images SET status = 'ready', width_px = $2, height_px = $3, color = $4, placeholder = $5, sizes = $6
WHERE id = $1 AND status = 'processing'
"""
FAIL = "UPDATE images SET status = 'failed', failure_code = $2 WHERE id = $1 AND status = 'processing' RETURNING 1"
# What was to show it shows nothing, rather than what never comes. A proposal stays: it tells the artist why.
TAKE_OFF = (
    "UPDATE artists SET image_id = NULL WHERE image_id = $1",
    "UPDATE albums SET image_id = NULL WHERE image_id = $1",
    "UPDATE tracks SET image_id = NULL WHERE image_id = $1",
    "UPDATE playlists SET image_id = NULL WHERE image_id = $1",
)


class ImageLedger:
    """The rows of all images. Methods raise ServiceUnavailable."""

    def __init__(self, pool: Pool) -> None:
        self._pool = pool

    async def claim(self, image_id: UUID) -> int | None:
        """Begin the next attempt and return its number, from 1; None when the image is final or gone."""
        async with translated():
            attempt: int | None = await self._pool.fetchval(CLAIM, image_id)
        return attempt

    async def status(self, image_id: UUID) -> ImageStatus | None:
        """What the image is now; None when it is gone."""
        async with translated():
            found: str | None = await self._pool.fetchval(STATUS, image_id)
        return None if found is None else ImageStatus(found)

    async def release(self, image_id: UUID) -> None:
        """Take an attempt back: it failed for a reason that does not count."""
        async with translated():
            await self._pool.execute(RELEASE, image_id)

    async def ready(self, image_id: UUID, drawn: Illustrated) -> None:
        largest = drawn.sizes[-1]
        sizes = msgspec.json.encode(drawn.sizes).decode()
        async with translated():
            await self._pool.execute(
                READY, image_id, largest.width_px, largest.height_px, drawn.color, drawn.placeholder, sizes
            )

    async def failed(self, image_id: UUID, failure: FailureCode) -> None:
        async with translated(), self._pool.acquire() as connection, connection.transaction():
            if await connection.fetchval(FAIL, image_id, failure.value) is not None:
                for statement in TAKE_OFF:
                    await connection.execute(statement, image_id)

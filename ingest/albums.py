"""The loudness of an album, made anew whenever one of its tracks became ready or went.

It is gated over the union of its tracks' blocks, which are stored beside each revision: nothing is decoded again. Every
change of an album enqueues a job of its own, so two may run at once. The figures are written only if the tracks are
still those that were read; otherwise the job of the later change has written, or will.
"""

from __future__ import annotations

import asyncio
from uuid import UUID

import msgspec
from pgqueuer.domain.errors import RetryRequested
from pgqueuer.models import Job as QueuedJob

from config.errors import ObjectMissing, ServiceUnavailable
from config.logs import logger
from config.objects import ObjectStore
from config.postgres import Pool
from ingest.contract import AlbumJob
from ingest.jobs.retry import back_off
from ingest.loudness import album, normalisation
from ingest.loudness.album import Part
from ingest.loudness.meter import Reading
from ingest.postgres import translated
from origin import layout

LOG = logger("ingest.albums")

# The newest ready revision of each track of album $1.
READY = """
SELECT DISTINCT ON (asset.asset_id) asset.asset_id, asset.revision, asset.integrated_lufs, asset.max_momentary_lufs,
       asset.max_short_term_lufs, asset.sample_peak_dbfs, asset.true_peak_dbtp
FROM tracks AS track JOIN assets AS asset ON asset.asset_id = track.asset_id AND asset.status = 'ready'
WHERE track.album_id = $1
ORDER BY asset.asset_id, asset.revision DESC
"""
WRITE = f"""
UPDATE albums SET integrated_lufs = $3, loudness_range_lu = $4, true_peak_dbtp = $5, gain_db = $6
WHERE id = $1 AND ARRAY(SELECT asset_id || '/' || revision FROM ({READY}) AS ready) = $2::text[]
RETURNING true
"""  # noqa: S608 -- the part is the constant above


class Member(msgspec.Struct, frozen=True, kw_only=True):
    """One track of an album, by the revision that listeners hear."""

    asset_id: UUID
    revision: int
    integrated_lufs: float | None
    max_momentary_lufs: float | None
    max_short_term_lufs: float | None
    sample_peak_dbfs: float | None
    true_peak_dbtp: float | None

    @property
    def name(self) -> str:
        return f"{self.asset_id}/{self.revision}"

    @property
    def reading(self) -> Reading:
        return Reading(
            integrated_lufs=self.integrated_lufs,
            max_momentary_lufs=self.max_momentary_lufs,
            max_short_term_lufs=self.max_short_term_lufs,
            sample_peak_dbfs=self.sample_peak_dbfs,
            true_peak_dbtp=self.true_peak_dbtp,
        )


class Albums:
    """What the jobs of albums need; made once a process by `ingest.worker`."""

    def __init__(self, pool: Pool, store: ObjectStore, *, target_lufs: float) -> None:
        self._pool = pool
        self._store = store
        self._target_lufs = target_lufs

    async def handle(self, queued: QueuedJob) -> None:
        """Do one job from the queue; a service that is away is waited for. Raises RetryRequested."""
        job = msgspec.json.decode(queued.payload or b"", type=AlbumJob)
        try:
            await self.measure(job.album_id)
        except ServiceUnavailable as error:
            raise RetryRequested(delay=back_off(queued.attempts), reason=str(error)) from error

    async def measure(self, album_id: UUID) -> None:
        """Figure an album from its tracks' stored blocks. Raises ServiceUnavailable."""
        async with translated():
            members = [Member(**row) for row in await self._pool.fetch(READY, album_id)]
        reading = await self._reading(members)
        async with translated():
            written = await self._pool.fetchval(
                WRITE,
                album_id,
                [member.name for member in members],
                reading.integrated_lufs,
                reading.loudness_range_lu,
                reading.true_peak_dbtp,
                None if reading.integrated_lufs is None else normalisation.gain_db(reading, self._target_lufs),
            )
        LOG.info("album measured", album_id=str(album_id), tracks=len(members), written=written is not None)

    async def _reading(self, members: list[Member]) -> Reading:
        parts = []
        for member in members:
            key = layout.loudness_blocks_key(member.asset_id, member.revision)
            try:
                energies = album.decode(await self._store.read(key))
            except ObjectMissing:
                # It went just now, or was made before blocks were kept: an album without it would be another album.
                LOG.warning("a track has no blocks", asset_id=str(member.asset_id), revision=member.revision)
                return Reading(integrated_lufs=None, true_peak_dbtp=None)
            parts.append(Part(reading=member.reading, energies=energies))
        return await asyncio.to_thread(album.album, parts)

"""The transaction that makes a revision visible, and everything that becomes true with it.

In it: the figures of the master, the end of what is superseded (its row goes at once, its media after the removal
delay, for URLs were given out), the emptied shelf, the picture that is proposed, and a job for the album's loudness.
The track's row is locked first, so that two revisions of one track which end together see each other; deletion of a
track takes the same lock.
"""

from __future__ import annotations

from datetime import timedelta
from uuid import UUID

import msgspec

from config.postgres import Connection
from config.queue import enqueue
from ingest.contract import ALBUM_ENTRYPOINT, ALBUM_PRIORITY, AlbumJob
from ingest.features.record import Features
from ingest.images.proposal import propose
from ingest.lifecycle import removals
from ingest.product import Product
from origin import layout

LOCK_TRACK = "SELECT album_id FROM tracks WHERE asset_id = $1 FOR NO KEY UPDATE"
READY = """
UPDATE assets SET status = 'ready', stage = 'done', fraction = 1, finished_at = now(), duration_ms = $4,
       sample_rate_hz = $5, channels = $6, bits_per_sample = $7, sample_count = $8, pcm_sha256 = $9,
       integrated_lufs = $10, mono_integrated_lufs = $11, loudness_range_lu = $12, max_momentary_lufs = $13,
       max_short_term_lufs = $14, sample_peak_dbfs = $15, true_peak_dbtp = $16, warnings = $17,
       proposed_tags = $18, gain_db = $19, waveform = $20
WHERE asset_id = $1 AND revision = $2 AND status = 'processing' AND claims = $3
RETURNING 1
"""
FEATURES = """
INSERT INTO track_features (asset_id, revision, version, tempo_bpm, tempo_confidence, musical_key, key_confidence,
                            energy, vector) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)
"""
# Also this revision itself, when a later one was faster. An earlier master that is in quarantine has nobody waiting for
# it any more: without its row its upload is named by nothing, and swept.
SUPERSEDE = """
DELETE FROM assets AS old WHERE asset_id = $1
    AND revision < (SELECT max(revision) FROM assets WHERE asset_id = $1 AND status = 'ready')
    AND (status = 'ready' OR EXISTS (
        SELECT FROM quarantined_jobs AS kept WHERE kept.asset_id = old.asset_id AND kept.revision = old.revision
    ))
RETURNING revision
"""
CLEAR_SHELF = "DELETE FROM asset_renditions WHERE asset_id = $1 AND revision = $2"


async def complete(connection: Connection, product: Product, *, claim_number: int, removal_delay: timedelta) -> bool:
    """Do all of it in the transaction that is open; False, and nothing done, when the claim does not hold."""
    asset = product.asset
    album_id: UUID | None = await connection.fetchval(LOCK_TRACK, asset.asset_id)
    held = await connection.fetchval(READY, asset.asset_id, asset.revision, claim_number, *_figures(product))
    if held is None:
        return False
    await connection.execute(CLEAR_SHELF, asset.asset_id, asset.revision)
    if product.features is not None:
        await _describe(connection, asset.asset_id, asset.revision, product.features)
    for row in await connection.fetch(SUPERSEDE, asset.asset_id):
        superseded = layout.revision_directory(asset.asset_id, row["revision"])
        await removals.add(connection, superseded, delay=removal_delay)
    if product.image is not None:
        await propose(connection, product.image, asset_id=asset.asset_id, revision=asset.revision)
    if album_id is not None:
        await _enqueue_album(connection, album_id)
    return True


def _figures(product: Product) -> tuple[object, ...]:
    """The parameters of `READY` from the fourth on."""
    master = product.asset.master
    loudness = master.loudness
    return (
        master.duration_ms,
        master.sample_rate_hz,
        master.channels,
        master.bits_per_sample,
        master.sample_count,
        bytes.fromhex(master.pcm_sha256),
        loudness.integrated_lufs,
        loudness.mono_integrated_lufs,
        loudness.loudness_range_lu,
        loudness.max_momentary_lufs,
        loudness.max_short_term_lufs,
        loudness.sample_peak_dbfs,
        loudness.true_peak_dbtp,
        msgspec.json.encode(product.warnings).decode(),
        None if product.tags is None else msgspec.json.encode(product.tags).decode(),
        product.gain_db,
        product.waveform or None,
    )


async def _describe(connection: Connection, asset_id: UUID, revision: int, features: Features) -> None:
    await connection.execute(
        FEATURES,
        asset_id,
        revision,
        features.version,
        features.tempo_bpm,
        features.tempo_confidence,
        features.musical_key,
        features.key_confidence,
        features.energy,
        features.vector,
    )


async def _enqueue_album(connection: Connection, album_id: UUID) -> None:
    # No deduplication: a job that runs already may have read the album before this track was on it.
    payload = msgspec.json.encode(AlbumJob(album_id=album_id))
    await enqueue(connection, ALBUM_ENTRYPOINT, payload, priority=ALBUM_PRIORITY)

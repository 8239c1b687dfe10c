"""Batch functions of mastering: many keys in, one statement, one value for each key out."""

from __future__ import annotations

from uuid import UUID

from graph.context import Context
from graph.mastering.records import AlbumLoudness, Mastered, Revision, album_loudness_of, mastered_of

# $1 assets and $2 revisions, in parallel.
MASTERED = """
SELECT asset.asset_id, asset.revision, asset.integrated_lufs, asset.mono_integrated_lufs, asset.loudness_range_lu,
       asset.max_momentary_lufs, asset.max_short_term_lufs, asset.sample_peak_dbfs, asset.true_peak_dbtp,
       asset.gain_db, asset.warnings
FROM unnest($1::uuid[], $2::integer[]) AS wanted (asset_id, revision)
JOIN assets AS asset ON asset.asset_id = wanted.asset_id AND asset.revision = wanted.revision
"""
# What is highest of an album is highest of one of its tracks, so it is not kept twice; the rest has to be gated.
ALBUMS = """
SELECT album.id, album.integrated_lufs, album.loudness_range_lu, album.true_peak_dbtp, album.gain_db,
       highest.max_momentary_lufs, highest.max_short_term_lufs, highest.sample_peak_dbfs
FROM albums AS album
CROSS JOIN LATERAL (
    SELECT max(newest.max_momentary_lufs) AS max_momentary_lufs, max(newest.max_short_term_lufs) AS max_short_term_lufs,
           max(newest.sample_peak_dbfs) AS sample_peak_dbfs
    FROM (
        SELECT DISTINCT ON (asset.asset_id)
               asset.max_momentary_lufs, asset.max_short_term_lufs, asset.sample_peak_dbfs
        FROM tracks AS track JOIN assets AS asset ON asset.asset_id = track.asset_id AND asset.status = 'ready'
        WHERE track.album_id = album.id
        ORDER BY asset.asset_id, asset.revision DESC
    ) AS newest
) AS highest
WHERE album.id = ANY($1::uuid[])
"""
QUARANTINED = """
SELECT kept.asset_id, kept.revision
FROM unnest($1::uuid[], $2::integer[]) AS wanted (asset_id, revision)
JOIN quarantined_jobs AS kept ON kept.asset_id = wanted.asset_id AND kept.revision = wanted.revision
"""


async def masters(context: Context, keys: list[Revision]) -> list[Mastered | None]:
    """What was found in each master; None for a revision that has gone meanwhile."""
    rows = await context.services.pool.fetch(MASTERED, *_columns(keys))
    found = {(row["asset_id"], row["revision"]): mastered_of(row) for row in rows}
    return [found.get(key) for key in keys]


async def albums(context: Context, keys: list[UUID]) -> list[AlbumLoudness | None]:
    rows = await context.services.pool.fetch(ALBUMS, keys)
    found = {row["id"]: album_loudness_of(row) for row in rows}
    return [found.get(key) for key in keys]


async def quarantined(context: Context, keys: list[Revision]) -> list[bool]:
    """Whether each revision waits in quarantine."""
    rows = await context.services.pool.fetch(QUARANTINED, *_columns(keys))
    found = {(row["asset_id"], row["revision"]) for row in rows}
    return [key in found for key in keys]


def _columns(keys: list[Revision]) -> tuple[list[UUID], list[int]]:
    return [asset_id for asset_id, _ in keys], [revision for _, revision in keys]

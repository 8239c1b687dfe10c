"""Housekeeping: withdrawals left undone, removals that are due, promises that nobody kept, and what nothing names.

Every worker comes by every half minute. A removal is leased by the one that takes it, and the sweep is begun by the
one that moves its row on, so one worker at a time does either; when that one dies, another does it again later. All of
it may be done twice, and nothing of it is needed by a job. What may go is decided in `ingest.lifecycle.sweep`.
"""

from __future__ import annotations

import asyncio
from collections.abc import Collection
from contextlib import AbstractAsyncContextManager
from datetime import UTC, datetime, timedelta
from typing import Never

import msgspec
from valkey.asyncio import Valkey

from config import withdrawals
from config.background import beside
from config.errors import ServiceUnavailable
from config.logs import logger
from config.objects import ObjectStore
from config.postgres import Pool
from config.settings import IngestSettings
from ingest.lifecycle import removals
from ingest.lifecycle.sweep import (
    SWEPT_PREFIXES,
    UPLOADS_PREFIX,
    candidates,
    covers,
    images_of,
    orphans,
    revisions_of,
    withdrawals_of,
)
from ingest.postgres import translated
from origin.layout import withdrawal_key

LOG = logger("ingest.lifecycle.housekeeping")
EVERY_S = 30.0
"""A removal is late by this much at most; the sweep has its own, longer interval."""

BEGIN_SWEEP = "UPDATE sweeps SET begun_at = $1 WHERE begun_at + $2::interval <= $1 RETURNING true"
# A promise may be renewed after it has expired, or go with its track: who is at it just now is not waited for. The
# object may never have come.
FORGET_PROMISES = """
WITH gone AS (
    DELETE FROM uploads WHERE id IN (
        SELECT id FROM uploads AS upload WHERE completed_at IS NULL AND expires_at + $2::interval <= $1
            AND NOT EXISTS (SELECT FROM assets WHERE upload_id = upload.id)
        FOR UPDATE SKIP LOCKED
    )
    RETURNING object_key
)
INSERT INTO removals (prefix, due_at) SELECT object_key, $1 FROM gone RETURNING prefix
"""
# Nobody shows them any more, or ever did. Whoever has such a page open still gets the files for the grace time.
UNSHOWN = """image.created_at + $2::interval <= $1
        AND image.status NOT IN ('queued', 'processing')
        AND (image.expires_at IS NULL OR image.expires_at + $2::interval <= $1)
        AND NOT EXISTS (SELECT FROM artists WHERE image_id = image.id)
        AND NOT EXISTS (SELECT FROM albums WHERE image_id = image.id)
        AND NOT EXISTS (SELECT FROM tracks WHERE image_id = image.id)
        AND NOT EXISTS (SELECT FROM playlists WHERE image_id = image.id)
        AND NOT EXISTS (SELECT FROM assets WHERE proposed_image_id = image.id)"""
# Who is about to show one holds its row: it is not waited for. Who has done so since this statement began is seen by
# the next one, which looks anew; the lock keeps others from showing it in between.
HOLD_IMAGES = f"SELECT image.id FROM images AS image WHERE {UNSHOWN} FOR UPDATE SKIP LOCKED"  # noqa: S608 -- the rule above
FORGET_IMAGES = f"""
WITH gone AS (DELETE FROM images AS image WHERE image.id = ANY($3::uuid[]) AND {UNSHOWN} RETURNING id)
INSERT INTO removals (prefix, due_at) SELECT 'images/' || id || '/', $1 + $2::interval FROM gone RETURNING prefix
"""  # noqa: S608 -- the rule above
# PgQueuer notes every step of every job and forgets none.
FORGET_LOG = """
WITH lines AS (DELETE FROM pgqueuer_log WHERE created + $2::interval <= $1),
    figures AS (DELETE FROM pgqueuer_statistics WHERE created + $2::interval <= $1)
SELECT 1
"""
LOG_KEPT = timedelta(days=30)
"""What became of a job a month ago is in nobody's mind; a million tracks a month are some gigabytes of log."""
# Which of these names ($1), and of these revisions ($2, $3 in parallel), are still needed, or are to be removed later.
NAMED = """
SELECT upload.object_key AS name FROM uploads AS upload
LEFT JOIN assets AS asset ON asset.upload_id = upload.id
LEFT JOIN quarantined_jobs AS kept ON kept.asset_id = asset.asset_id AND kept.revision = asset.revision
WHERE upload.object_key = ANY($1::text[])
    AND (upload.completed_at IS NULL OR asset.status IN ('queued', 'processing') OR kept.job IS NOT NULL)
UNION ALL
SELECT 'assets/' || asset.asset_id || '/' || asset.revision || '/'
FROM unnest($2::uuid[], $3::integer[]) AS wanted (asset_id, revision)
JOIN assets AS asset ON asset.asset_id = wanted.asset_id AND asset.revision = wanted.revision
LEFT JOIN quarantined_jobs AS kept ON kept.asset_id = asset.asset_id AND kept.revision = asset.revision
WHERE asset.status <> 'failed' OR kept.job IS NOT NULL
UNION ALL
SELECT 'images/' || id || '/' FROM images WHERE id = ANY($4::uuid[]) AND status <> 'failed'
UNION ALL
SELECT 'assets/' || asset_id || '/withdrawn' FROM tracks WHERE asset_id = ANY($5::uuid[])
UNION ALL
SELECT 'assets/' || asset_id || '/withdrawn' FROM withdrawals WHERE asset_id = ANY($5::uuid[])
UNION ALL
SELECT prefix FROM removals WHERE prefix = ANY($1::text[])
"""


class Rules(msgspec.Struct, frozen=True, kw_only=True):
    """How often is swept, and how old has to be what goes."""

    interval: timedelta
    grace: timedelta


def housekeeping_rules(settings: IngestSettings) -> Rules:
    return Rules(interval=timedelta(seconds=settings.sweep_interval_s), grace=timedelta(seconds=settings.sweep_grace_s))


def house_kept(pool: Pool, store: ObjectStore, valkey: Valkey, rules: Rules) -> AbstractAsyncContextManager[None]:
    """Keep house beside the body."""
    return beside(_come_by(pool, store, valkey, rules), name="housekeeping")


async def _come_by(pool: Pool, store: ObjectStore, valkey: Valkey, rules: Rules) -> Never:
    while True:
        await _withdraw(pool, store, valkey)
        try:
            await tidy(pool, store, rules, now=datetime.now(UTC))
        except ServiceUnavailable as error:
            LOG.warning("housekeeping was put off", service=error.service, cause=error.cause)
        except Exception:  # the jobs go on without; what is due is still due the next time
            LOG.exception("housekeeping failed")
        await asyncio.sleep(min(EVERY_S, rules.interval.total_seconds()))


async def _withdraw(pool: Pool, store: ObjectStore, valkey: Valkey) -> None:
    """Carry out what the API did not come to the end of; it waits for nothing else, and nothing waits for it."""
    try:
        async with translated():
            settled = await withdrawals.settle_all(pool, store, valkey, key_of=withdrawal_key)
        if settled:
            LOG.info("withdrawals carried out", withdrawals=settled)
    except ServiceUnavailable as error:
        LOG.warning("withdrawals were put off", service=error.service, cause=error.cause)
    except Exception:  # the jobs go on without; what is promised is still promised the next time
        LOG.exception("withdrawals failed")


async def tidy(pool: Pool, store: ObjectStore, rules: Rules, *, now: datetime) -> None:
    """Do what is due at `now`. Raises ServiceUnavailable."""
    async with translated():
        removed = await removals.work_off(pool, store, now=now)
        if removed:
            LOG.info("removed", removals=removed)
        if await pool.fetchval(BEGIN_SWEEP, now, rules.interval):
            await sweep(pool, store, now=now, grace=rules.grace)


async def sweep(pool: Pool, store: ObjectStore, *, now: datetime, grace: timedelta) -> None:
    """Remove what nobody came for and what nothing names. Raises ServiceUnavailable."""
    promises = len(await pool.fetch(FORGET_PROMISES, now, grace))
    images = await _forget_images(pool, now=now, grace=grace)
    await removals.work_off(pool, store, now=now)
    uploads = await _abort_uploads(pool, store, now=now, grace=grace)
    swept = 0
    for prefix in SWEPT_PREFIXES:
        async for page in store.listing(prefix):
            old = candidates(page, now=now, grace=grace)
            for key in orphans(old, await _named(pool, old)):
                await store.delete(key)
                swept += 1
    await pool.execute(FORGET_LOG, now, LOG_KEPT)
    LOG.info("swept", promises=promises, images=images, multipart_uploads=uploads, objects=swept)


async def _forget_images(pool: Pool, *, now: datetime, grace: timedelta) -> int:
    async with pool.acquire() as connection, connection.transaction():
        held = [row["id"] for row in await connection.fetch(HOLD_IMAGES, now, grace)]
        return len(await connection.fetch(FORGET_IMAGES, now, grace, held))


async def _abort_uploads(pool: Pool, store: ObjectStore, *, now: datetime, grace: timedelta) -> int:
    """Give back the parts of objects that nobody puts together any more."""
    begun = [one for one in await store.multipart.unfinished(UPLOADS_PREFIX) if one.begun_at + grace <= now]
    named = await _named(pool, [one.key for one in begun])
    abandoned = [one for one in begun if one.key not in named]
    for one in abandoned:
        await store.multipart.abort(one.key, one.upload_id)
    return len(abandoned)


async def _named(pool: Pool, owners: Collection[str]) -> set[str]:
    names = {name for owner in owners for name in covers(owner)}
    revisions = revisions_of(owners)
    rows = await pool.fetch(
        NAMED,
        list(names),
        [asset_id for asset_id, _ in revisions],
        [number for _, number in revisions],
        images_of(owners),
        withdrawals_of(owners),
    )
    return {row["name"] for row in rows}

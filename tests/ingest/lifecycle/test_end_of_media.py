"""The end of what was heard, with a real worker: audio that is replaced, and a track that is deleted."""

import asyncio
import hashlib
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import uuid4

import asyncpg
import pytest

from graph.catalog.deletion import delete_track
from graph.uploads import handover
from graph.uploads.records import Stored
from graph.viewer import Role, Viewer
from ingest.contract import Job
from ingest.lifecycle.housekeeping import sweep

PATIENCE_S = 120.0
LADDER = """
[[rung]]
name = "flac"
codec = "flac"
files = ["cmaf", "flac"]
"""
FILES = ("asset.json", "flac.flac", "flac.mp4", "loudness.blocks")


@pytest.fixture(autouse=True)
def small_ladder(queue: Any) -> None:
    queue.climb(LADDER)


@pytest.fixture
async def pool(queue: Any) -> AsyncIterator[asyncpg.Pool]:
    async with asyncpg.create_pool(queue.environment["SEGUE_POSTGRES_URL"], min_size=1, max_size=4) as opened:
        yield opened


async def promised(pool: asyncpg.Pool, first: Job, master: bytes) -> Stored:
    """A promise of another master of the same track."""
    upload = uuid4()
    await pool.execute(
        "INSERT INTO uploads (id, user_id, track_id, object_key, file_name, content_type, size_bytes, sha256,"
        " expires_at) SELECT $1, artist.owner_id, track.id, $2, 'b.wav', 'audio/wav', $3, $4,"
        " now() + interval '1 hour' FROM tracks AS track JOIN artists AS artist ON artist.id = track.artist_id"
        " WHERE track.asset_id = $5",
        *(upload, f"uploads/{upload}", len(master), hashlib.sha256(master).digest(), first.asset_id),
    )
    row = await pool.fetchrow("SELECT * FROM uploads WHERE id = $1", upload)
    return Stored(**{name: row[name] for name in Stored.__struct_fields__})


async def replace(queue: Any, pool: asyncpg.Pool, first: Job, master: bytes) -> None:
    upload = await promised(pool, first, master)
    await queue.store.write(upload.object_key, master, content_type="audio/wav")
    owner = Viewer(user_id=upload.user_id, role=Role.ARTIST, token_expires_at_s=0)
    async with pool.acquire() as connection, connection.transaction():
        assert await handover.keep(connection, owner, upload, back_catalogue=False) is not None


def files_of(job: Job, revision: int) -> set[str]:
    return {f"assets/{job.asset_id}/{revision}/{name}" for name in FILES}


async def test_replaced_audio_stays_until_nobody_can_be_hearing_it(
    queue: Any, pool: asyncpg.Pool, workers: Any, masters: Any
) -> None:
    job = await queue.add(masters.wav(masters.music(0.5)))
    workers.start(SEGUE_SWEEP_INTERVAL_S="0.1", SEGUE_SWEEP_GRACE_S="0.001", SEGUE_REMOVAL_DELAY_S="7200")
    await queue.final(job, limit_s=PATIENCE_S)
    await replace(queue, pool, job, masters.wav(masters.music(0.5, seed=2)))
    await queue.until(job, lambda row: (row["revision"], row["status"]) == (2, "ready"), PATIENCE_S)
    assert await pool.fetchval("SELECT count(*) FROM assets") == 1, "listeners get the new one"
    left = await pool.fetchval("SELECT due_at - now() FROM removals WHERE prefix LIKE 'assets/%'")
    assert timedelta(hours=1) < left <= timedelta(hours=2)
    await swept_again(pool)
    assert set(await queue.store.keys("assets/")) == files_of(job, 1) | files_of(job, 2)
    await pool.execute("UPDATE removals SET due_at = now()")
    async with asyncio.timeout(PATIENCE_S):
        while await pool.fetchval("SELECT count(*) FROM removals"):
            await asyncio.sleep(0.05)
    assert set(await queue.store.keys("")) == files_of(job, 2)


async def swept_again(pool: asyncpg.Pool) -> None:
    """Return once a worker has begun and ended another sweep."""
    begun = "SELECT begun_at FROM sweeps"
    async with asyncio.timeout(PATIENCE_S):
        for _ in range(2):
            last = await pool.fetchval(begun)
            while await pool.fetchval(begun) == last:
                await asyncio.sleep(0.05)


async def test_deleted_track_leaves_nothing_at_all(queue: Any, pool: asyncpg.Pool, workers: Any, masters: Any) -> None:
    """Renditions, whole files, blocks, features, the cover, a master in quarantine, one that is half sent."""
    job = await queue.add(masters.with_cover(masters.flac(masters.music(0.5))), file_name="master.flac")
    worker = workers.start()
    (row,) = await queue.final(job, limit_s=PATIENCE_S)
    await queue.drained(PATIENCE_S)
    worker.terminate()
    assert await asyncio.to_thread(worker.wait, PATIENCE_S) == 0
    await pool.execute("UPDATE tracks SET image_id = $1", row["proposed_image_id"])
    await replace(queue, pool, job, b"a later master")
    await pool.execute("UPDATE assets SET status = 'failed', failure_code = 'internal' WHERE revision = 2")
    await pool.execute(
        "INSERT INTO quarantined_jobs (asset_id, revision, job, fault) VALUES ($1, 2, '{}', '')", job.asset_id
    )
    half_sent = await promised(pool, job, b"one more")
    await queue.store.multipart.begin(half_sent.object_key, content_type="audio/wav")
    stored = set(await queue.store.keys(""))
    assert stored >= files_of(job, 1)
    assert any(key.startswith("images/") for key in stored)
    assert any(key.startswith("uploads/") for key in stored)
    track = await pool.fetchrow("SELECT t.id, owner_id FROM tracks AS t, artists AS a WHERE a.id = t.artist_id")
    viewer = Viewer(user_id=track["owner_id"], role=Role.ARTIST, token_expires_at_s=0)
    await delete_track(pool, viewer, track_id=track["id"], removal_delay=timedelta(hours=2))
    for days in (2, 4):
        await sweep(pool, queue.store, now=datetime.now(UTC) + timedelta(days=days), grace=timedelta(days=1))
    assert await queue.store.keys("") == []
    assert await queue.store.multipart.unfinished("uploads/") == []
    for table in ("assets", "uploads", "images", "track_features", "asset_renditions", "quarantined_jobs", "removals"):
        assert await pool.fetchval(f"SELECT count(*) FROM {table}") == 0, table  # noqa: S608 -- of this test

"""Housekeeping on real tables and a real store, under a clock that is an argument."""

import asyncio
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

import asyncpg
import pytest

from config.errors import ServiceUnavailable
from config.objects import open_store
from config.settings import ingest_settings
from config.valkey import open_valkey
from ingest.lifecycle import removals
from ingest.lifecycle.housekeeping import Rules, house_kept, sweep, tidy
from origin.layout import withdrawal_key

PROMISE = "INSERT INTO withdrawals (asset_id, withdrawn) VALUES ($1, true)"
GRACE = timedelta(days=1)
PATIENCE_S = 60.0
RULES = Rules(interval=timedelta(hours=1), grace=GRACE)
NEVER_COMPLETED = "UPDATE uploads SET completed_at = NULL, expires_at = $1"


@pytest.fixture
async def pool(queue: Any) -> AsyncIterator[asyncpg.Pool]:
    async with asyncpg.create_pool(queue.environment["SEGUE_POSTGRES_URL"], min_size=1, max_size=4) as opened:
        yield opened


def now() -> datetime:
    return datetime.now(UTC)


def later(delay: timedelta = 2 * GRACE) -> datetime:
    return now() + delay


async def put(queue: Any, *keys: str) -> None:
    for key in keys:
        await queue.store.write(key, b"x", content_type="audio/mp4")


async def everything(queue: Any) -> set[str]:
    return set(await queue.store.keys(""))


async def test_removal_is_worked_off_when_it_is_due_and_not_before(queue: Any, pool: Any) -> None:
    one, other = f"assets/{uuid4()}/1/", f"uploads/{uuid4()}"
    await put(queue, f"{one}a", f"{one}b", other, f"{other}0")
    async with pool.acquire() as connection:
        await removals.add(connection, one, delay=timedelta(hours=6))
        await removals.add(connection, other, delay=timedelta(0))
    assert await removals.work_off(pool, queue.store, now=now()) == 1
    assert await everything(queue) == {f"{one}a", f"{one}b", f"{other}0"}
    assert await removals.work_off(pool, queue.store, now=later(timedelta(hours=7))) == 1
    assert await everything(queue) == {f"{other}0"}
    assert await pool.fetchval("SELECT count(*) FROM removals") == 0


async def test_removal_that_was_interrupted_is_done_again(queue: Any, pool: Any, free_port: Any) -> None:
    key = f"uploads/{uuid4()}"
    await put(queue, key)
    async with pool.acquire() as connection:
        await removals.add(connection, key, delay=timedelta(0))
    away = {**queue.environment, "SEGUE_S3_ENDPOINT": f"http://127.0.0.1:{free_port()}"}
    async with open_store(ingest_settings(away).s3) as store:
        with pytest.raises(ServiceUnavailable):
            await removals.work_off(pool, store, now=now())
    assert await removals.work_off(pool, queue.store, now=now()) == 0, "nobody else takes it while it is leased"
    assert await removals.work_off(pool, queue.store, now=now() + removals.LEASED_FOR) == 1
    assert await everything(queue) == set()


async def test_removal_that_the_store_refuses_holds_up_no_other(
    queue: Any, pool: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    locked, other = f"uploads/{uuid4()}", f"uploads/{uuid4()}"
    await put(queue, locked, other)
    async with pool.acquire() as connection:
        for key in (locked, other):
            await removals.add(connection, key, delay=timedelta(0))
    delete = queue.store.delete

    async def refuse(key: str) -> None:
        if key == locked:
            raise ServiceUnavailable("S3", "AccessDenied")
        await delete(key)

    monkeypatch.setattr(queue.store, "delete", refuse)
    with pytest.raises(ServiceUnavailable):
        await removals.work_off(pool, queue.store, now=now())
    assert await removals.work_off(pool, queue.store, now=now()) == 1
    assert await everything(queue) == {locked}


async def test_log_of_jobs_is_forgotten_after_a_month(queue: Any, pool: Any) -> None:
    await queue.add(b"master")
    count = "SELECT count(*) FROM pgqueuer_log"
    await sweep(pool, queue.store, now=later(timedelta(days=29)), grace=GRACE)
    assert await pool.fetchval(count) == 1
    await sweep(pool, queue.store, now=later(timedelta(days=31)), grace=GRACE)
    assert await pool.fetchval(count) == 0


async def test_orphans_are_swept_and_nothing_that_is_named(queue: Any, pool: Any) -> None:
    kept = set()
    for status in ("queued", "processing", "ready", "failed"):
        job = await queue.add(b"master")
        failure = "'internal'" if status == "failed" else "NULL"
        await pool.execute(
            f"UPDATE assets SET status = '{status}', failure_code = {failure}, duration_ms = 1 WHERE asset_id = $1",  # noqa: S608 -- of this test
            job.asset_id,
        )
        directory = f"assets/{job.asset_id}/1/"
        await put(queue, f"{directory}asset.json")
        await pool.execute("UPDATE uploads SET completed_at = now() WHERE object_key = $1", job.upload_key)
        if status != "failed":
            kept.add(f"{directory}asset.json")
        if status in ("queued", "processing"):
            kept.add(job.upload_key)
    quarantined = await queue.add(b"master")
    await pool.execute(
        "UPDATE assets SET status = 'failed', failure_code = 'internal' WHERE asset_id = $1", quarantined.asset_id
    )
    await pool.execute(
        "INSERT INTO quarantined_jobs (asset_id, revision, job, fault) VALUES ($1, 1, '{}', '')", quarantined.asset_id
    )
    await put(
        queue, f"assets/{quarantined.asset_id}/1/flac.mp4", f"assets/{uuid4()}/1/asset.json", f"uploads/{uuid4()}"
    )
    kept |= {quarantined.upload_key, f"assets/{quarantined.asset_id}/1/flac.mp4"}
    promised = f"assets/{uuid4()}/"
    await put(queue, f"{promised}3/asset.json", "uploads/readme.txt", f"images/{uuid4()}/64.avif")
    async with pool.acquire() as connection:
        await removals.add(connection, promised, delay=timedelta(days=9))
    kept |= {f"{promised}3/asset.json", "uploads/readme.txt"}
    before = await everything(queue)
    await sweep(pool, queue.store, now=now(), grace=GRACE)
    assert await everything(queue) == before, "nothing is swept that was written just now"
    await sweep(pool, queue.store, now=later(), grace=GRACE)
    assert await everything(queue) == kept


async def test_marker_of_a_withdrawn_asset_stays_as_long_as_its_asset(queue: Any, pool: Any) -> None:
    job = await queue.add(b"master")
    promised, removed, gone = uuid4(), uuid4(), uuid4()
    await put(queue, *map(withdrawal_key, (job.asset_id, promised, removed, gone)), f"assets/{job.asset_id}/7/x")
    async with pool.acquire() as connection:
        await connection.execute(PROMISE, promised)
        await removals.add(connection, f"assets/{removed}/", delay=timedelta(days=9))
    await sweep(pool, queue.store, now=later(), grace=GRACE)
    assert await everything(queue) - {job.upload_key} == set(map(withdrawal_key, (job.asset_id, promised, removed)))


async def test_withdrawal_that_the_api_did_not_come_to_is_carried_out(queue: Any, pool: Any) -> None:
    asset_id = uuid4()
    await pool.execute(PROMISE, asset_id)
    settings = ingest_settings(queue.environment)
    async with open_valkey(settings.valkey) as valkey, house_kept(pool, queue.store, valkey, RULES):
        async with asyncio.timeout(PATIENCE_S):
            while await pool.fetchval("SELECT count(*) FROM withdrawals"):
                await asyncio.sleep(0.02)
    assert await everything(queue) == {withdrawal_key(asset_id)}


async def test_promise_that_nobody_kept_is_forgotten_with_its_object(queue: Any, pool: Any) -> None:
    job, expired = await queue.add(b"master"), now()
    await pool.execute("DELETE FROM assets")
    await pool.execute(NEVER_COMPLETED, expired)
    await sweep(pool, queue.store, now=expired + GRACE - timedelta(seconds=1), grace=GRACE)
    assert await everything(queue) == {job.upload_key}, "it may be renewed"
    await sweep(pool, queue.store, now=later(), grace=GRACE)
    assert await everything(queue) == set()
    assert await pool.fetchval("SELECT count(*) FROM uploads") == 0


async def test_parts_that_nobody_puts_together_are_given_back(queue: Any, pool: Any) -> None:
    job = await queue.add(b"master")
    await pool.execute(NEVER_COMPLETED, later(9 * GRACE))
    gone = f"uploads/{uuid4()}"
    for key in (job.upload_key, gone):
        await queue.store.multipart.begin(key, content_type="audio/wav")
    await sweep(pool, queue.store, now=now(), grace=GRACE)
    assert {one.key for one in await queue.store.multipart.unfinished("uploads/")} == {job.upload_key, gone}
    await sweep(pool, queue.store, now=later(), grace=GRACE)
    assert {one.key for one in await queue.store.multipart.unfinished("uploads/")} == {job.upload_key}


ADD_IMAGE = """
INSERT INTO images (id, owner_id, status, size_bytes, sha256, width_px, height_px, color, placeholder)
SELECT $1, id, 'ready', 1, sha256($2), 1, 1, '#000000', 'x' FROM users LIMIT 1
"""


async def test_image_that_nobody_shows_goes_and_shown_ones_stay(queue: Any, pool: Any) -> None:
    await queue.add(b"master")
    shown: dict[str, UUID] = {table: uuid4() for table in ("artists", "tracks", "assets")}
    alone = uuid4()
    for image in (*shown.values(), alone):
        await pool.execute(ADD_IMAGE, image, image.bytes)
        await put(queue, f"images/{image}/64.avif")
    await pool.execute("UPDATE artists SET image_id = $1", shown["artists"])
    await pool.execute("UPDATE tracks SET image_id = $1", shown["tracks"])
    await pool.execute("UPDATE assets SET proposed_image_id = $1", shown["assets"])
    await sweep(pool, queue.store, now=later(), grace=GRACE)
    assert f"images/{alone}/64.avif" in await everything(queue), "a page may show it still"
    await sweep(pool, queue.store, now=later(4 * GRACE), grace=GRACE)
    assert set(await queue.store.keys("images/")) == {f"images/{image}/64.avif" for image in shown.values()}
    assert await pool.fetchval("SELECT count(*) FROM images") == 3


async def test_one_worker_sweeps_in_an_interval(queue: Any, pool: Any) -> None:
    orphan = f"uploads/{uuid4()}"
    moment = later()
    await asyncio.gather(*(tidy(pool, queue.store, RULES, now=moment) for _ in range(3)))
    assert await pool.fetchval("SELECT begun_at FROM sweeps") == moment
    await put(queue, orphan)
    await tidy(pool, queue.store, RULES, now=moment + timedelta(minutes=59))
    assert orphan in await everything(queue)
    await tidy(pool, queue.store, RULES, now=moment + timedelta(minutes=60))
    assert orphan not in await everything(queue)


async def test_running_worker_keeps_house(queue: Any, workers: Any) -> None:
    orphan = f"uploads/{uuid4()}"
    await put(queue, orphan)
    workers.start(SEGUE_SWEEP_INTERVAL_S="0.5", SEGUE_SWEEP_GRACE_S="0.001")
    async with asyncio.timeout(90):
        while orphan in await everything(queue):
            await asyncio.sleep(0.1)

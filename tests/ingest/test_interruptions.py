"""Workers that die, drain or lose a server, and jobs that end while they run, on real PostgreSQL, Valkey and S3."""

import asyncio
import hashlib
import os
import signal
import time
from pathlib import Path
from typing import Any

import asyncpg
import pytest

from ingest.contract import (
    BACK_CATALOGUE,
    MAX_ATTEMPTS,
    TONIGHT,
    Status,
)
from ingest.jobs import quarantine
from ingest.jobs.handler import KILLED
from origin import layout
from tests.ingest.watcher import Watcher
from tests.processes import alive, children_of

LIMIT_S = 120.0

# The order in which jobs are begun.
COUNT_CLAIMS = """
CREATE TABLE claimed (place bigint GENERATED ALWAYS AS IDENTITY, asset_id uuid NOT NULL);
CREATE FUNCTION note_claim() RETURNS trigger AS $$
BEGIN INSERT INTO claimed (asset_id) VALUES (NEW.asset_id); RETURN NEW; END
$$ LANGUAGE plpgsql;
CREATE TRIGGER note_claim AFTER UPDATE ON assets FOR EACH ROW
    WHEN (NEW.status = 'processing' AND OLD.status = 'queued') EXECUTE FUNCTION note_claim();
"""


@pytest.mark.usefixtures("small")
async def test_killed_worker_s_job_is_finished_by_another(queue: Any, workers: Any, masters: Any) -> None:
    job = await queue.add(masters.wav(masters.music(1.0)))
    async with Watcher(queue.environment, job) as watcher:
        first = workers.start_faulty(place="encode", act="stand still")
        await queue.until(job, lambda row: row["stage"] == "encode")
        left = children_of(first.pid)
        assert left
        first.kill()
        first.wait()
        assert (await queue.row(job))["status"] == "processing"
        deadline = time.monotonic() + 60
        while any(alive(pid) for pid in left):
            assert time.monotonic() < deadline, "children of the killed worker go on"
            await asyncio.sleep(0.02)
        scratch = Path(queue.environment["SEGUE_SCRATCH"])
        (dead,) = scratch.iterdir()
        # As if it had been killed while it published.
        half = layout.track_file_key(job.asset_id, 1, "aac-320")
        await queue.store.write(half, b"half", content_type="audio/mp4")
        workers.start()
        (row,) = await queue.final(job)
    assert (row["status"], row["attempts"]) == ("ready", 2), workers.logs()
    assert [event.status for event in watcher.events].count(Status.READY) == 1, workers.logs()
    fractions = [event.fraction for event in watcher.events]
    assert fractions == sorted(fractions)
    assert not dead.exists()
    assert len(await queue.keys_of(job.asset_id)) == 5
    whole = (await queue.descriptor(job)).rendition("aac-320")
    assert hashlib.sha256(await queue.store.read(half)).hexdigest() == whole.sha256


@pytest.mark.usefixtures("small")
async def test_worker_that_comes_back_from_the_dead_changes_nothing(queue: Any, workers: Any, masters: Any) -> None:
    job = await queue.add(masters.wav(masters.music(1.0)))
    async with Watcher(queue.environment, job) as watcher:
        # It takes no job of the second one, whose heartbeats may be late.
        first = workers.start_faulty(place="encode", act="stand still", SEGUE_INGEST_HEARTBEAT_TIMEOUT_S="600")
        await queue.until(job, lambda row: row["stage"] == "encode")
        first.send_signal(signal.SIGSTOP)
        workers.start()
        await queue.until(job, lambda row: row["attempts"] == 2)
        workers.let_go_on()
        first.send_signal(signal.SIGCONT)
        (row,) = await queue.final(job)
        first.terminate()
        assert first.wait(60) == 0
    assert (row["status"], row["attempts"]) == ("ready", 2), workers.logs()
    assert [event.status for event in watcher.events].count(Status.READY) == 1, workers.logs()
    assert await queue.descriptor(job)


@pytest.mark.usefixtures("small")
async def test_job_that_killed_three_workers_is_quarantined(queue: Any, workers: Any, masters: Any) -> None:
    job = await queue.add(masters.wav(masters.tone(1.0)))
    await queue.connection.execute("UPDATE assets SET status = 'processing', attempts = 3")
    workers.start()
    (row,) = await queue.final(job)
    assert (row["status"], row["failure_code"]) == ("failed", "internal")
    await queue.drained()
    assert await queue.store.keys("uploads/") == [job.upload_key]
    async with asyncpg.create_pool(queue.environment["SEGUE_POSTGRES_URL"], min_size=1, max_size=1) as pool:
        (entry,) = await quarantine.unfinished(pool)
        assert (entry.state, entry.fault) == ("quarantined", KILLED)
        await quarantine.retry(pool, entry.handle)
    row = await queue.until(job, lambda row: row["status"] == "ready")
    assert (row["failure_code"], row["attempts"]) == (None, 1), workers.logs()


@pytest.mark.usefixtures("small")
async def test_closing_that_was_begun_is_finished_with_the_same_code(queue: Any, workers: Any, masters: Any) -> None:
    """The first worker died, or lost sight of PostgreSQL, after it had removed the upload."""
    job = await queue.add(masters.wav(masters.tone(1.0)))
    await queue.store.delete(job.upload_key)
    await queue.connection.execute("UPDATE assets SET status = 'processing', attempts = 1, verdict = 'truncated'")
    workers.start()
    (row,) = await queue.final(job)
    assert (row["status"], row["failure_code"]) == ("failed", "truncated")


@pytest.mark.usefixtures("small")
async def test_job_that_is_over_is_dropped_quietly(queue: Any, workers: Any, masters: Any) -> None:
    job = await queue.add(masters.wav(masters.tone(1.0)))
    await queue.connection.execute("UPDATE assets SET status = 'ready', duration_ms = 1000, attempts = 1")
    worker = workers.start()
    await queue.drained()
    worker.terminate()
    worker.wait(60)
    row = await queue.row(job)
    assert (row["status"], row["attempts"], row["duration_ms"]) == ("ready", 1, 1000)
    assert await queue.nothing_stored(job)


@pytest.mark.usefixtures("small")
async def test_job_of_a_deleted_track_leaves_nothing(queue: Any, workers: Any, masters: Any) -> None:
    job = await queue.add(masters.wav(masters.tone(1.0)))
    await queue.store.write(layout.track_file_key(job.asset_id, 1, "flac"), b"half", content_type="audio/mp4")
    await queue.connection.execute("DELETE FROM tracks")
    workers.start()
    await queue.drained()
    assert await queue.nothing_stored(job)


@pytest.mark.usefixtures("small")
async def test_track_that_is_deleted_on_the_way_leaves_nothing(queue: Any, workers: Any, masters: Any) -> None:
    job = await queue.add(masters.wav(masters.music(1.0)))
    workers.start_faulty(place="encode", act="stand still")
    await queue.until(job, lambda row: row["stage"] == "encode")
    await queue.connection.execute("DELETE FROM tracks")
    workers.let_go_on()
    await queue.drained()
    assert await queue.nothing_stored(job)
    assert '"superseded"' in workers.logs(), workers.logs()


@pytest.mark.usefixtures("small")
async def test_lost_connections_to_postgresql_cost_nothing(queue: Any, workers: Any, masters: Any) -> None:
    """The running job ends, and the worker goes on to the next one."""
    running, later = [await queue.add(masters.wav(masters.music(1.0, seed=seed))) for seed in (1, 2)]
    async with Watcher(queue.environment, running) as watcher:
        workers.start_faulty(place="encode", act="stand still", SEGUE_INGEST_CONCURRENCY="1")
        await queue.until(running, lambda row: row["stage"] == "encode")
        await queue.connection.execute(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
            " WHERE datname = current_database() AND pid <> pg_backend_pid()"
        )
        workers.let_go_on()
        rows = await queue.final(running, later)
        await queue.drained()
    assert [(row["status"], row["attempts"]) for row in rows] == [("ready", 1), ("ready", 1)], workers.logs()
    assert [event.status for event in watcher.events].count(Status.READY) == 1, workers.logs()
    assert await queue.store.keys("uploads/") == []


@pytest.mark.usefixtures("small")
async def test_absent_store_is_waited_for(queue: Any, workers: Any, masters: Any, free_port: Any) -> None:
    job = await queue.add(masters.wav(masters.tone(1.0)))
    blind = workers.start(SEGUE_S3_ENDPOINT=f"http://127.0.0.1:{free_port()}")
    await queue.until(job, lambda row: (row["status"], row["attempts"]) == ("processing", 0))
    blind.terminate()
    blind.wait(60)
    workers.start()
    (row,) = await queue.final(job)
    assert (row["status"], row["attempts"]) == ("ready", 1)


@pytest.mark.usefixtures("small")
async def test_nobody_listening_is_no_reason_to_fail(queue: Any, workers: Any, masters: Any, free_port: Any) -> None:
    job = await queue.add(masters.wav(masters.tone(1.0)))
    workers.start(SEGUE_VALKEY_URL=f"redis://127.0.0.1:{free_port()}/0")
    (row,) = await queue.final(job)
    assert (row["status"], row["attempts"]) == ("ready", 1), workers.logs()


@pytest.mark.usefixtures("small")
async def test_sigterm_drains(queue: Any, workers: Any, masters: Any) -> None:
    running, waiting = [await queue.add(masters.wav(masters.music(1.0, seed=seed))) for seed in (1, 2)]
    worker = workers.start_faulty(place="encode", act="stand still", SEGUE_INGEST_CONCURRENCY="1")
    await queue.until(running, lambda row: row["stage"] == "encode")
    worker.terminate()
    await workers.logged("running jobs are brought to their end")
    workers.let_go_on()
    assert worker.wait(60) == 0, workers.logs()
    assert (await queue.row(running))["status"] == "ready"
    assert (await queue.row(waiting))["status"] == "queued"
    assert list(Path(queue.environment["SEGUE_SCRATCH"]).iterdir()) == []


@pytest.mark.usefixtures("small")
async def test_worker_that_is_killed_while_it_drains_costs_no_attempt(queue: Any, workers: Any, masters: Any) -> None:
    """Whoever stops a worker may have less patience than a long job takes, and may stop it as often as it likes."""
    job = await queue.add(masters.wav(masters.music(1.0)))
    for claims in range(1, MAX_ATTEMPTS + 1):
        worker = workers.start_faulty(place="encode", act="stand still")
        await queue.until(job, lambda row, claims=claims: (row["claims"], row["stage"]) == (claims, "encode"))
        worker.terminate()
        await queue.until(job, lambda row: row["attempts"] == 0)
        worker.kill()
        worker.wait()
    workers.start()
    (row,) = await queue.final(job)
    assert (row["status"], row["attempts"], row["claims"]) == ("ready", 1, MAX_ATTEMPTS + 1), workers.logs()


@pytest.mark.usefixtures("small")
@pytest.mark.parametrize(
    ("setting", "concurrency"),
    [
        pytest.param("1", 1, id="one"),
        pytest.param("3", 3, id="three"),
        pytest.param("0", len(os.sched_getaffinity(0)), id="as many as there are cores"),
    ],
)
async def test_worker_takes_as_many_jobs_at_once_as_it_may(
    queue: Any, workers: Any, masters: Any, setting: str, concurrency: int
) -> None:
    jobs = [await queue.add(masters.wav(masters.music(0.3, seed=seed))) for seed in range(concurrency + 1)]
    # The queue hears of an ended job a little later, so its own count may be one ahead.
    running = "SELECT count(*) FROM assets WHERE status = 'processing'"
    workers.start_faulty(place="fetch", act="stand still", SEGUE_INGEST_CONCURRENCY=setting)
    most = 0
    async with asyncio.timeout(LIMIT_S):
        while {row["status"] for row in [await queue.row(job) for job in jobs]} != {"ready"}:
            most = max(most, await queue.connection.fetchval(running))
            if most >= concurrency:
                workers.let_go_on()
            await asyncio.sleep(0.02)
    assert most == concurrency


@pytest.mark.usefixtures("small")
async def test_release_of_tonight_overtakes_a_back_catalogue(queue: Any, workers: Any, masters: Any) -> None:
    await queue.connection.execute(COUNT_CLAIMS)
    master = masters.wav(masters.tone(0.1))
    old = [await queue.add(master, urgency=BACK_CATALOGUE) for _ in range(5)]
    workers.start_faulty(place="fetch", act="stand still", SEGUE_INGEST_CONCURRENCY="1")
    await queue.until(old[0], lambda row: row["stage"] == "fetch")
    tonight = await queue.add(master, urgency=TONIGHT)
    workers.let_go_on()
    await queue.final(*old, tonight)
    order = [row["asset_id"] for row in await queue.connection.fetch("SELECT asset_id FROM claimed ORDER BY place")]
    assert order == [job.asset_id for job in (old[0], tonight, *old[1:])]


async def test_worker_without_postgresql_says_so_and_ends(workers: Any, tmp_path: Path, free_port: Any) -> None:
    worker = workers.start(SEGUE_POSTGRES_URL=f"postgresql://nobody@127.0.0.1:{free_port()}/x")
    assert worker.wait(LIMIT_S) == 1
    assert "PostgreSQL did not answer" in workers.logs()
    assert list((tmp_path / "scratch").iterdir()) == []

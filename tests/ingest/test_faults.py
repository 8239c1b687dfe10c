"""What dies, stops or fills up while jobs run, on real servers: tracks end ready, once, and leave nothing over."""

import asyncio
import os
import signal
import subprocess
import sys
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager, suppress
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import asyncpg
import pytest

from appliance import home as homes
from appliance import prepare
from appliance.embedded import postgres
from config.migrate import load, migrate
from ingest.contract import Job
from ingest.jobs import quarantine
from ingest.lifecycle.housekeeping import sweep
from tests.processes import children_of

PATIENCE_S = 300.0
LADDER = """
[[rung]]
name = "aac-96"
codec = "aac"
bandwidth_bps = 96000
files = ["cmaf", "m4a"]

[[rung]]
name = "flac"
codec = "flac"
files = ["cmaf"]
"""
FILES = {"aac-96.mp4", "aac-96.m4a", "flac.mp4", "loudness.blocks", "asset.json"}

STAGES = ("fetch", "decode", "measure", "encode", "publish")
BOUNDARIES = (*STAGES, "a rung is stored", "the descriptor is written", "the row is ready")

# How often each revision became ready, whatever the row says at the end.
COUNT_READY = """
CREATE TABLE became_ready (asset_id uuid NOT NULL);
CREATE FUNCTION note_ready() RETURNS trigger AS $$
BEGIN INSERT INTO became_ready VALUES (NEW.asset_id); RETURN NEW; END
$$ LANGUAGE plpgsql;
CREATE TRIGGER note_ready AFTER UPDATE ON assets FOR EACH ROW
    WHEN (NEW.status = 'ready' AND OLD.status <> 'ready') EXECUTE FUNCTION note_ready();
"""


@pytest.fixture(autouse=True)
def small_ladder(queue: Any) -> None:
    queue.climb(LADDER)


async def became_ready(queue: Any) -> dict[str, int]:
    rows = await queue.connection.fetch("SELECT asset_id, count(*) AS times FROM became_ready GROUP BY asset_id")
    return {row["asset_id"]: row["times"] for row in rows}


async def left_after_the_sweep(queue: Any) -> set[str]:
    """Every object, once all that may be swept is swept."""
    async with asyncpg.create_pool(queue.environment["SEGUE_POSTGRES_URL"], min_size=1, max_size=2) as pool:
        await sweep(pool, queue.store, now=datetime.now(UTC) + timedelta(days=9), grace=timedelta(days=1))
    return set(await queue.store.keys(""))


def files_of(*jobs: Job) -> set[str]:
    return {f"assets/{job.asset_id}/1/{name}" for job in jobs for name in FILES}


async def test_worker_may_be_killed_at_every_boundary(queue: Any, workers: Any, masters: Any) -> None:
    await queue.connection.execute(COUNT_READY)
    jobs = [await queue.add(masters.wav(masters.music(1.0, seed=seed))) for seed in range(len(BOUNDARIES))]
    # Each takes one fresh job, and none a job of those that died before it.
    alone = {"SEGUE_INGEST_CONCURRENCY": "1", "SEGUE_INGEST_HEARTBEAT_TIMEOUT_S": "600"}
    dying = [workers.start_faulty(place=boundary, **alone) for boundary in BOUNDARIES]
    for process, boundary in zip(dying, BOUNDARIES, strict=True):
        status = await asyncio.to_thread(process.wait, PATIENCE_S)
        assert status == -signal.SIGKILL, (boundary, workers.logs())
    workers.start()
    rows = await queue.final(*jobs, limit_s=PATIENCE_S)
    await queue.drained(PATIENCE_S)
    assert sorted((row["status"], row["attempts"]) for row in rows) == [
        ("ready", 1),  # the row was ready when its worker died
        *[("ready", 2)] * (len(BOUNDARIES) - 1),
    ], workers.logs()
    assert await became_ready(queue) == {job.asset_id: 1 for job in jobs}
    assert await left_after_the_sweep(queue) == files_of(*jobs)


async def test_picture_that_a_killed_worker_offered_is_offered_again(queue: Any, workers: Any, masters: Any) -> None:
    job = await queue.add(masters.with_cover(masters.flac(masters.music(0.5))), file_name="master.flac")
    first = workers.start_faulty(place="the picture is offered")
    assert await asyncio.to_thread(first.wait, PATIENCE_S) == -signal.SIGKILL, workers.logs()
    assert len(await queue.store.keys("images/")) == 1
    workers.start()
    (row,) = await queue.final(job, limit_s=PATIENCE_S)
    await queue.drained(PATIENCE_S)
    assert (row["status"], row["attempts"]) == ("ready", 2), workers.logs()
    left = await left_after_the_sweep(queue)
    shown = {key for key in left if key.startswith(f"images/{row['proposed_image_id']}/")}
    assert left - shown == files_of(job)
    assert {key.rpartition(".")[2] for key in shown} == {"avif", "webp", "jpeg", "json"}, workers.logs()


async def test_next_attempt_encodes_only_what_is_missing(queue: Any, workers: Any, masters: Any) -> None:
    job = await queue.add(masters.wav(masters.music(1.0)))
    first = workers.start_faulty(place="a rung is stored")
    await asyncio.to_thread(first.wait, PATIENCE_S)
    kept = {row["rung"] for row in await queue.connection.fetch("SELECT rung FROM asset_renditions")}
    assert len(kept) == 1, workers.logs()
    written = await times(queue, job)
    workers.start()
    (row,) = await queue.final(job, limit_s=PATIENCE_S)
    assert (row["status"], row["attempts"]) == ("ready", 2), workers.logs()
    after = await times(queue, job)
    whole = {name: at for name, at in written.items() if name.rpartition("/")[2].partition(".")[0] in kept}
    assert whole
    assert {name: after[name] for name in whole} == whole
    assert set(after) == files_of(job)


async def times(queue: Any, job: Job) -> dict[str, datetime]:
    pages = [page async for page in queue.store.listing(f"assets/{job.asset_id}/")]
    return {one.key: one.modified_at for page in pages for one in page}


async def test_job_that_fails_three_times_is_quarantined_and_goes_on_when_it_is_retried(
    queue: Any, workers: Any, masters: Any
) -> None:
    job = await queue.add(masters.wav(masters.music(0.5)))
    worker = workers.start_faulty(place="publish", act="fail")
    (row,) = await queue.final(job, limit_s=PATIENCE_S)
    await queue.drained(PATIENCE_S)
    worker.terminate()
    assert await asyncio.to_thread(worker.wait, PATIENCE_S) == 0
    assert (row["status"], row["failure_code"], row["attempts"]) == ("failed", "internal", 3), workers.logs()
    assert job.upload_key in await left_after_the_sweep(queue), "what we fail is kept"
    async with asyncpg.create_pool(queue.environment["SEGUE_POSTGRES_URL"], min_size=1, max_size=1) as pool:
        (entry,) = await quarantine.unfinished(pool)
        assert (entry.state, entry.fault) == ("quarantined", "a bug")
        await quarantine.retry(pool, entry.handle)
    workers.start()
    row = await queue.until(job, lambda row: row["status"] == "ready", PATIENCE_S)
    await queue.drained(PATIENCE_S)
    assert (row["failure_code"], row["attempts"]) == (None, 1), workers.logs()
    assert await left_after_the_sweep(queue) == files_of(job)


async def test_two_workers_race_for_one_job(queue: Any, workers: Any, masters: Any) -> None:
    await queue.connection.execute(COUNT_READY)
    job = await queue.add(masters.wav(masters.music(3.0)))
    await queue.enqueue(job)
    for _ in range(2):
        workers.start(SEGUE_INGEST_CONCURRENCY="1")
    (row,) = await queue.final(job, limit_s=PATIENCE_S)
    await queue.drained(PATIENCE_S)
    assert row["status"] == "ready", workers.logs()
    assert await became_ready(queue) == {job.asset_id: 1}
    assert await left_after_the_sweep(queue) == files_of(job)


class Gate:
    """A relay to the object store that can refuse everybody, or let them in and stand still."""

    def __init__(self, port: int) -> None:
        self._port = port
        self._open = True
        self._stalls = False
        self._tasks: set[asyncio.Task[None]] = set()
        self._writers: set[asyncio.StreamWriter] = set()

    async def handle(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._writers.add(writer)
        with suppress(OSError, asyncio.CancelledError):
            if not self._open and not self._stalls:
                writer.transport.abort()
                return
            there = await asyncio.open_connection("127.0.0.1", self._port)
            self._writers.add(there[1])
            await asyncio.gather(self._relay(reader, there[1]), self._relay(there[0], writer))

    async def _relay(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with suppress(OSError):
            while data := await reader.read(65536):
                while self._stalls:
                    await asyncio.sleep(0.05)
                writer.write(data)
                await writer.drain()
            writer.close()

    def refuse(self) -> None:
        self._open = False
        for writer in self._writers:
            writer.transport.abort()

    def stall(self) -> None:
        self._open, self._stalls = False, True

    def let_through(self) -> None:
        self._open, self._stalls = True, False
        for writer in self._writers:
            writer.transport.abort()  # what stood still would come late


@asynccontextmanager
async def gate_to(endpoint: str) -> AsyncIterator[tuple[Gate, str]]:
    gate = Gate(int(endpoint.rpartition(":")[2]))
    server = await asyncio.start_server(gate.handle, "127.0.0.1", 0)
    try:
        yield gate, f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"
    finally:
        gate.refuse()
        server.close()
        await asyncio.sleep(0.1)


@pytest.mark.parametrize("fault", ["refuse", "stall"])
async def test_store_that_goes_away_in_mid_job_is_waited_for(
    queue: Any, workers: Any, masters: Any, fault: str
) -> None:
    await queue.connection.execute(COUNT_READY)
    job = await queue.add(masters.wav(masters.music(1.0)))
    async with gate_to(queue.environment["SEGUE_S3_ENDPOINT"]) as (gate, url):
        workers.start_faulty(place="encode", act="stand still", s3_timeout_s=1.0, SEGUE_S3_ENDPOINT=url)
        await queue.until(job, lambda row: row["stage"] == "encode", PATIENCE_S)
        getattr(gate, fault)()
        workers.let_go_on()
        await workers.logged('"an attempt failed"', PATIENCE_S)
        row = await queue.row(job)
        assert row["status"] == "processing", workers.logs()
        gate.let_through()
        (row,) = await queue.final(job, limit_s=PATIENCE_S)
        await queue.drained(PATIENCE_S)
    assert (row["status"], row["attempts"]) == ("ready", 1), workers.logs()
    assert await became_ready(queue) == {job.asset_id: 1}
    assert await left_after_the_sweep(queue) == files_of(job)


@pytest.fixture
def own_postgres(tmp_path: Path) -> Callable[[], Any]:
    """A PostgreSQL of this test's own, which it may restart; gives its address and a way to start and to stop it."""
    from tests.conftest import _postgres  # noqa: PLC0415 -- pytest loads it by its path; nobody else starts servers

    home = homes.open_home(tmp_path / "own")
    held = prepare.make_folders(home)
    url = postgres.url(
        home.socket_folder, role=postgres.ROLE, password=held.postgres_password, database=postgres.DATABASE
    )
    return lambda: (url, _postgres(home, held))


async def test_postgresql_may_be_restarted_in_mid_job(
    queue: Any, workers: Any, masters: Any, own_postgres: Any
) -> None:
    url, server = own_postgres()
    await asyncio.to_thread(server.__enter__)
    await migrate(url, load())
    connection = await asyncpg.connect(url)
    conftest = sys.modules[type(queue).__module__]
    await connection.execute(conftest.ANNOUNCE)
    await connection.execute(COUNT_READY)
    environment = {**queue.environment, "SEGUE_POSTGRES_URL": url}
    mine = type(queue)(environment, connection, queue.store)
    job = await mine.add(masters.wav(masters.music(1.0)))
    worker = workers.start_faulty(place="encode", act="stand still", SEGUE_POSTGRES_URL=url)
    await mine.until(job, lambda row: row["stage"] == "encode", PATIENCE_S)
    await connection.close()
    await asyncio.to_thread(server.__exit__, None, None, None)
    workers.let_go_on()
    await workers.logged('"an attempt failed"', PATIENCE_S)
    _, again = own_postgres()
    await asyncio.to_thread(again.__enter__)
    try:
        mine = type(queue)(environment, await asyncpg.connect(url), queue.store)
        (row,) = await mine.final(job, limit_s=PATIENCE_S)
        await mine.drained(PATIENCE_S)
        assert row["status"] == "ready", workers.logs()
        assert await became_ready(mine) == {job.asset_id: 1}
        assert await left_after_the_sweep(mine) == files_of(job)
        await mine.connection.close()
        worker.kill()
        worker.wait()
    finally:
        await asyncio.to_thread(again.__exit__, None, None, None)


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Callable[[str], Path]]:
    """A folder on a file system of its own, and a way to make it larger."""
    folder = tmp_path / "disk"
    folder.mkdir()

    def sized(size: str, *options: str) -> Path:
        done = subprocess.run(
            ["mount", "-t", "tmpfs", "-o", ",".join([f"size={size}", *options]), "tmpfs", str(folder)],
            check=False,
            capture_output=True,
        )
        if done.returncode:
            pytest.skip(f"a file system of its own cannot be mounted here: {done.stderr.decode().strip()}")
        return folder

    if os.geteuid() != 0:
        pytest.skip("only the superuser mounts a file system of its own")
    yield sized
    subprocess.run(["umount", "-l", str(folder)], check=False, capture_output=True)


async def test_full_scratch_disk_is_waited_for(
    queue: Any, workers: Any, masters: Any, small_disk: Callable[..., Path]
) -> None:
    scratch = small_disk("300k")
    await queue.connection.execute(COUNT_READY)
    job = await queue.add(masters.wav(masters.music(2.0)))
    workers.start_faulty(SEGUE_SCRATCH=str(scratch))
    await workers.logged("the scratch folder is full", PATIENCE_S)
    assert (await queue.row(job))["status"] == "processing"
    small_disk("200m", "remount")
    (row,) = await queue.final(job, limit_s=PATIENCE_S)
    await queue.drained(PATIENCE_S)
    assert (row["status"], row["attempts"]) == ("ready", 1), workers.logs()
    assert await became_ready(queue) == {job.asset_id: 1}
    assert await left_after_the_sweep(queue) == files_of(job)


def resident_kib(pid: int) -> int:
    text = Path(f"/proc/{pid}/status").read_text()
    return int(text.partition("VmRSS:")[2].split()[0])


JOBS = 200
JOBS_PATIENCE_S = 1200.0
"""For a quarter of them."""

GROWTH_KIB = 16 * 1024
"""Of the last hundred jobs. Measured: 1.5 MiB for the worker and 7 for its children."""


async def test_memory_stays_flat_over_many_jobs(queue: Any, workers: Any, masters: Any) -> None:
    master = masters.wav(masters.music(0.3))
    worker = workers.start()
    used = []
    for _ in range(4):
        jobs = [await queue.add(master) for _ in range(JOBS // 4)]
        rows = await queue.final(*jobs, limit_s=JOBS_PATIENCE_S)
        assert {row["status"] for row in rows} == {"ready"}, workers.logs()
        await queue.drained(PATIENCE_S)
        used.append(await held_kib(worker.pid))
    # The first quarter fills caches and loads what is loaded when it is needed.
    for process in (0, 1):
        assert used[-1][process] - used[1][process] < GROWTH_KIB, used


async def held_kib(pid: int) -> tuple[int, int]:
    """What a worker and its children hold, at the lowest of a second: a child of the last job may still be ending."""
    looks = []
    for _ in range(10):
        children = children_of(pid)
        with suppress(OSError, IndexError):  # one ended between two looks
            looks.append((resident_kib(pid), sum(resident_kib(child) for child in children)))
        await asyncio.sleep(0.1)
    return min(own for own, _ in looks), min(theirs for _, theirs in looks)

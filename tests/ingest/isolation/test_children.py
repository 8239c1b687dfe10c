"""Child processes: answers, limits, crashes, and that none outlives its worker."""

import asyncio
import hashlib
import os
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import msgspec
import pytest

import ingest.isolation.children
from ingest.containers.sniff import sniff
from ingest.contract import FailureCode
from ingest.errors import ChildDied, IngestFault, MediaError, NoRoom
from ingest.isolation.children import Child, Pool, child, pool
from ingest.isolation.messages import Limits
from ingest.pcm import PcmInfo, SampleForm
from ingest.pipeline import CHILD_LIMITS
from ingest.tasks import Decode, Measure
from tests.processes import alive

ROOT = Path(__file__).parents[3]
INFO = PcmInfo(sample_rate_hz=48_000, positions=("FL", "FR"), form=SampleForm.S16, stored_bits=16, sample_count=48_000)


async def ignore(_fraction: float) -> None:
    pass


def decoding(data: bytes, folder: Path) -> Decode:
    (folder / "upload").write_bytes(data)
    return Decode(path=str(folder / "upload"), header=sniff(data), pcm_path=str(folder / "master.pcm"))


def measuring(folder: Path, name: str = "master.pcm", seconds: int = 1) -> Measure:
    (folder / name).write_bytes(b"\x01" * (48_000 * 4 * seconds))
    blocks = str(folder / "loudness.blocks")
    return Measure(pcm_path=str(folder / name), info=INFO, lossless_container=True, blocks_path=blocks)


def endless(folder: Path) -> Measure:
    """A task that no machine is too fast for."""
    return msgspec.structs.replace(measuring(folder), pcm_path="/dev/zero")


def children() -> set[str]:
    """Of this process, from whichever of its threads."""
    lists = Path(f"/proc/{os.getpid()}/task").glob("*/children")
    return {pid for one in lists for pid in one.read_text().split()}


async def test_child_does_one_task_after_another(tmp_path: Path) -> None:
    async with child(CHILD_LIMITS, tmp_path) as started:
        for seconds in (1, 2):
            task = measuring(tmp_path, seconds=seconds)
            measured = await started.run(task, ignore)
            assert measured.pcm_sha256 == hashlib.sha256(Path(task.pcm_path).read_bytes()).hexdigest()
    with pytest.raises(ProcessLookupError):
        os.kill(started.pid, 0)


async def test_fault_of_the_master_comes_back_as_such(masters: Any, tmp_path: Path) -> None:
    data = masters.flac(masters.music(2.0, 44_100))
    async with child(CHILD_LIMITS, tmp_path) as started:
        with pytest.raises(MediaError) as caught:
            await started.run(decoding(data[: len(data) // 2], tmp_path), ignore)
    assert caught.value.failure is FailureCode.TRUNCATED


async def test_fault_of_ours_comes_back_as_such(tmp_path: Path) -> None:
    async with child(CHILD_LIMITS, tmp_path) as started:
        with pytest.raises(IngestFault, match="FileNotFoundError"):
            await started.run(msgspec.structs.replace(measuring(tmp_path), pcm_path="gone"), ignore)


async def test_decoder_gets_no_more_memory_than_its_limit(masters: Any, tmp_path: Path) -> None:
    async with child(Limits(memory_bytes=64 * 1024**2), tmp_path) as started:
        with pytest.raises((MediaError, IngestFault)) as caught:
            await started.run(decoding(masters.wav(masters.tone(1.0)), tmp_path), ignore)
    assert not isinstance(caught.value, MediaError) or caught.value.failure is FailureCode.RESOURCE_LIMIT


async def test_child_gets_no_more_processor_time_than_its_limit(tmp_path: Path) -> None:
    async with child(Limits(memory_bytes=4 * 1024**3, cpu_s=1, wall_s=300), tmp_path) as started:
        with pytest.raises(MediaError, match="processor time") as caught:
            await started.run(endless(tmp_path), ignore)
    assert caught.value.failure is FailureCode.RESOURCE_LIMIT


async def test_decoder_writes_no_larger_file_than_its_limit(masters: Any, tmp_path: Path) -> None:
    async with child(Limits(memory_bytes=2 * 1024**3, file_bytes=100_000), tmp_path) as started:
        with pytest.raises(MediaError) as caught:
            await started.run(decoding(masters.wav(masters.tone(1.0)), tmp_path), ignore)
    assert caught.value.failure is FailureCode.RESOURCE_LIMIT


async def test_full_disk_is_told_from_a_bug(masters: Any, tmp_path: Path) -> None:
    task = msgspec.structs.replace(decoding(masters.wav(masters.tone(1.0)), tmp_path), pcm_path="/dev/full")
    async with child(CHILD_LIMITS, tmp_path) as started:
        with pytest.raises(NoRoom):
            await started.run(task, ignore)


async def begun(started: Child | Pool, task: Measure) -> asyncio.Task[Any]:
    """The task, once a child is in the middle of it."""
    at_work = asyncio.Event()

    async def watch(_fraction: float) -> None:
        at_work.set()

    running = asyncio.create_task(started.run(task, watch))
    await at_work.wait()
    return running


async def test_child_that_is_killed_is_told_by_its_signal(tmp_path: Path) -> None:
    async with child(CHILD_LIMITS, tmp_path) as started:
        running = await begun(started, endless(tmp_path))
        os.kill(started.pid, signal.SIGKILL)
        with pytest.raises(ChildDied, match="SIGKILL"):
            await running


async def test_cancelled_task_ends_its_child(tmp_path: Path) -> None:
    async with child(CHILD_LIMITS, tmp_path) as started:
        running = await begun(started, endless(tmp_path))
        running.cancel()
        with pytest.raises(asyncio.CancelledError):
            await running
    assert started._process.returncode == -signal.SIGKILL  # it was not left to finish


async def test_child_inherits_no_setting(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SEGUE_S3_SECRET_KEY", "hidden")
    async with child(CHILD_LIMITS, tmp_path) as started:
        await started.run(measuring(tmp_path), ignore)
        assert b"SEGUE" not in Path(f"/proc/{started.pid}/environ").read_bytes()


async def test_progress_of_a_task_is_heard(tmp_path: Path) -> None:
    heard: list[float] = []
    enough = asyncio.Event()

    async def watch(fraction: float) -> None:
        heard.append(fraction)
        if len(heard) == 3:
            enough.set()

    async with child(CHILD_LIMITS, tmp_path) as started:
        running = asyncio.create_task(started.run(endless(tmp_path), watch))
        await enough.wait()
        running.cancel()
        with pytest.raises(asyncio.CancelledError):
            await running
    assert heard == sorted(heard)


async def test_pool_shares_its_children(tmp_path: Path) -> None:
    tasks = [measuring(tmp_path, f"{seconds}.pcm", seconds) for seconds in (1, 2, 3, 4, 5)]
    before = children()
    async with pool(2, CHILD_LIMITS, tmp_path) as shared:
        assert children() <= before
        figures = await asyncio.gather(*(shared.run(task, ignore) for task in tasks))
        assert len(children() - before) == 2
    assert [one.pcm_sha256 for one in figures] == [
        hashlib.sha256(Path(task.pcm_path).read_bytes()).hexdigest() for task in tasks
    ]
    assert children() <= before


async def test_pool_replaces_a_child_that_died(tmp_path: Path) -> None:
    before = children()
    async with pool(1, CHILD_LIMITS, tmp_path) as shared:
        await shared.run(measuring(tmp_path), ignore)
        (idle,) = children() - before
        os.kill(int(idle), signal.SIGKILL)
        while shared._idle[0].alive:  # the system knows a little sooner than the loop is told
            await asyncio.sleep(0.02)
        await shared.run(measuring(tmp_path), ignore)
        running = await begun(shared, endless(tmp_path))
        (busy,) = children() - before
        os.kill(int(busy), signal.SIGKILL)
        with pytest.raises(ChildDied):
            await running
        await shared.run(measuring(tmp_path), ignore)
        assert children() - before not in ({idle}, {busy})


async def test_cancelled_task_leaves_its_place_to_the_next(tmp_path: Path) -> None:
    async with pool(1, CHILD_LIMITS, tmp_path) as shared:
        running = await begun(shared, endless(tmp_path))
        running.cancel()
        with pytest.raises(asyncio.CancelledError):
            await running
        measured = await shared.run(measuring(tmp_path), ignore)
    assert measured.pcm_sha256


@pytest.mark.parametrize(
    "limit",
    [
        pytest.param({"TASKS_OF_A_CHILD": 1}, id="after its number of tasks"),
        pytest.param({"RESIDENT_BYTES": 1}, id="when it has grown"),
    ],
)
async def test_pool_recycles_a_child(limit: dict[str, int], tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (name,) = limit
    monkeypatch.setattr(ingest.isolation.children, name, limit[name])
    before = children()
    async with pool(1, CHILD_LIMITS, tmp_path) as shared:
        await shared.run(measuring(tmp_path), ignore)
        assert children() <= before
        await shared.run(measuring(tmp_path), ignore)


async def test_isolated_child_takes_a_place(tmp_path: Path) -> None:
    async with pool(1, CHILD_LIMITS, tmp_path) as shared:
        async with shared.isolated(CHILD_LIMITS, tmp_path) as stranger:
            waiting = asyncio.create_task(shared.run(measuring(tmp_path), ignore))
            await stranger.run(measuring(tmp_path, "other.pcm"), ignore)
            assert not waiting.done()
        await waiting


PARENT = """
import asyncio, sys
from pathlib import Path
import msgspec
from ingest.isolation.children import child
from ingest.pipeline import CHILD_LIMITS
from ingest.tasks import Measure

async def ignore(fraction):
    pass

async def main():
    async with child(CHILD_LIMITS, Path(sys.argv[1])) as started:
        await started.run(msgspec.json.decode(sys.argv[2], type=Measure), ignore)
        print(started.pid, flush=True)
        await asyncio.sleep(600)

asyncio.run(main())
"""


def test_no_child_outlives_a_worker_that_is_killed(tmp_path: Path) -> None:
    task = msgspec.json.encode(measuring(tmp_path)).decode()
    parent = subprocess.Popen([sys.executable, "-c", PARENT, str(tmp_path), task], cwd=ROOT, stdout=subprocess.PIPE)
    assert parent.stdout is not None
    with parent.stdout:
        pid = int(parent.stdout.readline())
    parent.kill()
    parent.wait()
    deadline = time.monotonic() + 60
    while alive(pid):
        assert time.monotonic() < deadline, "the child lives on"
        time.sleep(0.02)

import json
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from appliance.supervision import records
from appliance.supervision.command import Command

PATIENCE_S = 60.0
STUBBORN = (
    "import signal, time; signal.signal(signal.SIGTERM, signal.SIG_IGN); print('up', flush=True); time.sleep(600)"
)
LEADER = """
import os, subprocess, sys
worker = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(600)"])
print(worker.pid, flush=True)
worker.wait()
"""

proc = pytest.mark.skipif(not Path("/proc/self/stat").exists(), reason="needs /proc to find a dead leader's workers")


@contextmanager
def leftover(home: Path, code: str) -> Iterator["subprocess.Popen[str]"]:
    """A process as a killed supervisor leaves it: leading its own session, standing in the home."""
    process = subprocess.Popen(
        [sys.executable, "-c", code], cwd=home, stdout=subprocess.PIPE, text=True, start_new_session=True
    )
    try:
        records.note(home, Command(name="left", argv=()), process.pid)
        yield process
    finally:
        process.kill()
        process.communicate()


def ended(pid: int) -> bool:
    deadline = time.monotonic() + PATIENCE_S
    while records.birth_of(pid) is not None and time.monotonic() < deadline:
        time.sleep(0.02)
    return records.birth_of(pid) is None


def test_ends_what_a_killed_supervisor_left(tmp_path: Path) -> None:
    with leftover(tmp_path, "import time; print('up', flush=True); time.sleep(600)") as process:
        process.stdout.readline()
        assert records.end_leftovers(tmp_path, home=tmp_path, grace_s=PATIENCE_S) == ["left"]
        assert process.wait() == -signal.SIGTERM
    assert records.read(tmp_path) == []


def test_kills_what_does_not_end_when_asked(tmp_path: Path) -> None:
    with leftover(tmp_path, STUBBORN) as process:
        process.stdout.readline()
        assert records.end_leftovers(tmp_path, home=tmp_path, grace_s=0.2) == ["left"]
        assert process.wait() == -signal.SIGKILL


@proc
def test_kills_the_workers_of_a_leader_that_is_dead(tmp_path: Path) -> None:
    with leftover(tmp_path, LEADER) as process:
        worker = int(process.stdout.readline())
        process.kill()
        process.wait()
        assert records.birth_of(worker) is not None
        assert records.end_leftovers(tmp_path, home=tmp_path, grace_s=0.2) == ["left"]
        assert ended(worker)


def test_spares_a_stranger_that_got_the_process_id(tmp_path: Path) -> None:
    with leftover(tmp_path, "import time; print('up', flush=True); time.sleep(600)") as process:
        process.stdout.readline()
        (file,) = tmp_path.glob("*.process")
        file.write_text(json.dumps({**json.loads(file.read_text()), "birth": "another"}))
        assert records.end_leftovers(tmp_path, home=tmp_path, grace_s=1) == []
        assert process.poll() is None


def test_passes_over_a_damaged_record(tmp_path: Path) -> None:
    (tmp_path / "left.process").write_bytes(b"\0" * 40)
    assert records.end_leftovers(tmp_path, home=tmp_path, grace_s=1) == []


def test_process_that_ended_has_no_birth() -> None:
    process = subprocess.Popen([sys.executable, "-c", ""])
    process.wait()
    assert records.birth_of(process.pid) is None


def test_births_of_one_process_are_equal_and_of_two_differ() -> None:
    with subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE) as first:
        time.sleep(0.05)  # the kernel counts births in hundredths of a second
        with subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE) as second:
            assert records.birth_of(first.pid) == records.birth_of(first.pid)
            assert records.birth_of(first.pid) != records.birth_of(second.pid)
            second.communicate(b"\n")
        first.communicate(b"\n")

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from appliance.supervision.command import GUARD, Command
from appliance.supervision.guard import NOBODY, ORPHANED

linux = pytest.mark.skipif(sys.platform != "linux", reason="the kernel's death signal exists on Linux only")
root = pytest.mark.skipif(os.geteuid() != 0, reason="needs root to lay it down")

PARENT = """
import os, subprocess, sys, time
options = ["--parent", str(os.getpid()), "--signal", sys.argv[2]]
child = subprocess.Popen([sys.executable, "-I", "-S", sys.argv[1], *options, "--", *sys.argv[3:]])
print(child.pid, flush=True)
time.sleep(600)
"""

# It waits for signals instead of handling them: Python would handle one that comes right before a sleep after it.
NOTE_SIGNAL = """
import signal, sys
awaited = {signal.SIGINT, signal.SIGTERM}
signal.pthread_sigmask(signal.SIG_BLOCK, awaited)
open(sys.argv[1] + ".started", "w")
open(sys.argv[1], "w").write(signal.Signals(signal.sigwait(awaited)).name)
"""


def guarded(*argv: str, drop_root: bool = False) -> list[str]:
    return Command(name="test", argv=argv, drop_root=drop_root).guarded(os.getpid())


def run(*argv: str, drop_root: bool = False) -> "subprocess.CompletedProcess[str]":
    return subprocess.run(guarded(*argv, drop_root=drop_root), capture_output=True, text=True, check=False)


def wait_until(condition: Callable[[], bool], limit_s: float = 60.0) -> bool:
    deadline = time.monotonic() + limit_s
    while not condition() and time.monotonic() < deadline:
        time.sleep(0.02)
    return condition()


def test_program_gets_the_process_id_of_the_guard() -> None:
    child = subprocess.Popen(guarded("/bin/sh", "-c", "echo $$"), stdout=subprocess.PIPE, text=True)
    assert child.communicate()[0] == f"{child.pid}\n"


def test_files_of_the_program_are_its_owners_alone() -> None:
    assert run("/bin/sh", "-c", "umask").stdout.strip() == "0077"


def test_exit_status_is_the_programs() -> None:
    assert run("/bin/sh", "-c", "exit 7").returncode == 7


def test_refuses_to_begin_for_a_parent_that_is_gone() -> None:
    elsewhere = os.getppid()
    options = ["--parent", str(elsewhere), "--signal", "15"]
    outcome = subprocess.run(
        [sys.executable, "-I", "-S", str(GUARD), *options, "--", "/bin/echo", "ran"],
        capture_output=True,
        check=False,
    )
    assert (outcome.returncode, outcome.stdout) == (ORPHANED, b"")


@linux
@pytest.mark.parametrize("wish", [signal.SIGINT, signal.SIGTERM], ids=lambda number: number.name)
def test_program_gets_its_stop_signal_when_the_parent_is_killed(tmp_path: Path, wish: signal.Signals) -> None:
    told = tmp_path / "told"
    program = [sys.executable, "-c", NOTE_SIGNAL, str(told)]
    arguments = [str(GUARD), str(int(wish)), *program]
    parent = subprocess.Popen([sys.executable, "-c", PARENT, *arguments], stdout=subprocess.PIPE, text=True)
    assert wait_until((tmp_path / "told.started").exists)
    parent.kill()
    parent.communicate()
    assert wait_until(told.exists)
    assert wait_until(lambda: told.read_text() == wish.name)


@root
@linux
def test_laid_down_root_is_nobody_with_one_capability() -> None:
    status = run("/bin/cat", "/proc/self/status", drop_root=True).stdout
    fields = dict(line.split(":", 1) for line in status.splitlines())
    assert fields["Uid"].split() == fields["Gid"].split() == [str(NOBODY)] * 4
    assert fields["Groups"].split() == []
    assert int(fields["CapEff"], 16).bit_count() == 1


@root
def test_laid_down_root_passes_through_folders_that_are_closed_to_it(tmp_path: Path) -> None:
    tmp_path.chmod(0o700)
    inner = tmp_path / "inner"
    inner.mkdir()
    (inner / "file").write_text("read")
    (inner / "file").chmod(0o644)
    assert run("/bin/cat", str(inner / "file"), drop_root=True).stdout == "read"


@root
def test_laid_down_root_finds_itself_below_a_closed_folder(tmp_path: Path) -> None:
    """PostgreSQL does so by access(2), for which the kernel takes capabilities away unless it is told not to."""
    tmp_path.chmod(0o700)
    program = tmp_path / "program"
    program.write_text('#!/bin/sh\ntest -x "$0" && echo found\n')
    program.chmod(0o755)
    assert run(str(program), drop_root=True).stdout == "found\n"


@root
def test_laid_down_root_writes_nowhere(tmp_path: Path) -> None:
    tmp_path.chmod(0o755)
    assert run("/bin/touch", str(tmp_path / "file"), drop_root=True).returncode != 0
    assert list(tmp_path.iterdir()) == []

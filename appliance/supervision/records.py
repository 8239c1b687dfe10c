"""Which processes the supervisor started, on disk, so that the next start finds what a killed one left running.

The kernel's death signal (`guard`) ends the children of a killed supervisor on Linux; a child may take its time over
it, lose its own workers, or run on another system. A record is a process id and its birth: the id alone would in time
name a stranger.

Not here: the lock that keeps two supervisors apart (`appliance.preflight`). Records are read only below it.
"""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import time
from pathlib import Path

import msgspec

from appliance.supervision.command import Command

PROC = Path("/proc")
SUFFIX = ".process"
POLL_S = 0.05

# Fields of /proc/PID/stat, counted from the one after the name (proc_pid_stat(5) counts from 1: state is 3).
STATE, SESSION, STARTED = 0, 3, 19


class Record(msgspec.Struct, frozen=True, kw_only=True):
    """One process that leads a session of its own."""

    name: str
    pid: int
    birth: str
    stop_signal: int
    kill_signal: int


def note(folder: Path, command: Command, pid: int) -> None:
    """Write the record of a process that was just started; nothing when it has already ended."""
    birth = birth_of(pid)
    if birth is None:
        return
    record = Record(
        name=command.name,
        pid=pid,
        birth=birth,
        stop_signal=int(command.stop_signal),
        kill_signal=int(command.kill_signal),
    )
    _file(folder, command.name).write_bytes(msgspec.json.encode(record))


def forget(folder: Path, name: str) -> None:
    _file(folder, name).unlink(missing_ok=True)


def read(folder: Path) -> list[Record]:
    """The records of a folder; one that is damaged, because the machine went down over it, is passed over."""
    found = []
    for file in sorted(folder.glob(f"*{SUFFIX}")):
        with contextlib.suppress(msgspec.DecodeError, OSError):
            found.append(msgspec.json.decode(file.read_bytes(), type=Record))
    return found


def end_leftovers(folder: Path, *, home: Path, grace_s: float) -> list[str]:
    """End what an earlier supervisor left running, and return its names. Blocks for up to twice `grace_s`."""
    records = read(folder)
    running = [record for record in records if _runs(record) or _members(record, home)]
    for record in running:
        if _runs(record):
            _signal(record.pid, record.stop_signal)
    _wait(running, home, limit_s=grace_s)
    for record in running:
        if _runs(record):
            _signal(record.pid, record.kill_signal)
        for pid in _members(record, home):
            _signal(pid, signal.SIGKILL)
    _wait(running, home, limit_s=grace_s)
    for record in records:
        forget(folder, record.name)
    return [record.name for record in running]


def birth_of(pid: int) -> str | None:
    """A text that no other process with this id ever had; None when there is no such process, or only its remains."""
    if not PROC.joinpath("self/stat").exists():
        return _birth_by_ps(pid)
    stat = _stat(pid)
    if stat is None or stat[STATE] == "Z":
        return None
    boot = (PROC / "sys/kernel/random/boot_id").read_text(encoding="ascii").strip()
    return f"{boot}:{stat[STARTED]}"


def _birth_by_ps(pid: int) -> str | None:
    command = ["/bin/ps", "-o", "lstart=", "-p", str(pid)]
    shown = subprocess.run(command, capture_output=True, text=True, check=False)  # noqa: S603 -- a fixed program and a number
    return shown.stdout.strip() or None


def _stat(pid: int) -> list[str] | None:
    """The fields of /proc/PID/stat behind the name, which is in parentheses and may hold any character."""
    try:
        text = (PROC / str(pid) / "stat").read_text(encoding="utf-8", errors="replace")
    except OSError:
        return None
    return text.rpartition(")")[2].split()


def _runs(record: Record) -> bool:
    return birth_of(record.pid) == record.birth


def _members(record: Record, home: Path) -> list[int]:
    """Processes of the record's session that outlived its leader: they still stand in the home folder.

    A session has its leader's process id, which is not given away while it has members: whoever has that id and is
    another process leads a session of strangers. Without /proc there is no telling, and none is returned.
    """
    if birth_of(record.pid) is not None or not PROC.joinpath("self/stat").exists():
        return []
    pids = [int(path.name) for path in PROC.iterdir() if path.name.isdigit()]
    return [pid for pid in pids if _belongs(pid, record.pid) and _stands_in(pid, home)]


def _belongs(pid: int, session: int) -> bool:
    stat = _stat(pid)
    return stat is not None and stat[STATE] != "Z" and int(stat[SESSION]) == session


def _stands_in(pid: int, home: Path) -> bool:
    try:
        return (PROC / str(pid) / "cwd").readlink().is_relative_to(home.resolve())
    except OSError:
        return False


def _signal(pid: int, number: int) -> None:
    with contextlib.suppress(ProcessLookupError):
        os.kill(pid, number)
        # A process that somebody stopped takes no other signal until it goes on.
        os.kill(pid, signal.SIGCONT)


def _wait(records: list[Record], home: Path, *, limit_s: float) -> None:
    deadline = time.monotonic() + limit_s
    while time.monotonic() < deadline and any(_runs(record) or _members(record, home) for record in records):
        time.sleep(POLL_S)


def _file(folder: Path, name: str) -> Path:
    return folder / f"{name}{SUFFIX}"

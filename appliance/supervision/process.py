"""Running one command as a child process: start, wait until it is ready, stop. Every child goes through the guard.

Each child leads a session of its own: a Ctrl-C at the terminal reaches the supervisor alone, which stops the children
in their order; and what a child left behind (a server's workers, a decoder) can be killed by its process group.

Not here: which children there are (`appliance.services`), starting them again (`supervisor`).
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import shutil
import signal
from collections.abc import Awaitable, Callable
from pathlib import Path

from appliance.errors import ApplianceError, NoRoom, ProcessFailed
from appliance.supervision.command import Command

POLL_S = 0.02
LAST_LINES = 8
TAIL_BYTES = 4096
FULL_DISK_BYTES = 1024**2
LOG_BYTES = 16 * 1024**2
FULL_DISK = "No space left on device"
"""The text of ENOSPC, which all three services pass on."""


class Child:
    """A running process and the command that made it; `log_start` is where its own lines begin in the log."""

    def __init__(self, command: Command, process: asyncio.subprocess.Process, log: Path, *, log_start: int) -> None:
        self.command = command
        self.log = log
        self._log_start = log_start
        self._process = process
        self._group_ended = False

    @property
    def name(self) -> str:
        return self.command.name

    @property
    def pid(self) -> int:
        return self._process.pid

    @property
    def ended(self) -> bool:
        return self._process.returncode is not None

    async def wait(self) -> int:
        """Wait for the end, kill what is left of the process group, and return the exit status."""
        status = await self._process.wait()
        if not self._group_ended:
            self._group_ended = True
            self._kill_group()
        return status

    async def stop(self, *, grace_s: float) -> None:
        """Ask the process to end; when it has not after `grace_s` seconds, end it, and then kill it."""
        for number in (self.command.stop_signal, self.command.kill_signal):
            self.signal(number)
            # A process that somebody stopped takes no other signal until it goes on.
            self.signal(signal.SIGCONT)
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(grace_s):
                    await self._process.wait()
                break
        self.signal(signal.SIGKILL)
        await self.wait()

    def signal(self, number: signal.Signals) -> None:
        # Not send_signal(): up to Python 3.12 it first looks whether the process has ended, and by looking takes the
        # exit status away from the event loop, which then complains on the operator's terminal and reports 255.
        if not self.ended:
            with contextlib.suppress(ProcessLookupError):
                os.kill(self.pid, number)

    def failure(self, what: str) -> ApplianceError:
        """What to raise about this process, with the last lines of its log."""
        return failure(self.name, what, log=self.log, log_start=self._log_start)

    def _kill_group(self) -> None:
        # The process id stays reserved as long as its group has members; once, right after the end, hits no stranger.
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.killpg(self.pid, signal.SIGKILL)


async def start(command: Command, *, logs: Path, folder: Path) -> Child:
    """Start the command in `folder` with both outputs appended to its log."""
    log = logs / f"{command.name}.log"
    _rotate(log)
    with log.open("ab") as stream:
        log_start = stream.tell()
        process = await asyncio.create_subprocess_exec(
            *command.guarded(os.getpid()),
            stdin=asyncio.subprocess.PIPE,
            stdout=stream,
            stderr=stream,
            env=command.environment,
            cwd=folder,
            start_new_session=True,
        )
    child = Child(command, process, log, log_start=log_start)
    try:
        await _feed(process, command.stdin)
    except BaseException:
        child.signal(signal.SIGKILL)
        raise
    return child


async def run(command: Command, *, logs: Path, folder: Path) -> None:
    """Run the command to its end. Raises ProcessFailed or NoRoom when that is not exit status 0."""
    child = await start(command, logs=logs, folder=folder)
    try:
        status = await child.wait()
    except asyncio.CancelledError:
        await child.stop(grace_s=5)
        raise
    if status != 0:
        raise child.failure(f"ended with status {status}")


async def until_ready(child: Child, probe: Callable[[], Awaitable[bool]], *, limit_s: float) -> None:
    """Poll `probe` until it is true. Raises ProcessFailed or NoRoom when the process ends before, or time is up."""
    deadline = asyncio.get_running_loop().time() + limit_s
    while not await probe():
        if child.ended:
            raise child.failure(f"ended with status {await child.wait()} before it was ready")
        if asyncio.get_running_loop().time() > deadline:
            raise child.failure(f"was not ready after {limit_s:g} s")
        await asyncio.sleep(POLL_S)


def failure(name: str, what: str, *, log: Path, log_start: int = 0) -> ApplianceError:
    """Make the error of a process from the end of its log; a full disk is told as what it is."""
    last_lines = tail(log, start=log_start)
    # A disk without a byte left holds no last line either.
    if FULL_DISK in last_lines or shutil.disk_usage(log.parent).free < FULL_DISK_BYTES:
        return NoRoom(f"{name} found no space left on the disk of {log.parent.parent}; free some and start again")
    return ProcessFailed(name, what, log=log, last_lines=last_lines)


def tail(log: Path, *, start: int = 0) -> str:
    """The last lines of a log from the byte `start` on, or nothing when it cannot be read."""
    try:
        with log.open("rb") as stream:
            stream.seek(0, os.SEEK_END)
            stream.seek(max(start, stream.tell() - TAIL_BYTES))
            lines = stream.read().decode(errors="replace").splitlines()
    except OSError:
        return ""
    return "\n".join(lines[-LAST_LINES:])


def _rotate(log: Path) -> None:
    """Put a log that has grown large aside; the one before it goes."""
    if log.exists() and log.stat().st_size > LOG_BYTES:
        log.replace(log.with_suffix(".log.1"))


async def _feed(process: asyncio.subprocess.Process, text: bytes) -> None:
    assert process.stdin is not None  # noqa: S101 -- it was asked for as a pipe; this is for the type checker
    # A program that ends at once closes the pipe; its exit status tells more than this error.
    with contextlib.suppress(BrokenPipeError, ConnectionResetError):
        process.stdin.write(text)
        await process.stdin.drain()
    process.stdin.close()

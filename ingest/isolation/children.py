"""The worker's side of its child processes: start one, give it a task, read the answer; a pool of them for all jobs.

CPU work never runs in the worker: its event loop has to send heartbeats while a track encodes, and measuring holds the
interpreter's lock. A child gets a small environment without any of the worker's settings, so a decoder that is taken
over finds no secret; it is ended when its task is cancelled.
"""

from __future__ import annotations

import asyncio
import os
import signal
import sys
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import msgspec

from ingest.contract import FailureCode
from ingest.errors import ChildDied, IngestFault, MediaError, NoRoom, RenditionRejected
from ingest.isolation.messages import Done, Failed, Full, Limits, Moved, Refused, Rejected, Reply
from ingest.tasks import Task

ANSWER_BYTES = 64 * 1024 * 1024
"""The longest line that is read: the list of segments of four hours is a few hundred kilobytes."""
END_S = 2.0

TASKS_OF_A_CHILD = 500
"""About fifty tracks; what a library loses with every file it opens is given back by then (PyAV issue 1958)."""
RESIDENT_BYTES = 512 * 1024**2
"""A child that holds more between two tasks has grown: with nothing to do it holds a fifth of this."""

EXHAUSTED: dict[int, str] = {
    signal.SIGXCPU: "the processor time of one track is used up",
    signal.SIGALRM: "the time of one track is used up",
}
"""How a child ends that took more than its limits give (`ingest.isolation.child.set_limits`)."""

Watch = Callable[[float], Awaitable[None]]


class Child:
    """One process; tasks are done one at a time."""

    def __init__(self, process: asyncio.subprocess.Process) -> None:
        self._process = process
        self._tasks = 0
        self._condemned = False

    @property
    def pid(self) -> int:
        return self._process.pid

    @property
    def alive(self) -> bool:
        return self._process.returncode is None and not self._condemned

    @property
    def worn(self) -> bool:
        """Whether the next task had better go to a new one."""
        return not self.alive or self._tasks >= TASKS_OF_A_CHILD or self._resident_bytes() > RESIDENT_BYTES

    def _resident_bytes(self) -> int:
        try:
            pages = int(Path(f"/proc/{self.pid}/statm").read_text(encoding="ascii").split()[1])
        except FileNotFoundError:  # it ended just now
            return 0
        return pages * os.sysconf("SC_PAGE_SIZE")

    async def run(self, task: Task, watch: Watch) -> Any:
        """Do a task and return what `task.result` names. Raises MediaError, RenditionRejected, IngestFault."""
        answered = False
        self._tasks += 1
        try:
            await self._send(task)
            while isinstance(reply := await self._reply(task), Moved):
                await watch(reply.fraction)
            answered = True
        finally:
            if not answered:
                self.kill()
        return _result(task, reply)

    async def _send(self, message: Task | Limits) -> None:
        assert self._process.stdin is not None  # noqa: S101 -- it was started with a pipe
        self._process.stdin.write(msgspec.json.encode(message) + b"\n")
        try:
            await self._process.stdin.drain()
        except (BrokenPipeError, ConnectionResetError):
            return  # it died; the missing answer says how

    async def _reply(self, task: Task) -> Reply:
        assert self._process.stdout is not None  # noqa: S101 -- it was started with a pipe
        line = await self._process.stdout.readline()
        if line.endswith(b"\n"):
            reply: Reply = msgspec.json.decode(line, type=Reply)
            return reply
        status = await self._process.wait()
        if -status in EXHAUSTED:
            raise MediaError(FailureCode.RESOURCE_LIMIT, EXHAUSTED[-status])
        cause = signal.Signals(-status).name if status < 0 else f"exit {status}"
        raise ChildDied(type(task).__name__.lower(), cause)

    def kill(self) -> None:
        self._condemned = True  # it takes a moment until the system says so
        if self._process.returncode is None:
            self._process.kill()

    async def close(self) -> None:
        """Let it end, and make it."""
        if self._process.stdin is not None:
            self._process.stdin.close()
        try:
            await asyncio.wait_for(self._process.wait(), END_S)
        except TimeoutError:
            self.kill()
            await self._process.wait()


async def start(limits: Limits, folder: Path) -> Child:
    """Start a child that works in `folder`; whoever asks for it closes it."""
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        "-P",  # the folder it works in is no place to import from
        "-m",
        "ingest.isolation.child",
        str(os.getpid()),
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
        cwd=folder,
        env={
            "PYTHONPATH": os.pathsep.join(filter(None, sys.path)),
            "OPENBLAS_NUM_THREADS": "1",
            "OMP_NUM_THREADS": "1",
        },
        limit=ANSWER_BYTES,
    )
    started = Child(process)
    await started._send(limits)  # noqa: SLF001 -- the one message that is not a task
    return started


@asynccontextmanager
async def child(limits: Limits, folder: Path) -> AsyncIterator[Child]:
    """Start a child that works in `folder`, and end it."""
    started = await start(limits, folder)
    try:
        yield started
    finally:
        await started.close()


class Pool:
    """The children that all jobs of a worker share: so many tasks run at once, the others wait in line.

    A child is started when a task finds none idle, so an idle worker that never worked has none. One that died, has
    done its number of tasks or has grown is replaced, and no job sees it.
    """

    def __init__(self, size: int, limits: Limits, folder: Path) -> None:
        self._places = asyncio.Semaphore(size)
        self._limits = limits
        self._folder = folder
        self._idle: list[Child] = []

    async def run(self, task: Task, watch: Watch) -> Any:
        """Do a task in the next child that is free. Raises as `Child.run`."""
        async with self._places:
            worker = await self._take()
            try:
                return await worker.run(task, watch)
            finally:
                await self._put_back(worker)

    @asynccontextmanager
    async def isolated(self, limits: Limits, folder: Path) -> AsyncIterator[Child]:
        """A child for what a stranger sent, with limits of its own, and ended afterwards; it counts as one of ours."""
        async with self._places, child(limits, folder) as started:
            yield started

    async def close(self) -> None:
        while self._idle:
            await self._idle.pop().close()

    async def _take(self) -> Child:
        while self._idle:
            candidate = self._idle.pop()
            if candidate.alive:
                return candidate
            await candidate.close()
        return await start(self._limits, self._folder)

    async def _put_back(self, worker: Child) -> None:
        if worker.worn:
            await worker.close()
        else:
            self._idle.append(worker)


@asynccontextmanager
async def pool(size: int, limits: Limits, folder: Path) -> AsyncIterator[Pool]:
    """A pool of `size` places for one worker, whose children are ended with it."""
    made = Pool(size, limits, folder)
    try:
        yield made
    finally:
        await made.close()


def _result(task: Task, reply: Reply) -> Any:
    match reply:
        case Done(result=result):
            return msgspec.json.decode(result, type=task.result)
        case Refused(failure=failure, detail=detail):
            raise MediaError(failure, detail)
        case Rejected(rendition=rendition, finding=finding):
            raise RenditionRejected(rendition, finding)
        case Failed(cause=cause):
            raise IngestFault(cause)
        case Full():
            raise NoRoom
        case _:
            raise IngestFault(f"a child answered {reply!r}")

"""The worker's side of its child processes: start one, give it a task, read the answer; a pool of them for one job.

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
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path
from typing import Any

import msgspec

from ingest.contract import FailureCode
from ingest.errors import ChildDied, IngestFault, MediaError, NoRoom, RenditionRejected
from ingest.tasks import Done, Failed, Full, Limits, Moved, Refused, Rejected, Reply, Task

ANSWER_BYTES = 64 * 1024 * 1024
"""The longest line that is read: the list of segments of four hours is a few hundred kilobytes."""
END_S = 2.0

Watch = Callable[[float], Awaitable[None]]


class Child:
    """One process; tasks are done one at a time."""

    def __init__(self, process: asyncio.subprocess.Process) -> None:
        self._process = process

    @property
    def pid(self) -> int:
        return self._process.pid

    async def run(self, task: Task, watch: Watch) -> Any:
        """Do a task and return what `task.result` names. Raises MediaError, RenditionRejected, IngestFault."""
        answered = False
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
        if status == -signal.SIGXCPU:
            raise MediaError(FailureCode.RESOURCE_LIMIT, "the processor time of one track is used up")
        cause = signal.Signals(-status).name if status < 0 else f"exit {status}"
        raise ChildDied(type(task).__name__.lower(), cause)

    def kill(self) -> None:
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


@asynccontextmanager
async def child(limits: Limits, folder: Path) -> AsyncIterator[Child]:
    """Start a child that works in `folder`, and end it."""
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        "-P",  # the folder it works in is no place to import from
        "-m",
        "ingest.child",
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
    try:
        await started._send(limits)  # noqa: SLF001 -- the one message that is not a task
        yield started
    finally:
        await started.close()


class Pool:
    """As many children as may work at once; a task waits for a free one. Made by `pool`."""

    def __init__(self, free: asyncio.Queue[Child]) -> None:
        self._free = free

    async def run(self, task: Task, watch: Watch) -> Any:
        worker = await self._free.get()
        try:
            return await worker.run(task, watch)
        finally:
            # A child that died goes back too: its next task fails at once, and with it the job.
            self._free.put_nowait(worker)


@asynccontextmanager
async def pool(size: int, limits: Limits, folder: Path) -> AsyncIterator[Pool]:
    """Start `size` children for one job, and end them: what a library leaks, it leaks for a job."""
    free: asyncio.Queue[Child] = asyncio.Queue()
    async with AsyncExitStack() as stack:
        for _ in range(size):
            free.put_nowait(await stack.enter_async_context(child(limits, folder)))
        yield Pool(free)


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

"""`python -m ingest.isolation.child`: a child process that does one task after another for the worker that started it.

Theory of operation. The first line on standard input is `Limits`, which are set before any byte of a master is read;
then each line is a task, answered on standard output (`ingest.tasks`). The end of standard input is the end of the
child. When the worker dies in any way, the kernel kills the child at once (PR_SET_PDEATHSIG), so that nothing encodes
on for a job that another worker has by then.

Anything that goes wrong inside a task is an answer, with the traceback on standard error; only limits and crashes end
the process, which the worker sees.
"""

from __future__ import annotations

import os
import resource
import signal
import sys
import time
import traceback
from collections.abc import Callable
from typing import IO, Any

import av
import msgspec

from config.lifeline import die_with
from ingest.errors import MediaError, NoRoom, RenditionRejected
from ingest.isolation.messages import Done, Failed, Full, Limits, Moved, Refused, Rejected, Reply
from ingest.jobs import scratch
from ingest.stages import analyse, decode, derive, describe, illustrate, measure, render, verify
from ingest.tasks import Analyse, Decode, Derive, Describe, Illustrate, Measure, Render, Task, Verify

MOVED_EVERY_S = 0.2


def main() -> None:
    if len(sys.argv) != 2:
        sys.exit("usage: python -m ingest.isolation.child WORKER-PID")
    die_with(int(sys.argv[1]))
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C reaches the whole group; the worker decides
    # What a library prints must not get between the answers.
    answers = os.fdopen(os.dup(sys.stdout.fileno()), "wb")
    os.dup2(sys.stderr.fileno(), sys.stdout.fileno())
    av.logging.set_level(None)  # its callback into Python locks up under load (PyAV issues 751 and 2276)
    set_limits(msgspec.json.decode(sys.stdin.buffer.readline(), type=Limits))
    serve(sys.stdin.buffer, answers)


def set_limits(limits: Limits) -> None:
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    resource.setrlimit(resource.RLIMIT_AS, (limits.memory_bytes, limits.memory_bytes))
    if limits.cpu_s is not None:
        # The soft limit ends the child by SIGXCPU, which says why; the hard one by SIGKILL, which does not.
        resource.setrlimit(resource.RLIMIT_CPU, (limits.cpu_s, limits.cpu_s + 5))
    if limits.wall_s is not None:
        # Nobody listens to the signal, so it ends the child also inside a library that hangs.
        signal.signal(signal.SIGALRM, signal.SIG_DFL)
        signal.setitimer(signal.ITIMER_REAL, limits.wall_s)
    if limits.file_bytes is not None:
        resource.setrlimit(resource.RLIMIT_FSIZE, (limits.file_bytes, limits.file_bytes))


def serve(tasks: IO[bytes], answers: IO[bytes]) -> None:
    def answer(reply: Reply) -> None:
        answers.write(msgspec.json.encode(reply) + b"\n")
        answers.flush()

    for line in tasks:
        task: Task = msgspec.json.decode(line, type=Task)
        answer(_perform(task, _throttled(answer)))


def _throttled(answer: Callable[[Reply], None]) -> Callable[[float], None]:
    last = 0.0

    def moved(fraction: float) -> None:
        nonlocal last
        now = time.monotonic()
        if now - last >= MOVED_EVERY_S:
            last = now
            answer(Moved(fraction=fraction))

    return moved


def _perform(task: Task, moved: Callable[[float], None]) -> Reply:
    try:
        with scratch.room():
            result = PERFORMERS[type(task)](task, moved)
        return Done(result=msgspec.Raw(msgspec.json.encode(result)))
    except MediaError as error:
        return Refused(failure=error.failure, detail=error.detail)
    except RenditionRejected as error:
        return Rejected(rendition=error.rendition, finding=error.finding)
    except NoRoom:
        return Full()
    except Exception as error:  # noqa: BLE001 -- every fault of a task is an answer; the child goes on
        traceback.print_exc()
        return Failed(cause=f"{type(error).__name__}: {error}")


PERFORMERS: dict[type[Task], Callable[[Any, Callable[[float], None]], msgspec.Struct]] = {
    Decode: decode.run,
    Measure: measure.run,
    Analyse: analyse.run,
    Derive: derive.run,
    Render: render.run,
    Verify: verify.run,
    Describe: describe.run,
    Illustrate: illustrate.run,
}

if __name__ == "__main__":
    main()

"""A worker process to which something happens at a certain place; started with its instructions on standard input.

A *place* is a boundary of the pipeline: the moment at which a stage has been entered, or at which something that
outlives the process was just written. There the worker dies by SIGKILL, stands still until a file is there, or fails.
Its patience with S3 may be short.
"""

import asyncio
import json
import os
import signal
import sys
from collections.abc import Awaitable, Callable
from contextlib import nullcontext
from pathlib import Path
from typing import Any

import msgspec

from config.logs import configure_logs
from config.settings import ingest_settings
from ingest import publish, worker
from ingest.images import proposal
from ingest.jobs import progress, retry
from ingest.jobs.ledger import Ledger
from ingest.jobs.shelf import Shelf

Act = Callable[[], Awaitable[None]]

WRITES = {
    "a rung is stored": (Shelf, "keep"),
    "the picture is offered": (proposal, "offer"),
    "the descriptor is written": (publish, "publish"),
    "the row is ready": (Ledger, "ready"),
}


class Given(msgspec.Struct, frozen=True):
    """The instructions; `act` is one of `ACTS`, and without a place nothing happens."""

    environment: dict[str, str]
    gate: str
    place: str | None
    act: str
    s3_timeout_s: float


async def die() -> None:
    os.kill(os.getpid(), signal.SIGKILL)


async def fail() -> None:
    raise RuntimeError("a bug\0")


def stand_still(gate: Path) -> Act:
    async def until_the_gate_is_there() -> None:
        while not gate.exists():
            await asyncio.sleep(0.02)

    return until_the_gate_is_there


def arrange(place: str, act: Act) -> None:
    """Have `act` done whenever a job has come to `place`."""
    owner, name = WRITES.get(place, (progress.Reporter, "enter"))
    original = getattr(owner, name)
    # A job's rungs are stored at once: what dies after the first one could have stored the second.
    turn = asyncio.Lock() if place in WRITES else nullcontext()

    async def wrapped(*arguments: Any, **named: Any) -> Any:
        async with turn:
            result = await original(*arguments, **named)
            if place in WRITES or arguments[1].value == place:
                await act()
            return result

    setattr(owner, name, wrapped)


def main() -> None:
    given = msgspec.convert(json.load(sys.stdin), Given)
    if given.place is not None:
        arrange(given.place, {"die": die, "fail": fail, "stand still": stand_still(Path(given.gate))}[given.act])
    retry.FIRST_DELAY_S = 0.1
    publish.WRITE_PATIENCE_S = 6 * given.s3_timeout_s
    settings = ingest_settings(given.environment)
    s3 = msgspec.structs.replace(settings.s3, timeout_s=given.s3_timeout_s)
    configure_logs("ingest", json=True)
    asyncio.run(worker.run(msgspec.structs.replace(settings, s3=s3)))


if __name__ == "__main__":
    main()

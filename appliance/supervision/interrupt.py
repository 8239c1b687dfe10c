"""The operator's wish to stop: the first Ctrl-C asks everything to end, the second does not wait for it."""

from __future__ import annotations

import asyncio
import signal
from collections.abc import Coroutine
from typing import Any, TypeVar

T = TypeVar("T")

SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


class Stopped(Exception):
    """The operator asked to stop while something was under way; no failure."""


class Interrupt:
    """Set from signals; `wanted` by the first, `hurry` by any later one."""

    def __init__(self) -> None:
        self.wanted = asyncio.Event()
        self.hurry = asyncio.Event()

    def listen(self) -> None:
        """Take over the signals of the running loop's process, but for a hang-up that `nohup` told to ignore."""
        loop = asyncio.get_running_loop()
        for number in SIGNALS:
            if number is signal.SIGHUP and signal.getsignal(number) is signal.SIG_IGN:
                continue
            loop.add_signal_handler(number, self.note)

    def note(self) -> None:
        if self.wanted.is_set():
            self.hurry.set()
        self.wanted.set()

    async def guard(self, work: Coroutine[Any, Any, T]) -> T:
        """Run `work` to its end, or cancel it when the operator wants to stop. Raises Stopped then."""
        task = asyncio.create_task(work)
        waiter = asyncio.create_task(self.wanted.wait())
        try:
            await asyncio.wait({task, waiter}, return_when=asyncio.FIRST_COMPLETED)
            if task.done():
                return task.result()
            raise Stopped
        finally:
            for pending in (task, waiter):
                pending.cancel()
            await asyncio.gather(task, waiter, return_exceptions=True)

"""Keeping processes running: tiers started in order, restarts with back-off, everything stopped in reverse.

A tier is what may start together; the next one begins when all of it is ready. A process that ends by itself is started
again, later each time it does so at once. Whatever happens, :meth:`Supervisor.stop` leaves nothing running.

Not here: what the processes are (`appliance.services`).
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable

import msgspec

from appliance.home import Home
from appliance.supervision import process, records
from appliance.supervision.command import Command
from appliance.supervision.process import Child

READY_LIMIT_S = 60.0
GRACE_S = 10.0
"""What a process gets to end by itself; a worker in the middle of a long job is killed, and another takes the job."""

FIRST_DELAY_S = 0.5
LONGEST_DELAY_S = 30.0
STABLE_S = 60.0
"""A process that ran this long is not in a loop of crashes; its next restart is quick again."""

Say = Callable[[str], None]


class Service(msgspec.Struct, frozen=True, kw_only=True):
    """A command and how to tell, from its process id, that it serves."""

    command: Command
    ready: Callable[[int], Awaitable[bool]]


def delay_s(crashes: int) -> float:
    """How long to wait before the start after `crashes` ends in a row, the first being 1."""
    return float(min(FIRST_DELAY_S * 2 ** min(crashes - 1, 16), LONGEST_DELAY_S))


class Supervisor:
    """The running processes of one home folder, in the order of their start."""

    def __init__(self, home: Home, say: Say, *, ready_limit_s: float = READY_LIMIT_S, grace_s: float = GRACE_S) -> None:
        self._home = home
        self._say = say
        self._ready_limit_s = ready_limit_s
        self._grace_s = grace_s
        self._tiers: list[dict[str, Child]] = []
        self._keepers: list[asyncio.Task[None]] = []

    async def start(self, *services: Service) -> None:
        """Start a tier and return when all of it is ready. Raises ProcessFailed or NoRoom."""
        tier: dict[str, Child] = {}
        self._tiers.append(tier)
        children = [(service, await self._begin(service, tier)) for service in services]
        try:
            async with asyncio.TaskGroup() as group:
                for service, child in children:
                    group.create_task(self._until_ready(service, child))
        except BaseExceptionGroup as failures:
            # The first one is told; others that happened meanwhile are mostly its consequences.
            raise failures.exceptions[0] from failures
        for service, child in children:
            if child.ended:
                raise child.failure(f"ended with status {await child.wait()} right after its start")
            self._keepers.append(asyncio.create_task(self._keep(service, child, tier)))

    async def stop(self, hurry: asyncio.Event) -> None:
        """Stop everything, the last tier first; once `hurry` is set, without waiting for anybody."""
        for keeper in self._keepers:
            keeper.cancel()
        await asyncio.gather(*self._keepers, return_exceptions=True)
        while self._tiers:
            tier = self._tiers.pop()
            await asyncio.gather(*(self._end(child, hurry) for child in tier.values()))

    async def _begin(self, service: Service, tier: dict[str, Child]) -> Child:
        child = await process.start(service.command, logs=self._home.logs, folder=self._home.folder)
        tier[child.name] = child
        records.note(self._home.run, service.command, child.pid)
        return child

    async def _until_ready(self, service: Service, child: Child) -> None:
        async def probe() -> bool:
            return await service.ready(child.pid)

        await process.until_ready(child, probe, limit_s=self._ready_limit_s)

    async def _keep(self, service: Service, child: Child, tier: dict[str, Child]) -> None:
        """Start the process again whenever it ends; runs until it is cancelled."""
        clock = asyncio.get_running_loop().time
        crashes = 0
        while True:
            began = clock()
            told = f"ended with status {await child.wait()}"
            crashes = 1 if clock() - began > STABLE_S else crashes + 1
            while told:
                self._say(f"{child.name} {told}; starting it again in {delay_s(crashes):g} s (see {child.log})")
                await asyncio.sleep(delay_s(crashes))
                try:
                    child, told = await self._begin(service, tier), ""
                except OSError as error:  # no room for its log, no process to be had
                    told = f"could not be started ({error.strerror})"
                    crashes += 1

    async def _end(self, child: Child, hurry: asyncio.Event) -> None:
        ending = asyncio.create_task(child.stop(grace_s=self._grace_s))
        hurried = asyncio.create_task(hurry.wait())
        await asyncio.wait({ending, hurried}, return_when=asyncio.FIRST_COMPLETED)
        hurried.cancel()
        if not ending.done():
            child.signal(child.command.kill_signal)
        await ending
        records.forget(self._home.run, child.name)

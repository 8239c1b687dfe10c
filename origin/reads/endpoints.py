"""The endpoints of the store: the primary and, where there is one, a replica in another region.

A read has a deadline and up to three attempts within it. The next attempt sets out when the one before has failed, or
when it takes longer than reads of late did (`pace`): the first good answer counts, and the others are cancelled. With a
replica every second attempt goes there, and goes there first while the primary rests (`health`).

What an object is, the primary decides: one that only the replica does not have may not have been copied yet.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from typing import Generic, TypeAlias, TypeVar

from config.logs import logger
from origin.errors import NotThere, OriginError, StoreAway, WrongBytes
from origin.reads.health import Health
from origin.reads.pace import Pace
from origin.store import Store

T = TypeVar("T")
Read: TypeAlias = Callable[[Store], Awaitable[T]]
Clock: TypeAlias = Callable[[], float]

ATTEMPTS = 3
PAUSE_S = 0.05
"""Before a failed endpoint is asked again at once: it may be in the middle of taking a new connection."""

log = logger(__name__)


class Endpoint:
    """One endpoint and how it does."""

    def __init__(self, name: str, store: Store) -> None:
        self.name = name
        self.store = store
        self.health = Health()


class Endpoints:
    """All endpoints, the primary first. Every read raises StoreAway after `deadline_s` at the latest."""

    def __init__(self, endpoints: Sequence[Endpoint], *, deadline_s: float, clock: Clock) -> None:
        self._endpoints = endpoints
        self._deadline_s = deadline_s
        self._clock = clock
        self._pace = Pace(longest_patience_s=deadline_s / 2)

    async def ask(self, read: Read[T]) -> T:
        """Do `read` at one endpoint after another until it succeeds. Raises NotThere, WrongBytes, StoreAway."""
        try:
            async with asyncio.timeout(self._deadline_s):
                return await _Race(self._plan(), self._pace, lambda endpoint: self._attempt(endpoint, read)).run()
        except TimeoutError as error:
            raise StoreAway(f"no answer from the object store within {self._deadline_s} s") from error

    async def ping(self) -> None:
        """Return as soon as one endpoint answers. Raises StoreAway when none does."""
        failure: StoreAway | None = None
        for endpoint in self._endpoints:
            try:
                return await endpoint.store.ping()
            except StoreAway as error:
                failure = error
        if failure is not None:
            raise failure
        return None

    def _plan(self) -> list[Endpoint]:
        now_s = self._clock()
        ordered = sorted(self._endpoints, key=lambda endpoint: endpoint.health.rests(now_s))
        return [ordered[number % len(ordered)] for number in range(ATTEMPTS)]

    async def _attempt(self, endpoint: Endpoint, read: Read[T]) -> T:
        began_s, patience_s, was_failing = self._clock(), self._pace.patience_s, endpoint.health.failing
        endpoint.health.asked(began_s)
        try:
            answer = await read(endpoint.store)
        except asyncio.CancelledError:  # another was faster, the deadline has passed, or nobody waits any more
            if self._clock() - began_s >= patience_s:
                self._failed(endpoint, "slow")
            raise
        except NotThere as error:
            if endpoint is not self._endpoints[0]:
                raise StoreAway(f"the {endpoint.name} does not have it: {error}") from error
            raise
        except (StoreAway, WrongBytes) as error:
            self._failed(endpoint, str(error))
            raise
        endpoint.health.succeeded()
        self._pace.took(self._clock() - began_s)
        if was_failing:
            log.info("endpoint answers again", endpoint=endpoint.name)
        return answer

    def _failed(self, endpoint: Endpoint, reason: str) -> None:
        log.warning("read failed", endpoint=endpoint.name, reason=reason)
        endpoint.health.failed(self._clock())


class _Race(Generic[T]):
    """The attempts of one read."""

    def __init__(self, plan: Sequence[Endpoint], pace: Pace, attempt: Callable[[Endpoint], Awaitable[T]]) -> None:
        self._plan = plan
        self._pace = pace
        self._attempt = attempt
        self._running: set[asyncio.Future[T]] = set()
        self._failure: OriginError | None = None

    async def run(self) -> T:
        try:
            for number, endpoint in enumerate(self._plan):
                await self._before(number)
                self._running.add(self._started(endpoint))
                last = number == len(self._plan) - 1
                winner = await self._winner(None if last else self._pace.patience_s)
                if winner is not None:
                    return winner.result()
            raise self._failure or StoreAway("no attempt was made")
        finally:
            for task in self._running:
                task.cancel()

    def _started(self, endpoint: Endpoint) -> asyncio.Future[T]:
        attempt = asyncio.ensure_future(self._attempt(endpoint))
        attempt.add_done_callback(_look)
        return attempt

    async def _before(self, number: int) -> None:
        """Pay for an attempt that is a hedge; wait a little before one at the endpoint that has just failed."""
        if self._running:
            self._pace.hedged()
        elif number and self._plan[number] is self._plan[number - 1]:
            await asyncio.sleep(PAUSE_S * number)

    async def _winner(self, patience_s: float | None) -> asyncio.Future[T] | None:
        """The first attempt that succeeds; None when patience or all that run have come to an end. Raises NotThere."""
        while self._running:
            done, self._running = await asyncio.wait(
                self._running, timeout=patience_s, return_when=asyncio.FIRST_COMPLETED
            )
            if not done:
                return None
            for task in done:
                error = task.exception()
                if error is None:
                    return task
                self._note(error)
        return None

    def _note(self, error: BaseException) -> None:
        """Wrong bytes are remembered before an absence: they say more about what is to be mended."""
        if not isinstance(error, (StoreAway, WrongBytes)):
            raise error
        if self._failure is None or isinstance(error, WrongBytes):
            self._failure = error


def _look(attempt: asyncio.Future[T]) -> None:
    """Take note of the error of an attempt that lost the race, which asyncio would complain about."""
    if not attempt.cancelled():
        attempt.exception()

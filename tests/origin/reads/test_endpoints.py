"""Attempts, hedges and failover, between stores that are written by hand and do what the test says."""

import asyncio
from collections.abc import Callable

import pytest

from origin.errors import NotThere, StoreAway, WrongBytes
from origin.reads.endpoints import ATTEMPTS, Endpoint, Endpoints
from origin.reads.health import FAILURES, REST_S, Health
from origin.reads.pace import ENOUGH, MOST_SAVED, SHORTEST_S, Pace

FOREVER = "no answer, ever"


class Script:
    """A store whose reads do one thing after another; the last is repeated."""

    def __init__(self, *does: object) -> None:
        self.does = list(does)
        self.asked = 0
        self.cancelled = 0

    async def read(self) -> object:
        self.asked += 1
        deed = self.does.pop(0) if len(self.does) > 1 else self.does[0]
        if deed is FOREVER:
            try:
                await asyncio.Event().wait()
            except asyncio.CancelledError:
                self.cancelled += 1
                raise
        if isinstance(deed, Exception):
            raise deed
        return deed

    async def ping(self) -> None:
        await self.read()


class Clock:
    def __init__(self) -> None:
        self.now_s = 100.0

    def __call__(self) -> float:
        return self.now_s


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def over(clock: Clock) -> Callable[..., Endpoints]:
    def over(*scripts: Script, deadline_s: float = 60.0) -> Endpoints:
        named = zip(("primary", "replica"), scripts, strict=False)
        return Endpoints([Endpoint(name, one) for name, one in named], deadline_s=deadline_s, clock=clock)

    return over


async def ask(endpoints: Endpoints) -> object:
    return await endpoints.ask(lambda store: store.read())


async def test_one_failure_is_tried_again(over) -> None:
    primary = Script(StoreAway("reset"), b"bytes")
    assert await ask(over(primary)) == b"bytes"
    assert primary.asked == 2


async def test_store_that_fails_on_is_asked_so_often_and_no_more(over) -> None:
    primary = Script(StoreAway("refused"))
    with pytest.raises(StoreAway, match="refused"):
        await ask(over(primary))
    assert primary.asked == ATTEMPTS


async def test_deadline_is_kept_and_nothing_goes_on_behind_it(over) -> None:
    primary, replica = Script(FOREVER), Script(FOREVER)
    with pytest.raises(StoreAway, match=r"within 0\.2 s"):
        await ask(over(primary, replica, deadline_s=0.2))
    await asyncio.sleep(0)
    assert (primary.cancelled, replica.cancelled) == (primary.asked, replica.asked)
    assert primary.asked > 0


async def known_as_fast(endpoints: Endpoints) -> Endpoints:
    """Endpoints whose primary has answered so often, at once, that they are impatient with it."""
    for _ in range(ENOUGH):
        assert await ask(endpoints) == b"bytes"
    return endpoints


async def test_slow_read_is_overtaken_by_a_second_one(over) -> None:
    primary = Script(*[b"bytes"] * ENOUGH, FOREVER, b"bytes")
    assert await ask(await known_as_fast(over(primary))) == b"bytes"
    await asyncio.sleep(0)
    assert (primary.asked, primary.cancelled) == (ENOUGH + 2, 1)


async def test_second_attempt_goes_to_the_replica(over) -> None:
    primary, replica = Script(*[b"bytes"] * ENOUGH, FOREVER), Script(b"copy")
    assert await ask(await known_as_fast(over(primary, replica))) == b"copy"
    assert (primary.asked, replica.asked) == (ENOUGH + 1, 1)


async def test_store_that_is_slow_altogether_is_not_asked_twice_for_it(over) -> None:
    primary, replica = Script(*[b"bytes"] * ENOUGH, FOREVER), Script(b"copy")
    endpoints = await known_as_fast(over(primary, replica))
    for _ in range(int(MOST_SAVED)):
        assert endpoints._pace.patience_s == SHORTEST_S
        assert await ask(endpoints) == b"copy"
    assert endpoints._pace.patience_s == 30  # half of the deadline, from here on


@pytest.mark.parametrize("fault", [StoreAway("500"), WrongBytes("other bytes")], ids=["an error", "wrong bytes"])
async def test_fault_of_the_primary_is_made_good_by_the_replica(over, fault) -> None:
    primary, replica = Script(fault), Script(b"bytes")
    assert await ask(over(primary, replica)) == b"bytes"
    assert (primary.asked, replica.asked) == (1, 1)


async def test_wrong_bytes_everywhere_are_told_as_such(over) -> None:
    with pytest.raises(WrongBytes):
        await ask(over(Script(StoreAway("reset"), WrongBytes("other bytes")), Script(StoreAway("refused"))))


async def test_what_the_primary_does_not_have_is_not_there(over) -> None:
    replica = Script(b"bytes")
    with pytest.raises(NotThere):
        await ask(over(Script(NotThere("k")), replica))
    assert replica.asked == 0


async def test_what_only_the_replica_does_not_have_may_come(over) -> None:
    with pytest.raises(StoreAway):
        await ask(over(Script(StoreAway("refused")), Script(NotThere("k"))))


async def test_failing_primary_rests_and_is_returned_to(over, clock) -> None:
    primary, replica = Script(StoreAway("refused")), Script(b"copy")
    endpoints = over(primary, replica)
    for _ in range(FAILURES + 10):
        assert await ask(endpoints) == b"copy"
    assert primary.asked == FAILURES
    clock.now_s += REST_S
    primary.does = [b"original"]
    assert await ask(endpoints) == b"original"
    assert await ask(endpoints) == b"original"


async def test_trial_in_vain_costs_one_read_a_rest(over, clock) -> None:
    primary, replica = Script(StoreAway("refused")), Script(b"copy")
    endpoints = over(primary, replica)
    for _ in range(FAILURES):
        await ask(endpoints)
    for trial in range(1, 4):
        clock.now_s += REST_S
        for _ in range(5):
            assert await ask(endpoints) == b"copy"
        assert primary.asked == FAILURES + trial


async def test_origin_is_ready_while_one_endpoint_is(over) -> None:
    await over(Script(StoreAway("refused")), Script(b"")).ping()
    with pytest.raises(StoreAway):
        await over(Script(StoreAway("refused")), Script(StoreAway("refused"))).ping()


async def test_cancelled_read_leaves_nothing_running(over) -> None:
    primary, replica = Script(FOREVER), Script(FOREVER)
    reading = asyncio.create_task(ask(over(primary, replica)))
    while not primary.asked:
        await asyncio.sleep(0)
    reading.cancel()
    with pytest.raises(asyncio.CancelledError):
        await reading
    await asyncio.sleep(0)
    assert primary.cancelled == 1


def test_endpoint_on_trial_is_tried_by_one_at_a_time() -> None:
    health = Health()
    for _ in range(FAILURES):
        assert not health.rests(10.0)
        health.failed(10.0)
    assert health.rests(10.0 + REST_S - 0.1)
    assert not health.rests(10.0 + REST_S)
    health.asked(10.0 + REST_S)
    assert health.rests(10.0 + REST_S)
    health.succeeded()
    assert not health.rests(10.0 + REST_S)


def test_patience_is_what_all_but_the_slowest_hundredth_take() -> None:
    pace = Pace(longest_patience_s=0.75)
    assert pace.patience_s == 0.75
    for number in range(ENOUGH * 8):
        pace.took(0.2 if number % 100 == 0 else 0.05 + number / 1e6)
    assert 0.05 < pace.patience_s <= 0.2


@pytest.mark.parametrize(("took_s", "patience_s"), [(0.0001, 0.01), (5.0, 0.75)], ids=["a fast store", "a slow store"])
def test_patience_has_a_floor_and_a_ceiling(took_s, patience_s) -> None:
    pace = Pace(longest_patience_s=0.75)
    for _ in range(ENOUGH):
        pace.took(took_s)
    assert pace.patience_s == patience_s


def test_hedges_are_paid_for_by_reads_that_succeed() -> None:
    pace = Pace(longest_patience_s=0.75)
    for _ in range(ENOUGH):
        pace.took(0.05)
    for _ in range(int(MOST_SAVED)):
        assert pace.patience_s == 0.05
        pace.hedged()
    assert pace.patience_s == 0.75
    for _ in range(21):
        pace.took(0.05)
    assert pace.patience_s == 0.05

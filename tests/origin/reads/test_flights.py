import asyncio

import pytest

from origin.reads.flights import Flights


class Reading:
    """A read that the test lets end, and that knows how often it began and whether it was cancelled."""

    def __init__(self) -> None:
        self.begun = 0
        self.cancelled = 0
        self.gate = asyncio.Event()
        self.error: Exception | None = None

    async def __call__(self) -> str:
        self.begun += 1
        try:
            await self.gate.wait()
        except asyncio.CancelledError:
            self.cancelled += 1
            raise
        if self.error is not None:
            raise self.error
        return "bytes"


@pytest.fixture
async def reading() -> Reading:
    return Reading()


async def soon() -> None:
    for _ in range(5):
        await asyncio.sleep(0)


async def test_all_who_want_the_same_share_one_read(reading) -> None:
    flights: Flights = Flights()
    waiting = [asyncio.create_task(flights.join("key", reading)) for _ in range(500)]
    await soon()
    reading.gate.set()
    assert await asyncio.gather(*waiting) == ["bytes"] * 500
    assert reading.begun == 1
    assert "key" not in flights


async def test_read_is_cancelled_when_the_last_has_left_and_not_before(reading) -> None:
    flights: Flights = Flights()
    first, last = (asyncio.create_task(flights.join("key", reading)) for _ in range(2))
    await soon()
    first.cancel()
    await soon()
    assert (reading.cancelled, "key" in flights) == (0, True)
    last.cancel()
    await soon()
    assert (reading.cancelled, "key" in flights) == (1, False)


async def test_who_comes_right_after_the_last_has_left_gets_a_read_of_its_own(reading) -> None:
    flights: Flights = Flights()
    leaving = asyncio.create_task(flights.join("key", reading))
    await soon()
    leaving.cancel()
    await asyncio.sleep(0)  # the flight is being ended, and has not ended yet
    coming = asyncio.create_task(flights.join("key", reading))
    await soon()
    reading.gate.set()
    assert await coming == "bytes"
    assert (reading.begun, reading.cancelled) == (2, 1)


async def test_read_ahead_goes_on_without_a_listener_and_serves_the_one_that_comes(reading) -> None:
    flights: Flights = Flights()
    flights.ahead("key", reading)
    flights.ahead("key", reading)
    impatient, patient = (asyncio.create_task(flights.join("key", reading)) for _ in range(2))
    await soon()
    impatient.cancel()
    await soon()
    reading.gate.set()
    assert await patient == "bytes"
    assert (reading.begun, reading.cancelled) == (1, 0)


async def test_failure_reaches_all_and_is_forgotten(reading) -> None:
    flights: Flights = Flights()
    waiting = [asyncio.create_task(flights.join("key", reading)) for _ in range(3)]
    reading.error = RuntimeError("away")
    reading.gate.set()
    outcomes = await asyncio.gather(*waiting, return_exceptions=True)
    assert [str(outcome) for outcome in outcomes] == ["away"] * 3
    reading.error = None
    assert await flights.join("key", reading) == "bytes"


async def test_closing_ends_what_is_under_way(reading) -> None:
    flights: Flights = Flights()
    flights.ahead("key", reading)
    await soon()
    await flights.close()
    assert reading.cancelled == 1

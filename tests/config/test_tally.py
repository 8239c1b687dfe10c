import asyncio

from config.tally import MAX_TIMED, Tally, counted, current


async def answer(value: str) -> str:
    return value


async def test_counts_the_statements_of_a_task_and_of_those_it_starts() -> None:
    tally = Tally(timing=False)
    current.set(tally)
    assert await counted("SELECT 1", answer("own")) == "own"
    assert await asyncio.gather(*(asyncio.create_task(counted("SELECT 2", answer(name))) for name in "ab")) == [
        "a",
        "b",
    ]
    current.set(None)
    await counted("SELECT 3", answer("nobody's"))
    assert (tally.statements, tally.timed) == (3, [])


async def test_times_statements_that_fail_too_and_no_more_than_a_trace_can_bear() -> None:
    async def fail() -> None:
        raise OSError

    tally = Tally(timing=True)
    current.set(tally)
    failed = await asyncio.gather(counted("DELETE", fail()), return_exceptions=True)
    assert [type(error) for error in failed] == [OSError]
    for number in range(MAX_TIMED + 1):
        await counted(f"SELECT {number}", answer(""))
    assert tally.statements == MAX_TIMED + 2
    assert [timed.text for timed in tally.timed] == ["DELETE", *(f"SELECT {number}" for number in range(MAX_TIMED - 1))]
    assert all(timed.began_ns <= timed.ended_ns for timed in tally.timed)

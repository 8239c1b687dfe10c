"""Writers who wait for each other in a circle: the real server ends one of them, and it comes through all the same."""

import asyncio
from collections.abc import AsyncIterator

import asyncpg
import msgspec
import pytest

from config.errors import Overtaken, ServiceUnavailable
from config.postgres import Pool, open_pool
from config.settings import postgres_settings
from config.transactions import ATTEMPTS, begun_again

PATIENCE_S = 60.0


@pytest.fixture
async def pool(environment: dict[str, str]) -> AsyncIterator[Pool]:
    settings = msgspec.structs.replace(postgres_settings(environment), pool_max=2, acquire_timeout_s=PATIENCE_S)
    async with open_pool(settings) as opened:
        await opened.execute("CREATE TABLE shelf (book text PRIMARY KEY, read integer NOT NULL)")
        await opened.execute("INSERT INTO shelf VALUES ('a', 0), ('b', 0)")
        yield opened
        await opened.execute("DROP TABLE shelf")


async def test_two_in_a_circle_both_come_through(pool: Pool) -> None:
    begun: list[str] = []
    circle = asyncio.Event()

    @begun_again
    async def read(first: str, second: str) -> None:
        async with pool.acquire() as connection, connection.transaction():
            await connection.execute("UPDATE shelf SET read = read + 1 WHERE book = $1", first)
            begun.append(first)
            if len(begun) == 2:
                circle.set()
            await circle.wait()
            await connection.execute("UPDATE shelf SET read = read + 1 WHERE book = $1", second)

    async with asyncio.timeout(PATIENCE_S):
        await asyncio.gather(read("a", "b"), read("b", "a"))
    assert len(begun) > 2, "one of them was ended and began again"
    assert {row["read"] for row in await pool.fetch("SELECT read FROM shelf")} == {2}


async def test_a_read_that_was_overtaken_is_begun_again(pool: Pool) -> None:
    seen: list[int] = []

    @begun_again
    async def count_up() -> None:
        async with pool.acquire() as connection, connection.transaction(isolation="repeatable_read"):
            seen.append(await connection.fetchval("SELECT read FROM shelf WHERE book = 'a'"))
            if len(seen) == 1:
                await pool.execute("UPDATE shelf SET read = 7 WHERE book = 'a'")
            await connection.execute("UPDATE shelf SET read = $1 WHERE book = 'a'", seen[-1] + 1)

    await count_up()
    assert seen == [0, 7]
    assert await pool.fetchval("SELECT read FROM shelf WHERE book = 'a'") == 8


async def test_what_is_gone_before_it_is_referred_to_is_looked_for_again(pool: Pool) -> None:
    await pool.execute("CREATE TABLE notes (book text NOT NULL REFERENCES shelf ON DELETE CASCADE)")
    found: list[str | None] = []

    @begun_again
    async def note() -> None:
        found.append(await pool.fetchval("SELECT book FROM shelf WHERE book = 'a'"))
        if len(found) == 1:
            await pool.execute("DELETE FROM shelf WHERE book = 'a'")
        if found[-1] is not None:
            await pool.execute("INSERT INTO notes VALUES ($1)", found[-1])

    await note()
    assert found == ["a", None]
    await pool.execute("DROP TABLE notes")


@pytest.mark.parametrize(
    ("cause", "told", "times"),
    [
        (asyncpg.DeadlockDetectedError, ServiceUnavailable, ATTEMPTS),
        (Overtaken, ServiceUnavailable, ATTEMPTS),
        (asyncpg.ForeignKeyViolationError, asyncpg.ForeignKeyViolationError, ATTEMPTS),
        (asyncpg.UniqueViolationError, asyncpg.UniqueViolationError, 1),
    ],
    ids=["a circle", "others were faster", "what it refers to was never there", "its own fault"],
)
async def test_what_goes_wrong_every_time_is_told(cause: type[Exception], told: type[Exception], times: int) -> None:
    tried = 0

    @begun_again
    async def write() -> None:
        nonlocal tried
        tried += 1
        raise cause

    with pytest.raises(told):
        await write()
    assert tried == times

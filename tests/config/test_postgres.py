import asyncio
import time
from collections.abc import AsyncIterator

import msgspec
import pytest

from config.errors import ServiceUnavailable
from config.postgres import Pool, open_pool, statements_noted
from config.settings import postgres_settings

PATIENCE_S = 0.3


@pytest.fixture
async def pool(environment: dict[str, str]) -> AsyncIterator[Pool]:
    settings = msgspec.structs.replace(postgres_settings(environment), pool_max=2, acquire_timeout_s=60)
    async with open_pool(settings) as opened:
        yield opened


@pytest.fixture
async def impatient(environment: dict[str, str]) -> AsyncIterator[Pool]:
    settings = msgspec.structs.replace(postgres_settings(environment), pool_min=2, pool_max=2, acquire_timeout_s=60)
    async with open_pool(settings) as opened:
        opened._patience_s = PATIENCE_S  # once it is connected, for which a busy machine takes a while
        yield opened


async def test_who_finds_every_connection_taken_is_told_so_in_time(impatient: Pool) -> None:
    pool = impatient
    async with asyncio.timeout(60), pool.acquire(), pool.acquire():
        started = time.monotonic()
        for wanting in (pool.fetchval("SELECT 1"), _hold(pool)):
            with pytest.raises(ServiceUnavailable, match="no connection became free in time"):
                await wanting
        with pytest.raises(ServiceUnavailable):
            await pool.acquire()
        assert time.monotonic() - started >= 3 * PATIENCE_S
    async with pool.acquire(timeout=60), pool.acquire(timeout=60):
        pass  # nobody who went away has taken one along


async def _hold(pool: Pool) -> None:
    async with pool.acquire():
        raise AssertionError("there was a connection")


async def test_a_connection_that_becomes_free_in_time_is_handed_on(pool: Pool) -> None:
    first = await pool.acquire()
    async with pool.acquire():
        waiting = asyncio.create_task(pool.fetchval("SELECT 1"))
        await asyncio.sleep(0.1)
        assert not waiting.done()
        await pool.release(first)
        assert await waiting == 1


async def test_a_caller_may_have_a_patience_of_its_own(environment: dict[str, str]) -> None:
    settings = msgspec.structs.replace(postgres_settings(environment), pool_max=2, acquire_timeout_s=600)
    async with open_pool(settings) as pool, asyncio.timeout(60), pool.acquire(), pool.acquire():
        with pytest.raises(ServiceUnavailable):
            await pool.acquire(timeout=0.01)


async def test_a_statement_that_fails_gives_its_connection_back(pool: Pool) -> None:
    for _ in range(5):
        with pytest.raises(Exception, match="does not exist"):
            await pool.execute("SELECT * FROM nowhere")
    assert await pool.fetchval("SELECT 1") == 1


async def test_a_connection_goes_back_to_the_pool_without_a_word(environment: dict[str, str]) -> None:
    said: list[str] = []
    settings = msgspec.structs.replace(postgres_settings(environment), pool_min=1, pool_max=1)
    async with open_pool(settings) as pool:
        async with pool.acquire() as connection:
            connection.add_query_logger(lambda record: said.append(record.query))
        assert [await pool.fetchval("SELECT 1") for _ in range(2)] == [1, 1]
    assert said == ["SELECT 1", "SELECT 1"]


async def test_a_transaction_that_is_left_open_does_not_outlive_its_user(environment: dict[str, str]) -> None:
    settings = msgspec.structs.replace(postgres_settings(environment), pool_min=1, pool_max=1)
    async with open_pool(settings) as pool:
        await pool.execute("CREATE TABLE notes (text text)")
        async with pool.acquire() as connection:
            await connection.execute("BEGIN")
            await connection.execute("INSERT INTO notes VALUES ('lost')")
        assert await pool.fetchval("SELECT count(*) FROM notes") == 0


async def test_statements_are_noted_until_the_end_of_the_block_and_in_tasks_that_it_starts(pool: Pool) -> None:
    await pool.fetchval("SELECT 0")
    with statements_noted() as noted:
        await pool.fetchval("SELECT 1")
        await asyncio.create_task(pool.fetchval("SELECT 2"))
    await asyncio.gather(*(pool.fetchval("SELECT 3") for _ in range(4)))
    assert [text for text in noted.statements if text in {f"SELECT {n}" for n in range(4)}] == ["SELECT 1", "SELECT 2"]
    assert noted.complete


async def test_a_connection_that_is_taken_by_hand_leaves_the_notes_incomplete(pool: Pool) -> None:
    with statements_noted() as noted:
        await pool.release(await pool.acquire())
    assert not noted.complete

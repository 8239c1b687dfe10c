import asyncio
import time
from collections.abc import AsyncIterator

import msgspec
import pytest

from config.errors import ServiceUnavailable
from config.postgres import Pool, open_pool
from config.settings import postgres_settings

PATIENCE_S = 0.3


@pytest.fixture
async def pool(environment: dict[str, str]) -> AsyncIterator[Pool]:
    settings = msgspec.structs.replace(postgres_settings(environment), pool_max=2, acquire_timeout_s=PATIENCE_S)
    async with open_pool(settings) as opened:
        yield opened


async def test_who_finds_every_connection_taken_is_told_so_in_time(pool: Pool) -> None:
    async with asyncio.timeout(60), pool.acquire(), pool.acquire():
        started = time.monotonic()
        for wanting in (pool.fetchval("SELECT 1"), _hold(pool)):
            with pytest.raises(ServiceUnavailable, match="no connection became free in time"):
                await wanting
        with pytest.raises(ServiceUnavailable):
            await pool.acquire()
        assert time.monotonic() - started >= 3 * PATIENCE_S
    assert await asyncio.gather(*(pool.fetchval("SELECT 1") for _ in range(8))) == [1] * 8


async def _hold(pool: Pool) -> None:
    async with pool.acquire():
        raise AssertionError("there was a connection")


async def test_a_connection_that_becomes_free_in_time_is_handed_on(pool: Pool) -> None:
    first = await pool.acquire()
    async with pool.acquire():
        waiting = asyncio.create_task(pool.fetchval("SELECT 1"))
        await asyncio.sleep(PATIENCE_S / 3)
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

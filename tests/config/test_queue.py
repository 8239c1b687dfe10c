"""A job is in the queue exactly when the change is made that it was put in with."""

from collections.abc import AsyncIterator
from typing import Any

import pytest
from pgqueuer.domain.errors import DuplicateJobError

from config.postgres import Pool, open_pool
from config.queue import enqueue
from config.settings import postgres_settings

JOBS = "SELECT entrypoint, payload, priority FROM pgqueuer ORDER BY id"


@pytest.fixture
async def pool(environment: dict[str, str]) -> AsyncIterator[Pool]:
    async with open_pool(postgres_settings(environment)) as opened:
        yield opened


async def jobs(pool: Pool) -> list[tuple[Any, ...]]:
    return [tuple(row) for row in await pool.fetch(JOBS)]


async def test_job_is_there_once_its_transaction_is_committed(pool: Pool) -> None:
    async with pool.acquire() as connection, connection.transaction():
        await enqueue(connection, "one", b"payload", priority=7)
        assert await jobs(pool) == []
    assert await jobs(pool) == [("one", b"payload", 7)]


async def test_job_of_a_transaction_that_is_undone_never_was(pool: Pool) -> None:
    async with pool.acquire() as connection:
        transaction = connection.transaction()
        await transaction.start()
        await enqueue(connection, "one", b"payload", priority=7)
        await transaction.rollback()
    assert await jobs(pool) == []


async def test_second_job_of_a_key_is_refused_and_without_one_taken(pool: Pool) -> None:
    async with pool.acquire() as connection:
        for _ in range(2):
            await enqueue(connection, "one", b"", priority=0)
        await enqueue(connection, "two", b"", priority=0, dedupe_key="key")
        with pytest.raises(DuplicateJobError):
            await enqueue(connection, "two", b"", priority=0, dedupe_key="key")
    assert len(await jobs(pool)) == 3

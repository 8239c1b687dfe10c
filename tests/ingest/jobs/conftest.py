"""A job in the real queue, and the ledger that its workers write."""

from collections.abc import AsyncIterator
from datetime import timedelta
from typing import Any

import asyncpg
import pytest

from ingest.contract import Job
from ingest.jobs.ledger import Ledger


@pytest.fixture
def removal_delay() -> timedelta:
    return timedelta(hours=2)


@pytest.fixture
async def ledger(queue: Any, removal_delay: timedelta) -> AsyncIterator[Ledger]:
    async with asyncpg.create_pool(queue.environment["SEGUE_POSTGRES_URL"], min_size=1, max_size=2) as pool:
        yield Ledger(pool, removal_delay=removal_delay)


@pytest.fixture
async def job(queue: Any) -> Job:
    return await queue.add(b"a master")

from collections.abc import AsyncIterator
from typing import Any
from uuid import uuid4

import asyncpg
import pytest


@pytest.fixture
async def empty_database(services: Any) -> AsyncIterator[str]:
    """The URL of a database in which nothing was made yet."""
    name = f"empty_{uuid4().hex[:12]}"
    connection = await asyncpg.connect(services.environment["SEGUE_POSTGRES_URL"])
    await connection.execute(f"CREATE DATABASE {name}")
    yield services.postgres_url(name)
    await connection.execute(f"DROP DATABASE {name} WITH (FORCE)")
    await connection.close()

"""An operation that takes too long is cancelled, and what it was doing in PostgreSQL with it."""

import asyncio
from typing import Any

import asyncpg
import pytest

from config.settings import GraphSettings, graph_settings
from graph.viewer import Role

PATIENCE_S = 60.0
BUSY = (
    "SELECT count(*) FROM pg_stat_activity"
    " WHERE datname = current_database() AND state = 'active' AND wait_event_type = 'Lock'"
)


@pytest.fixture
def settings(environment: dict[str, str]) -> GraphSettings:
    return graph_settings({**environment, "SEGUE_OPERATION_TIMEOUT_S": "0.5"})


@pytest.mark.parametrize(
    ("table", "query"),
    [
        pytest.param("users", "{ viewer { displayName } }", id="a query"),
        pytest.param("artists", 'mutation { createArtist(input: { name: "x" }) { artist { id } } }', id="a mutation"),
    ],
)
async def test_an_operation_that_waits_for_a_lock_leaves_nothing_behind(
    ask: Any, add_user: Any, environment: dict[str, str], table: str, query: str
) -> None:
    viewer = await add_user(Role.ARTIST)
    other = await asyncpg.connect(environment["SEGUE_POSTGRES_URL"])
    try:
        async with other.transaction():
            await other.execute(f"LOCK TABLE {table} IN ACCESS EXCLUSIVE MODE")
            headers = {"authorization": f"Bearer {ask.token(viewer)}"}
            response = await ask.client.post("/graphql", json={"query": query}, headers=headers)
            assert response.status_code == 504
            assert list(response.json()) == ["errors"]
            assert [error["extensions"]["code"] for error in response.json()["errors"]] == ["TIMEOUT"]
            async with asyncio.timeout(PATIENCE_S):
                while await other.fetchval(BUSY):
                    await asyncio.sleep(0.02)
    finally:
        await other.close()
    async with asyncio.timeout(PATIENCE_S):
        while "errors" in await ask("{ viewer { displayName } }", viewer):
            await asyncio.sleep(0.02)  # a busy machine may need more than the time of an operation

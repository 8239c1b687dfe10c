"""What the benchmark compares is alike: plain Strawberry answers the page that ours answers."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from typing import Any

import asyncpg
import httpx
import pytest
from litestar import Litestar

from appliance.synth.filling import fill
from appliance.synth.sizes import Order, Sizes
from appliance.synth.whole import tables
from graph.viewer import Role, Viewer
from loadtests.bench.graph import HOME, LIKE, PAGE
from loadtests.bench.plain_graph import Settings, create_app

NOW = datetime(2026, 3, 1, tzinfo=UTC)
SIZES = Sizes(tracks=800, artists=50, albums=90, playlists=40, listeners=10)


@pytest.fixture
async def listener(environment: dict[str, str]) -> Viewer:
    """The one with the largest library."""
    url = environment["SEGUE_POSTGRES_URL"]
    await fill(url, tables(Order(sizes=SIZES, seed=1, now=NOW)), now=NOW, say=lambda _line: None)
    connection = await asyncpg.connect(url)
    await connection.execute("DELETE FROM licences")  # of which plain Strawberry knows nothing
    key = await connection.fetchval("SELECT id FROM users WHERE email = 'listener-000000@synth.example'")
    await connection.close()
    return Viewer(user_id=key, role=Role.LISTENER, token_expires_at_s=2**40)


@asynccontextmanager
async def serving(application: Litestar) -> AsyncIterator[Litestar]:
    """Its lifespan in one task, as a server runs it."""
    started, ended = asyncio.Event(), asyncio.Event()

    async def live() -> None:
        async with application.lifespan():
            started.set()
            await ended.wait()

    async with asyncio.TaskGroup() as tasks:
        tasks.create_task(live())
        await started.wait()
        yield application
        ended.set()


def shown(page: Any) -> list[dict[str, Any]]:
    """What a listener sees of a page: ids and cursors are each server's own."""
    return [_without_ids(edge["node"]) for edge in page["edges"]]


def _without_ids(node: dict[str, Any]) -> dict[str, Any]:
    return {
        name: _without_ids(value) if isinstance(value, dict) else value for name, value in node.items() if name != "id"
    }


# Strawberry's controller, as it comes, uses what Litestar is about to drop; ours does not.
@pytest.mark.filterwarnings("ignore::litestar.exceptions.LitestarDeprecationWarning")
async def test_both_answer_the_same_pages(listener: Viewer, ask: Any, environment: dict[str, str]) -> None:
    settings = Settings(
        postgres_url=environment["SEGUE_POSTGRES_URL"], access_token_key=environment["SEGUE_ACCESS_TOKEN_KEY"], port=0
    )
    headers = {"authorization": f"Bearer {ask.token(listener)}"}
    async with (
        serving(create_app(settings)) as plain,
        httpx.AsyncClient(transport=httpx.ASGITransport(plain), base_url="http://plain.test") as client,
    ):
        ours_after = theirs_after = None
        for has_next in (True, True):
            ours = (await ask.data(PAGE, listener, after=ours_after))["library"]["likedTracks"]
            body = {"query": PAGE, "variables": {"after": theirs_after}}
            answer = (await client.post("/graphql", json=body, headers=headers)).json()
            theirs = answer["data"]["viewer"]["library"]["likedTracks"]
            assert len(theirs["edges"]) == 20
            assert shown(ours) == shown(theirs)
            assert ours["pageInfo"]["hasNextPage"] is theirs["pageInfo"]["hasNextPage"] is has_next
            ours_after, theirs_after = ours["pageInfo"]["endCursor"], theirs["pageInfo"]["endCursor"]


async def test_the_home_screen_is_full_and_a_like_is_a_like(listener: Viewer, ask: Any) -> None:
    home = await ask.data(HOME, listener)
    lists = [*home["listening"].values(), *home["library"].values(), home["playlists"]]
    assert [len(one["edges"]) for one in lists] == [10] * 6
    track = home["listening"]["topTracks"]["edges"][0]["node"]["id"]
    assert await ask.data(LIKE, listener, trackId=track) == {"track": {"id": track}, "userErrors": []}

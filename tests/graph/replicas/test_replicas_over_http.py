"""The API with a replica: whoever has written finds it, others see the replica."""

import asyncio
import json
from collections.abc import Awaitable, Callable
from typing import Any

import msgspec
import pytest
from litestar import Litestar
from valkey.asyncio import Valkey

from config.replicas import Replicas
from config.settings import GraphSettings, ReplicaSettings, Secret, graph_settings
from graph.persisted.wanted import digest_of
from graph.reads.writers import COMPLETE_SINCE
from graph.viewer import Role

PATIENCE_S = 60.0
LIMIT_S = 600.0
CREATE = """
mutation($name: String!) { createArtist(input: {name: $name}) { artist { id name } userErrors { code } } }
"""
ARTIST = "query($id: ID!) { artist(id: $id) { name } }"


@pytest.fixture
def settings(environment: dict[str, str], standby: Any) -> GraphSettings:
    """With the replica, whose pace is the test's: it is never too late."""
    own = graph_settings(environment)
    database = own.postgres.url.reveal().partition("@/")[2].partition("?")[0]
    replicas = ReplicaSettings(urls=(Secret(standby.url(database)),), lag_max_s=LIMIT_S)
    return msgspec.structs.replace(own, replicas=replicas)


async def until(condition: Callable[[], Awaitable[bool]]) -> None:
    async with asyncio.timeout(PATIENCE_S):
        while not await condition():
            await asyncio.sleep(0.05)


async def kept(ask: Any, artist: str) -> Any:
    """What is answered to a request whose answer is kept, and would be wrong for long if it came from the replica."""
    digest, variables = digest_of(ARTIST), {"id": artist}
    await ask.client.post("/graphql", json={"query": ARTIST, "documentId": digest, "variables": variables})
    asked = {"documentId": digest, "variables": json.dumps(variables)}
    async with asyncio.timeout(PATIENCE_S):
        while "etag" not in (answered := await ask.client.get("/graphql", params=asked)).headers:
            await asyncio.sleep(0.05)  # the process does not hear of changes yet
    return answered.json()["data"]["artist"]


async def test_an_artist_finds_at_once_what_others_see_when_the_replica_has_it(
    app: Litestar, ask: Any, standby: Any, valkey: Valkey, add_user: Any
) -> None:
    await valkey.set(COMPLETE_SINCE, 0)
    artist, somebody = await add_user(Role.ARTIST), await add_user(Role.LISTENER)
    replicas: Replicas = app.state.services.routing.replicas

    async def is_there() -> bool:
        return replicas.choose(needed=await replicas.written(), reader=0) is not None

    async def is_seen() -> bool:
        return await ask.data(ARTIST, id=made["id"]) is not None

    await until(is_there)
    await standby.order("SELECT pg_wal_replay_pause()")
    made = (await ask.data(CREATE, artist, name="New"))["artist"]
    assert made["name"] == "New"
    seen = [await ask.data(ARTIST, viewer, id=made["id"]) for viewer in (artist, somebody, None)]
    assert seen == [{"name": "New"}, None, None]
    assert await kept(ask, made["id"]) == {"name": "New"}
    await standby.order("SELECT pg_wal_replay_resume()")
    await until(is_seen)
    await valkey.delete(COMPLETE_SINCE)

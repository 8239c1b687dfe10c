"""A client that goes in the middle of a subscription leaves nothing behind in the process that served it."""

import asyncio
import time
from collections.abc import Callable, Coroutine
from contextlib import suppress
from datetime import timedelta
from typing import Any
from uuid import UUID

import aiohttp
import pytest
from strawberry.subscriptions.protocols.graphql_transport_ws.handlers import Operation
from valkey.asyncio import Valkey

from config.postgres import Pool
from config.settings import GraphSettings
from graph import ids
from graph.accounts import tokens
from graph.transport.socket import SocketHandler
from graph.viewer import Role, Viewer
from ingest.contract import progress_channel

PATIENCE_S = 60.0
PROTOCOL = "graphql-transport-ws"

Leave = Callable[[aiohttp.ClientWebSocketResponse], Any]


class Stage:
    """An operation on a real process that watches an ingest, and whether anybody does."""

    def __init__(self, url: str, query: str, headers: dict[str, str], channel: str, valkey: Valkey) -> None:
        self.url = f"{url}/graphql"
        self.body = {"query": query}
        self.headers = headers
        self._channel = channel
        self._valkey = valkey

    async def wait_for_watchers(self, number: int) -> None:
        """Return when the process follows the channel (1), or does not any more (0)."""
        async with asyncio.timeout(PATIENCE_S):
            while (await self._valkey.pubsub_numsub(self._channel))[0][1] != number:
                await asyncio.sleep(0.01)


@pytest.fixture
async def watched(pool: Pool, add_user, add_track) -> tuple[Viewer, UUID, UUID]:
    """An artist, its track and the track's asset."""
    artist = await add_user(Role.ARTIST)
    track = await add_track(artist)
    return artist, track, await pool.fetchval("SELECT asset_id FROM tracks WHERE id = $1", track)


@pytest.fixture
async def stage(start_graph, watched: tuple[Viewer, UUID, UUID], settings: GraphSettings, valkey: Valkey) -> Stage:
    artist, track, asset = watched
    key = tokens.signing_key(settings.tokens.key_pem)
    token = tokens.mint(artist.user_id, artist.role, key=key, now_s=int(time.time()), lifetime_s=600).text
    query = f'subscription {{ ingestProgress(trackId: "{ids.encode("Track", track)}") {{ status }} }}'
    url = await asyncio.to_thread(start_graph)
    return Stage(url, query, {"authorization": f"Bearer {token}"}, progress_channel(asset), valkey)


async def complete(socket: aiohttp.ClientWebSocketResponse) -> None:
    await socket.send_json({"type": "complete", "id": "1"})


async def close(socket: aiohttp.ClientWebSocketResponse) -> None:
    await socket.close()


async def vanish(socket: aiohttp.ClientWebSocketResponse) -> None:
    connection = socket._response.connection
    assert connection is not None
    assert connection.transport is not None
    connection.transport.abort()


@pytest.mark.parametrize(
    "leave",
    [
        pytest.param(complete, id="by completing the operation"),
        pytest.param(close, id="by closing the socket"),
        pytest.param(vanish, id="without a word"),
    ],
)
async def test_who_leaves_a_socket_leaves_the_channel(stage: Stage, http: aiohttp.ClientSession, leave: Leave) -> None:
    async with http.ws_connect(stage.url, protocols=(PROTOCOL,)) as socket:
        await socket.send_json({"type": "connection_init", "payload": stage.headers})
        assert (await socket.receive_json())["type"] == "connection_ack"
        await socket.send_json({"type": "subscribe", "id": "1", "payload": stage.body})
        await stage.wait_for_watchers(1)
        await leave(socket)
        await stage.wait_for_watchers(0)


async def test_who_leaves_an_event_stream_leaves_the_channel(stage: Stage, http: aiohttp.ClientSession) -> None:
    headers = {**stage.headers, "accept": "text/event-stream"}
    async with http.post(stage.url, json=stage.body, headers=headers) as response:
        assert response.status == 200
        await stage.wait_for_watchers(1)
        response.close()
        await stage.wait_for_watchers(0)


async def test_sockets_that_come_and_go_leave_no_channel(stage: Stage, http: aiohttp.ClientSession) -> None:
    """They leave at every moment of entering: while the command is sent, and while its confirmation is awaited."""
    for number in range(30):
        async with http.ws_connect(stage.url, protocols=(PROTOCOL,)) as socket:
            await socket.send_json({"type": "connection_init", "payload": stage.headers})
            await socket.receive_json()
            await socket.send_json({"type": "subscribe", "id": "1", "payload": stage.body})
            await asyncio.sleep(number * 0.0003)
    await stage.wait_for_watchers(0)


class Page:
    """A socket that notes what is sent to it."""

    def __init__(self) -> None:
        self.sent: list[Any] = []

    async def send_json(self, message: Any) -> None:
        self.sent.append(message)


@pytest.fixture
def handler() -> SocketHandler:
    return SocketHandler(None, Page(), None, None, None, timedelta(seconds=1))


async def deaf() -> None:
    """Drops the first cancellation, as `asyncio.wait_for` does when it arrives together with the result."""
    with suppress(asyncio.CancelledError):
        await asyncio.Event().wait()
    await asyncio.Event().wait()


def started(handler: SocketHandler, work: Coroutine[Any, Any, None]) -> Operation:
    operation = Operation(handler, "1", "{ __typename }", None, None)
    operation.task = asyncio.create_task(work)
    handler.operations["1"] = operation
    return operation


async def test_an_operation_that_misses_its_cancellation_is_cancelled_again(
    handler: SocketHandler, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("graph.transport.socket.CANCEL_AGAIN_S", 0.05)
    operation = started(handler, deaf())
    await asyncio.sleep(0)
    await handler.handle_complete({"type": "complete", "id": "1"})
    async with asyncio.timeout(PATIENCE_S):
        await asyncio.wait({operation.task})
    assert operation.task.cancelled()


async def test_an_operation_that_was_completed_says_nothing_any_more(handler: SocketHandler) -> None:
    operation = started(handler, deaf())
    await handler.handle_complete({"type": "complete", "id": "1"})
    for message in ({"id": "1", "type": "next", "payload": {}}, {"id": "1", "type": "complete"}):
        await operation.send_operation_message(message)
    assert handler.websocket.sent == []
    operation.task.cancel()


async def test_the_id_of_a_completed_operation_may_be_used_again(handler: SocketHandler) -> None:
    first = started(handler, deaf())
    await handler.handle_complete({"type": "complete", "id": "1"})
    second = started(handler, deaf())
    await first.send_operation_message({"id": "1", "type": "complete"})
    assert handler.operations == {"1": second}
    first.task.cancel()
    second.task.cancel()

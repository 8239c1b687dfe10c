"""graphql-transport-ws, message by message."""

import time
from types import SimpleNamespace
from typing import Any

import pytest

from config.settings import GraphSettings
from graph import ids
from graph.app import create_app
from graph.viewer import Role
from tests.graph.clients import Socket
from tests.graph.living import living

VIEWER = "{ viewer { id } }"
INIT = {"type": "connection_init"}
OPERATION = {"query": VIEWER}


def bearer(token: str) -> dict[str, str]:
    return {"authorization": f"Bearer {token}"}


@pytest.mark.parametrize("member", ["authorization", "Authorization"])
async def test_the_token_of_connection_init_signs_in(ask: Any, add_user: Any, connect: Any, member: str) -> None:
    viewer = await add_user(Role.LISTENER)
    async with connect() as socket:
        assert socket.handshake["subprotocol"] == "graphql-transport-ws"
        assert (await socket.start({member: f"Bearer {ask.token(viewer)}"}))["type"] == "connection_ack"
        answer = await socket.operate(VIEWER)
        assert answer["payload"]["data"] == {"viewer": {"id": ids.encode("User", viewer.user_id)}}
        assert await socket.receive() == {"id": "1", "type": "complete"}


@pytest.mark.parametrize("payload", [None, {}, {"something": "else"}])
async def test_nobody_may_connect_as_nobody(connect: Any, payload: Any) -> None:
    async with connect() as socket:
        assert (await socket.start(payload))["type"] == "connection_ack"
        assert (await socket.operate(VIEWER))["payload"]["data"] == {"viewer": None}


async def test_a_header_of_the_handshake_signs_nobody_in(ask: Any, add_user: Any, connect: Any) -> None:
    token = ask.token(await add_user(Role.LISTENER))
    async with connect(authorization=f"Bearer {token}") as socket:
        await socket.start()
        assert (await socket.operate(VIEWER))["payload"]["data"] == {"viewer": None}


@pytest.mark.parametrize(
    "authorization",
    [
        pytest.param("Bearer garbage", id="garbage"),
        pytest.param("", id="an empty text"),
        pytest.param(7, id="a number"),
    ],
)
async def test_a_token_that_is_not_valid_closes_with_4403(connect: Any, authorization: Any) -> None:
    async with connect() as socket:
        assert await socket.start({"authorization": authorization}) == 4403


async def test_an_expired_token_closes_with_4403(ask: Any, add_user: Any, connect: Any) -> None:
    token = ask.token(await add_user(Role.LISTENER), lifetime_s=-1)
    async with connect() as socket:
        assert await socket.start(bearer(token)) == 4403


async def test_a_socket_closes_with_4403_when_its_token_expires(
    ask: Any, add_user: Any, add_track: Any, connect: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    viewer = await add_user(Role.ARTIST)
    track = ids.encode("Track", await add_track(viewer))
    # The socket has a second left at most, and who is let in has minutes, however slow this machine is.
    clock = SimpleNamespace(time=lambda: time.time() + 599)
    monkeypatch.setattr("graph.transport.socket.time", clock)
    expires_at_s = int(time.time()) + 600
    async with connect() as socket:
        assert (await socket.start(bearer(ask.token(viewer, lifetime_s=600))))["type"] == "connection_ack"
        query = f'subscription {{ ingestProgress(trackId: "{track}") {{ status }} }}'
        await socket.send({"type": "subscribe", "id": "1", "payload": {"query": query}})
        while (message := await socket.receive()) != 4403:
            assert message["type"] == "next"
        assert clock.time() >= expires_at_s - 0.1


@pytest.mark.parametrize(
    ("messages", "code"),
    [
        pytest.param(["{"], 4400, id="no JSON"),
        pytest.param([" " * 1024 * 1024 + "{}"], 4400, id="an endless message"),
        pytest.param(["1"], 4400, id="a number"),
        pytest.param(["[]"], 4400, id="a list"),
        pytest.param([{"type": "unknown"}], 4400, id="an unknown type"),
        pytest.param([{"type": "subscribe", "id": "1", "payload": OPERATION}], 4401, id="an operation before init"),
        pytest.param([INIT, INIT], 4429, id="init twice"),
        pytest.param([INIT, {"type": "subscribe", "id": 1, "payload": OPERATION}], 4400, id="a numeric id"),
        pytest.param([INIT, {"type": "subscribe", "id": "", "payload": OPERATION}], 4400, id="an empty id"),
        pytest.param([INIT, {"type": "subscribe", "id": "1", "payload": None}], 4400, id="no payload"),
        pytest.param([INIT, {"type": "subscribe", "id": "1", "payload": {"query": 1}}], 4400, id="no query"),
    ],
)
async def test_what_breaks_the_protocol_closes_with_its_code(connect: Any, messages: list[Any], code: int) -> None:
    async with connect() as socket:
        for message in messages:
            await socket.send(message)
        received: Any = {"type": "connection_ack"}
        while isinstance(received, dict):
            assert received["type"] == "connection_ack"
            received = await socket.receive()
        assert received == code


async def test_two_operations_of_one_id_close_with_4409(ask: Any, add_user: Any, add_track: Any, connect: Any) -> None:
    viewer = await add_user(Role.ARTIST)
    track = ids.encode("Track", await add_track(viewer))
    query = f'subscription {{ ingestProgress(trackId: "{track}") {{ status }} }}'
    async with connect() as socket:
        await socket.start(bearer(ask.token(viewer)))
        for _ in range(2):
            await socket.send({"type": "subscribe", "id": "1", "payload": {"query": query}})
        received = await socket.receive()
        while isinstance(received, dict):
            received = await socket.receive()
        assert received == 4409


async def test_one_too_many_is_sent_away_until_there_is_room(
    settings: GraphSettings, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("graph.transport.controller.most_sockets", lambda: 1)
    async with living(create_app(settings)) as app:
        for _ in range(2):
            async with Socket(app, {"host": "graph.test"}) as first, Socket(app, {"host": "graph.test"}) as second:
                assert await second.receive() == 1013
                assert (await first.start())["type"] == "connection_ack"


async def test_ping_is_answered_by_pong(connect: Any) -> None:
    async with connect() as socket:
        await socket.send({"type": "ping"})
        assert await socket.receive() == {"type": "pong"}


async def test_errors_on_a_socket_are_typed_and_masked_too(ask: Any, add_user: Any, connect: Any) -> None:
    viewer = await add_user(Role.LISTENER)
    async with connect() as socket:
        await socket.start(bearer(ask.token(viewer)))
        refused = await socket.operate('mutation { createArtist(input: { name: "x" }) { artist { id } } }')
        assert [error["extensions"]["code"] for error in refused["payload"]["errors"]] == ["FORBIDDEN"]
        await socket.receive()
        await ask.app.state.services.pool.execute("ALTER TABLE users RENAME TO people")
        broken = await socket.operate("{ viewer { displayName } }")
        assert [error["message"] for error in broken["payload"]["errors"]] == ["Something went wrong on our side."]
        await socket.receive()
        invalid = await socket.operate("{ nothing }")
        assert (invalid["type"], invalid["payload"][0]["extensions"]) == ("error", {"code": "BAD_REQUEST"})


async def test_a_second_operation_sees_what_changed_after_the_first(ask: Any, add_user: Any, connect: Any) -> None:
    viewer = await add_user(Role.LISTENER)
    pool = ask.app.state.services.pool
    async with connect() as socket:
        await socket.start(bearer(ask.token(viewer)))
        for name in ("First", "Second"):
            await pool.execute("UPDATE users SET display_name = $1", name)
            answer = await socket.operate("{ viewer { displayName } }")
            assert answer["payload"]["data"]["viewer"] == {"displayName": name}
            await socket.receive()


@pytest.mark.parametrize(
    "subprotocol",
    [pytest.param("graphql-ws", id="the older protocol"), pytest.param("graphql-sse", id="no socket protocol at all")],
)
async def test_another_subprotocol_is_not_spoken(connect: Any, subprotocol: str) -> None:
    async with connect(sec_websocket_protocol=subprotocol) as socket:
        assert socket.handshake.get("subprotocol") is None
        assert await socket.receive() == 4406

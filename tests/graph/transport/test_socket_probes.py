"""graphql-transport-ws, probe by probe: what is sent, and exactly what is heard (the protocol's PROTOCOL.md).

A probe whose last word is no close code is followed by a ping, so that it also says that the socket lives. Those that
the library got wrong by itself are marked in their names.
"""

import asyncio
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest

from graph import ids
from graph.viewer import Role

INIT = {"type": "connection_init"}
QUERY = {"query": "{ __typename }"}
MUTATION = {"query": 'mutation { signOut(input: { refreshToken: "x" }) { signedOut } }'}
TWO = {"query": "query A { __typename } query B { viewer { id } }"}


def subscribe(payload: Any, name: Any = "1") -> dict[str, Any]:
    return {"type": "subscribe", "id": name, "payload": payload}


ANSWER: list[str | int] = ["next 1", "complete 1"]
OPTIONAL = ("operationName", "variables", "extensions")
REFUSED = {"query": 'subscription { ingestProgress(trackId: "x") { status } }'}

# Of each: a message, and what is heard of it.
BEFORE_INIT: dict[str, tuple[Any, list[str | int]]] = {
    "init without a payload": (INIT, ["connection_ack"]),
    "init with a null payload (mended)": ({**INIT, "payload": None}, ["connection_ack"]),
    "init with an object": ({**INIT, "payload": {"a": 1}}, ["connection_ack"]),
    "init with a list": ({**INIT, "payload": []}, [4400]),
    "init with a token that is not valid": ({**INIT, "payload": {"authorization": "x"}}, [4403]),
    "subscribe before init": (subscribe(QUERY), [4401]),
    "ping": ({"type": "ping"}, ["pong"]),
    "ping with a payload": ({"type": "ping", "payload": {"a": 1}}, ["pong"]),
    "ping with a null payload": ({"type": "ping", "payload": None}, ["pong"]),
    "ping with a list": ({"type": "ping", "payload": []}, [4400]),
    "pong that nobody asked for": ({"type": "pong"}, []),
    "no JSON": ("{", [4400]),
    "an empty text": ("", [4400]),
    "a list (mended)": ("[]", [4400]),
    "a number (mended)": ("1", [4400]),
    "a text": ('"ping"', [4400]),
    "no type": ("{}", [4400]),
    "an unknown type": ({"type": "start"}, [4400]),
    "a type of the server": ({"type": "connection_ack"}, [4400]),
}
AFTER_INIT: dict[str, tuple[Any, list[str | int]]] = {
    "init again": (INIT, [4429]),
    "complete of an operation that there is not": ({"type": "complete", "id": "9"}, []),
    "complete without an id": ({"type": "complete"}, [4400]),
    "subscribe without an id": ({"type": "subscribe", "payload": QUERY}, [4400]),
    "a numeric id (mended)": (subscribe(QUERY, 1), [4400]),
    "an empty id (mended)": (subscribe(QUERY, ""), [4400]),
    "subscribe without a payload": ({"type": "subscribe", "id": "1"}, [4400]),
    "a null payload (mended)": (subscribe(None), [4400]),
    "subscribe without a query": (subscribe({}), [4400]),
    "a query that is a number (mended)": (subscribe({"query": 1}), [4400]),
    "variables that are a list (mended)": (subscribe({**QUERY, "variables": [1]}), [4400]),
    "extensions that are a text": (subscribe({**QUERY, "extensions": "x"}), [4400]),
    "an operation name that is a number": (subscribe({**QUERY, "operationName": 1}), [4400]),
    "a hash of no shape": (subscribe({"documentId": "x"}), [4400]),
    "a query": (subscribe(QUERY), ANSWER),
    "a mutation": (subscribe(MUTATION), ANSWER),
    "null for what is optional": (subscribe({**QUERY, **dict.fromkeys(OPTIONAL)}), ANSWER),
    "members that nobody knows": (subscribe({**QUERY, "new": 1}), ANSWER),
    "a syntax error (mended)": (subscribe({"query": "{"}), ["error 1"]),
    "a part that would come later, which comes at once": (
        subscribe({"query": "{ ... @defer { __typename } }"}),
        ANSWER,
    ),
    "a document that does not fit": (subscribe({"query": "{ no }"}), ["error 1"]),
    "an operation that there is not (mended)": (subscribe({**QUERY, "operationName": "No"}), ["error 1"]),
    "several operations and no choice": (subscribe(TWO), ["error 1"]),
    "one of several operations": (subscribe({**TWO, "operationName": "A"}), ANSWER),
    "a subscription that may not be": (subscribe(REFUSED), ["next 1", "complete 1"]),
}


def word(message: Any) -> str | int:
    if isinstance(message, int):
        return message
    return f"{message['type']} {message['id']}" if "id" in message else str(message["type"])


async def heard(socket: Any, message: Any, expected: list[str | int]) -> list[str | int]:
    """What follows a message: as many words as expected, and a pong if the socket still lives then."""
    await socket.send(message)
    words = [word(await socket.receive()) for _ in expected]
    if not isinstance((words or [""])[-1], int):
        await socket.send({"type": "ping"})
        assert word(await socket.receive()) == "pong"
    return words


async def test_no_probe_deviates_before_init(connect: Callable[..., Any]) -> None:
    for name, (message, expected) in BEFORE_INIT.items():
        async with connect() as socket:
            assert socket.handshake["subprotocol"] == "graphql-transport-ws"
            assert (name, await heard(socket, message, expected)) == (name, expected)


async def test_no_probe_deviates_after_init(connect: Callable[..., Any]) -> None:
    for name, (message, expected) in AFTER_INIT.items():
        async with connect() as socket:
            assert await heard(socket, INIT, ["connection_ack"]) == ["connection_ack"]
            assert (name, await heard(socket, message, expected)) == (name, expected)


async def test_an_id_is_free_again_after_an_answer_and_after_an_error(connect: Callable[..., Any]) -> None:
    async with connect() as socket:
        steps = [(INIT, ["connection_ack"]), (subscribe(QUERY), ANSWER), AFTER_INIT["a syntax error (mended)"]]
        for message, expected in (*steps, (subscribe(QUERY), ANSWER)):
            assert await heard(socket, message, list(expected)) == expected


@pytest.mark.parametrize(
    ("subprotocol", "heard"),
    [
        pytest.param("graphql-ws", 4406, id="the older protocol, which signs nobody in"),
        pytest.param("x", 4406, id="another one"),
    ],
)
async def test_another_protocol_closes_with_4406(connect: Callable[..., Any], subprotocol: str, heard: int) -> None:
    async with connect(sec_websocket_protocol=subprotocol) as socket:
        assert await socket.receive() == heard


@pytest.fixture
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("graph.transport.controller.INIT_TIMEOUT", timedelta(seconds=0.1))


@pytest.mark.usefixtures("impatient")
async def test_a_socket_without_init_closes_with_4408(connect: Callable[..., Any]) -> None:
    async with connect() as socket:
        assert await socket.receive() == 4408


async def test_a_client_that_answers_no_ping_has_gone(
    connect: Callable[..., Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    ticks: asyncio.Queue[None] = asyncio.Queue()
    monkeypatch.setattr("graph.transport.socket.tick", ticks.get)
    async with connect() as socket:
        await socket.start()
        for _ in range(2):
            ticks.put_nowait(None)
            assert await socket.told() == {"type": "ping"}
            assert await heard(socket, {"type": "pong"}, []) == []
        ticks.put_nowait(None)
        assert await socket.told() == {"type": "ping"}
        ticks.put_nowait(None)
        assert await socket.told() == 1001


@pytest.fixture
def narrow(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("graph.transport.controller.MAX_OPERATIONS_PER_SOCKET", 1)


@pytest.mark.usefixtures("narrow")
async def test_a_socket_that_is_full_refuses_one_more_operation_and_goes_on(
    ask: Any, add_user: Any, add_track: Any, connect: Callable[..., Any]
) -> None:
    viewer = await add_user(Role.ARTIST)
    track = ids.encode("Track", await add_track(viewer))
    watching = subscribe({"query": f'subscription {{ ingestProgress(trackId: "{track}") {{ status }} }}'}, "watch")
    async with connect() as socket:
        await socket.start({"authorization": f"Bearer {ask.token(viewer)}"})
        await socket.send(watching)
        await socket.send(subscribe(QUERY))
        refused = await socket.receive()
        assert (word(refused), refused["payload"][0]["extensions"]) == ("error 1", {"code": "BAD_REQUEST"})
        await socket.send({"type": "complete", "id": "watch"})
        await socket.send(subscribe(QUERY, "2"))
        assert [word(await socket.receive()) for _ in range(2)] == ["next 2", "complete 2"]


async def test_a_running_operation_keeps_its_id_until_complete_ends_it(
    ask: Any, add_user: Any, add_track: Any, connect: Callable[..., Any]
) -> None:
    viewer = await add_user(Role.ARTIST)
    track = ids.encode("Track", await add_track(viewer))
    watching = subscribe({"query": f'subscription {{ ingestProgress(trackId: "{track}") {{ status }} }}'})
    async with connect() as socket:
        await socket.start({"authorization": f"Bearer {ask.token(viewer)}"})
        await socket.send(watching)
        await socket.send({"type": "complete", "id": "1"})
        await socket.send({**watching, "id": "2"})
        await socket.send(subscribe(QUERY))
        assert [word(await socket.receive()) for _ in range(2)] == ANSWER
        await socket.send({**watching, "id": "2"})
        assert await socket.receive() == 4409

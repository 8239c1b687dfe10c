"""Clients that stall: a body that stops in the middle, and answers that nobody reads."""

import asyncio
from typing import Any

import pytest

from graph.transport import patience
from graph.transport.patience import Peer
from tests.graph.scopes import request

PATIENCE_S = 60.0


@pytest.fixture(autouse=True)
def soon(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(patience, "STALLED_S", 0.05)


async def never(*_: Any) -> Any:
    await asyncio.Event().wait()


async def begun(ask: Any, then: Any) -> list[Any]:
    """What is sent to who begins a body; `then` says what comes of the rest."""
    pieces = [{"type": "http.request", "body": b'{"query": "{', "more_body": True}]
    sent: list[Any] = []

    async def receive() -> Any:
        return pieces.pop() if pieces else await then()

    async def send(message: Any) -> None:
        sent.append(message)

    async with asyncio.timeout(PATIENCE_S):
        await ask.app(request({"content-type": "application/json", "content-length": "100"}), receive, send)
    return sent


async def test_a_body_that_stops_is_408(ask: Any) -> None:
    sent = await begun(ask, never)
    assert sent[0]["status"] == 408
    assert sent[1]["body"] == b'{"errors":[{"message":"Request Timeout","extensions":{"code":"BAD_REQUEST"}}]}'


async def test_who_leaves_in_the_middle_of_a_body_is_no_mistake_of_ours(
    ask: Any, capsys: pytest.CaptureFixture[str]
) -> None:
    async def gone() -> Any:
        return {"type": "http.disconnect"}

    assert (await begun(ask, gone))[0]["status"] == 400
    assert "Traceback" not in "".join(capsys.readouterr())


@pytest.mark.parametrize("kind", ["http", "websocket"])
async def test_who_does_not_read_has_left(kind: str) -> None:
    heard: list[Any] = [{"type": "http.request", "body": b"", "more_body": False}] if kind == "http" else []

    async def receive() -> Any:
        return heard.pop() if heard else await never()

    peer = Peer(kind, receive, never)
    if kind == "http":
        await peer.receive()
    listening = asyncio.create_task(peer.receive())
    async with asyncio.timeout(PATIENCE_S):
        await peer.send({"type": "http.response.body", "body": b"", "more_body": True})
        assert (await listening)["type"] == f"{kind}.disconnect"
        assert (await peer.receive())["type"] == f"{kind}.disconnect"
        await peer.send({"type": "http.response.body", "body": b"", "more_body": True})


async def test_of_many_messages_for_which_there_is_no_room_each_is_given_up() -> None:
    peer = Peer("websocket", never, never)
    listening = asyncio.create_task(peer.receive())
    message = {"type": "websocket.send", "text": "{}"}
    async with asyncio.timeout(PATIENCE_S):
        stuck = []
        for _ in range(50):
            stuck.append(asyncio.create_task(peer.send(message)))
            await asyncio.sleep(0)
        await asyncio.gather(*stuck)
        assert (await listening)["type"] == "websocket.disconnect"


async def test_who_is_told_goodbye_need_not_answer() -> None:
    async def send(_: Any) -> None:
        pass

    peer = Peer("websocket", never, send)
    listening = asyncio.create_task(peer.receive())
    await asyncio.sleep(0)  # it listens by now
    async with asyncio.timeout(PATIENCE_S):
        await peer.send({"type": "websocket.close", "code": 1001, "reason": ""})
        assert (await listening)["type"] == "websocket.disconnect"


async def test_who_is_only_quiet_is_listened_to() -> None:
    async def receive() -> Any:
        await asyncio.sleep(5 * patience.STALLED_S)
        return {"type": "websocket.receive", "text": "{}"}

    assert (await Peer("websocket", receive, never).receive())["type"] == "websocket.receive"

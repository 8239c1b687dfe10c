"""Connections to a server that speaks, falls silent and hangs up when it is told to."""

from types import SimpleNamespace
from typing import Any

import pytest

from config import pubsub


class Line:
    """A PubSub as far as it is asked here; each step is a message, None for silence, or the end of the connection."""

    def __init__(self, *steps: str | None) -> None:
        self.steps = list(steps)
        self.pings = 0
        self.connection: Any = SimpleNamespace(is_connected=True)

    async def get_message(self, *, timeout: float) -> str | None:
        assert timeout == 0
        message = self.steps.pop(0)
        self.connection.is_connected = bool(self.steps)
        return message

    async def ping(self) -> None:
        self.pings += 1


async def listen(line: Line) -> list[Any]:
    """What is heard before the connection is lost, and what that raises."""
    heard: list[Any] = []
    try:
        async for message in pubsub.heard(line, quiet_s=0):  # type: ignore[arg-type]
            heard.append(message)  # noqa: PERF401 -- the error comes behind them
    except (OSError, TimeoutError) as error:
        heard.append(type(error))
    return heard


async def test_lost_connection_is_raised_behind_the_last_message() -> None:
    line = Line("one", "two")
    assert (await listen(line), line.pings) == (["one", "two", ConnectionResetError], 0)


async def test_connection_that_was_never_made_is_lost() -> None:
    line = Line("one")
    line.connection = None
    assert await listen(line) == [ConnectionResetError]


async def test_silence_is_asked_for_a_pong_and_then_counts_as_lost(monkeypatch: pytest.MonkeyPatch) -> None:
    now = iter([0.0, 0.0, 1.0])
    monkeypatch.setattr(pubsub, "time", SimpleNamespace(monotonic=lambda: next(now)))
    line = Line(None, None, "too late")
    assert (await listen(line), line.pings) == ([TimeoutError], 1)


async def test_waits_double_up_to_the_longest_and_begin_anew(monkeypatch: pytest.MonkeyPatch) -> None:
    waited: list[float] = []

    async def sleep(seconds: float) -> None:
        waited.append(seconds)

    monkeypatch.setattr(pubsub, "asyncio", SimpleNamespace(sleep=sleep))
    backoff = pubsub.Backoff(longest_s=0.3)
    for _ in range(4):
        await backoff.wait()
    backoff.reset()
    await backoff.wait()
    for seconds, whole in zip(waited, (0.1, 0.2, 0.3, 0.3, 0.1), strict=True):
        assert whole / 2 <= seconds <= whole

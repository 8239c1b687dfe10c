"""The line in the log of an operation that took long."""

import asyncio
from typing import Any

import pytest
import structlog

from config.settings import GraphSettings, graph_settings
from graph.observation import observer
from graph.persisted.wanted import digest_of
from graph.schema import schema

LIMIT_MS = 60_000
SLOW = "query Slow($id: ID!) { track(id: $id) { title } }"
SECRET = "VHJhY2s6c2VjcmV0"


@pytest.fixture
def settings(environment: dict[str, str]) -> GraphSettings:
    return graph_settings({**environment, "SEGUE_SLOW_OPERATION_MS": str(LIMIT_MS)})


@pytest.fixture
def lines(monkeypatch: pytest.MonkeyPatch) -> list[dict[str, Any]]:
    """What the observer logs."""
    caught = structlog.testing.LogCapture()
    monkeypatch.setattr(observer, "log", structlog.wrap_logger(None, processors=[caught]))
    return caught.entries  # type: ignore[return-value] # they are mutable mappings


class Clock:
    """Of an operation that takes as long as it should seem to."""

    def __init__(self, duration_s: float) -> None:
        self._told = iter((100.0, 100.0 + duration_s))

    def perf_counter(self) -> float:
        return next(self._told)


async def test_what_took_long_is_told_without_its_variables(
    ask: Any, lines: list[dict[str, Any]], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(observer, "time", Clock(LIMIT_MS / 1000))
    await ask(SLOW, id=SECRET)
    (line,) = lines
    assert line == {
        "event": "slow operation",
        "log_level": "warning",
        "kind": "query",
        "operation": "Slow",
        "document": digest_of(SLOW),
        "outcome": "OK",
        "duration_ms": LIMIT_MS,
        "cost": 1,
        "statements": 0,
    }
    assert SECRET not in str(line)


async def test_what_was_quick_is_not_told(
    ask: Any, lines: list[dict[str, Any]], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(observer, "time", Clock(LIMIT_MS / 1000 - 0.001))
    await ask(SLOW, id=SECRET)
    assert lines == []


async def test_a_name_that_fills_lines_is_cut_short(
    ask: Any, lines: list[dict[str, Any]], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(observer, "time", Clock(LIMIT_MS / 1000))
    await ask(f"query {'N' * 9000} {{ viewer {{ id }} }}")
    assert [line["operation"] for line in lines] == ["N" * observer.LONGEST_NAME]


async def test_a_name_that_the_document_has_not_is_not_told(
    ask: Any, lines: list[dict[str, Any]], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(observer, "time", Clock(LIMIT_MS / 1000))
    await ask.client.post("/graphql", json={"query": SLOW, "operationName": "my password", "variables": {"id": ""}})
    assert [line["operation"] for line in lines] == [None]


async def test_a_client_that_leaves_has_cancelled(app: Any) -> None:
    watching = app.state.services.observer
    with pytest.raises(asyncio.CancelledError), watching.watching(schema().documents, "{", None, {}):
        raise asyncio.CancelledError
    assert watching.figures.outcomes["unknown", "other", "CANCELLED"] == 1

"""Spans, as a collector receives them."""

from typing import Any

import pytest

from config.settings import GraphSettings, graph_settings
from config.telemetry import traces
from graph.persisted.wanted import digest_of
from tests.graph.clients import Ask
from tests.graph.observation.conftest import HOME, Collector, Span

TRACE, CALLER = "0af7651916cd43dd8448eb211c80319c", "b7ad6b7169203331"
SECRET = "query Secret($id: ID!) { track(id: $id) { title } }"

SERVER, CLIENT = 2, 3
ERROR = 2


@pytest.fixture
def settings(observed: dict[str, str], collector: Collector, monkeypatch: pytest.MonkeyPatch) -> GraphSettings:
    monkeypatch.setattr(traces, "SEND_EVERY_S", 0.01)
    return graph_settings({**observed, "SEGUE_OTLP_URL": collector.url})


async def post(ask: Ask, query: str, *, variables: dict[str, Any] | None = None, sampled: bool = True) -> None:
    headers = {"traceparent": f"00-{TRACE}-{CALLER}-0{int(sampled)}"}
    await ask.client.post("/graphql", json={"query": query, "variables": variables or {}}, headers=headers)


def operation(collector: Collector) -> tuple[Span, list[Span]]:
    """The next operation and its statements, which are sent after it was begun and before it has ended."""
    children: list[Span] = []
    while (span := collector.next()).kind != SERVER:
        children.append(span)
    return span, children


async def test_an_operation_is_a_span_of_its_callers_trace(ask: Ask, collector: Collector, counting: Any) -> None:
    async with counting() as statements:
        await post(ask, HOME)
    span, children = operation(collector)
    assert (span.trace_id, span.parent_id, span.name, span.service) == (TRACE, CALLER, "query Home", "segue-graph")
    assert span.attributes == {
        "graphql.operation.type": "query",
        "graphql.operation.name": "Home",
        "segue.graphql.document.digest": digest_of(HOME),
        "segue.graphql.cost": 11,
        "segue.graphql.statements": len(statements),
    }
    assert [child.attributes["db.query.text"] for child in children] == statements
    assert {(child.parent_id, child.kind, child.name) for child in children} == {(span.span_id, CLIENT, "SELECT")}
    assert all(0 <= child.duration_ns <= span.duration_ns for child in children)


async def test_what_a_client_made_up_is_told_and_names_no_span(ask: Ask, collector: Collector) -> None:
    await post(ask, SECRET, variables={"id": "VHJhY2s6c2VjcmV0"})
    span, _ = operation(collector)
    assert (span.name, span.attributes["graphql.operation.name"]) == ("query", "Secret")
    assert "VHJhY2s6c2VjcmV0" not in str(span)
    await post(ask, "{ nothing }")
    span, _ = operation(collector)
    assert (span.name, span.status, span.attributes["error.type"]) == ("GraphQL Operation", ERROR, "BAD_REQUEST")
    assert "graphql.operation.type" not in span.attributes


async def test_who_calls_decides_what_is_traced(ask: Ask, collector: Collector) -> None:
    await post(ask, HOME, sampled=False)
    await ask(SECRET, id="")
    span, _ = operation(collector)
    assert span.attributes["graphql.operation.name"] == "Secret"
    assert span.trace_id != TRACE


async def test_a_socket_belongs_to_the_trace_of_its_handshake(connect: Any, collector: Collector) -> None:
    async with connect(traceparent=f"00-{TRACE}-{CALLER}-01") as socket:
        await socket.start()
        await socket.operate(SECRET, id="")
        span, _ = operation(collector)
    assert (span.trace_id, span.parent_id) == (TRACE, CALLER)

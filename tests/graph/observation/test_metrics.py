"""What Prometheus is told, read from the port by its own parser."""

import asyncio
import re
import socket
from collections.abc import Callable
from typing import Any

import httpx
import pytest
from prometheus_client import CollectorRegistry

from config.settings import graph_settings, telemetry_settings
from config.telemetry.metrics import metrics_told
from graph import ids
from graph.app import create_app
from graph.viewer import Role
from tests.graph.living import living
from tests.graph.observation.conftest import HOME, PATIENCE_S
from tests.graph.pages import DOCS

Told = Callable[..., dict[str, float]]

NAMED = "query Mine { genres(first: 1) { edges { node { name } } } }"


def ended(figures: dict[str, float], kind: str, name: str, outcome: str) -> float:
    labels = [("kind", kind), ("operation", name), ("outcome", outcome)]
    return figures.get(f"segue_graph_operations_total{labels}", 0)


def of(figures: dict[str, float], sample: str, kind: str, name: str) -> float:
    return figures[f"segue_graph_operation_{sample}{[('kind', kind), ('operation', name)]}"]


async def until(holds: Callable[[], bool]) -> None:
    async with asyncio.timeout(PATIENCE_S):
        while not holds():
            await asyncio.sleep(0.01)


async def test_only_trusted_documents_have_names(ask: Any, told: Told) -> None:
    for text in (HOME, HOME, NAMED, HOME.replace("title", "id")):
        assert "errors" not in await ask(text)
    figures = told()
    assert ended(figures, "query", "Home", "OK") == 2
    assert ended(figures, "query", "other", "OK") == 2
    assert of(figures, "duration_seconds_count", "query", "Home") == 2


async def test_counts_what_operations_cost_and_the_statements_they_sent(ask: Any, told: Told, counting: Any) -> None:
    async with counting() as statements:
        cost = (await ask(HOME))["extensions"]["cost"]["requested"]
    figures = told()
    assert of(figures, "cost_points_total", "query", "Home") == cost
    assert of(figures, "statements_total", "query", "Home") == len(statements) > 0


ENDS = {
    "{ nothing }": ("unknown", "BAD_REQUEST"),
    "{": ("unknown", "BAD_REQUEST"),
    "mutation { reportPlays(input: {plays: []}) { userErrors { code } } }": ("mutation", "UNAUTHENTICATED"),
    "query($n: Int) { genres(first: $n) { edges { node { id } } } }": ("query", "BAD_REQUEST"),
    "query { viewer { id } }": ("query", "OK"),
}


async def test_an_outcome_is_the_code_of_the_first_error(ask: Any, told: Told) -> None:
    for text, (kind, outcome) in ENDS.items():
        before = ended(told(), kind, "other", outcome)
        await ask(text, n=101)
        assert ended(told(), kind, "other", outcome) == before + 1, text


async def test_what_a_limit_refuses_is_counted_and_has_cost_nothing(told: Told, observed: dict[str, str]) -> None:
    limits = {"SEGUE_MAX_COST": "5", "SEGUE_UNLIMITED_ADDRESSES": "none", "SEGUE_RATE_QUERIES": "1"}
    application = create_app(graph_settings({**observed, **limits}))
    async with (
        living(application),
        httpx.AsyncClient(transport=httpx.ASGITransport(application), base_url="http://graph.test") as client,
    ):
        for text in (HOME, "{ viewer { id } }", "{ viewer { id } }"):
            await client.post("/graphql", json={"query": text})
        await client.post("/graphql", content=b"{}")
        await client.post("/graphql", json={"documentId": "0" * 64})
        figures = told()
    assert ended(figures, "query", "Home", "COST_EXCEEDED") == 1
    assert of(figures, "cost_points_total", "query", "Home") == 0
    assert ended(figures, "query", "other", "OK") == 1
    assert ended(figures, "query", "other", "RATE_LIMITED") == 1
    assert figures["segue_graph_http_responses_total[('status', '415')]"] == 1
    assert figures["segue_graph_refused_documents_total[('code', 'PERSISTED_QUERY_NOT_FOUND')]"] == 1


async def test_open_subscriptions_are_those_that_nobody_has_ended(
    connect: Any, ask: Any, told: Told, add_user: Any, add_track: Any
) -> None:
    viewer = await add_user(Role.ARTIST)
    track = ids.encode("Track", await add_track(viewer))
    watch = f'subscription {{ ingestProgress(trackId: "{track}") {{ status }} }}'
    async with connect() as socket:
        await socket.start({"authorization": f"Bearer {ask.token(viewer)}"})
        await socket.send({"type": "subscribe", "id": "1", "payload": {"query": watch}})
        await until(lambda: told()["segue_graph_open_subscriptions[]"] == 1)
        await socket.send({"type": "complete", "id": "1"})
        await until(lambda: told()["segue_graph_open_subscriptions[]"] == 0)
    assert ended(told(), "subscription", "other", "CANCELLED") == 1


async def test_caches_and_connections_are_told(ask: Any, told: Told) -> None:
    before = told()
    for _ in range(3):
        await ask("query Fresh { genres(first: 1) { edges { node { id name } } } }")
    after = told()
    document, plan = "segue_graph_document_cache_lookups_total", "segue_graph_plan_cache_lookups_total"
    for lookups in (
        [f"{document}{[('result', result)]}" for result in ("hit", "miss")],
        [f"{plan}{[('plan', 'pages'), ('result', result)]}" for result in ("hit", "miss")],
    ):
        assert [after[key] - before[key] for key in lookups] == [2, 1]
    connections = [
        after[f"segue_graph_postgres_connections{[('pool', 'primary'), ('state', state)]}"]
        for state in ("used", "idle", "unopened")
    ]
    assert sum(connections) == ask.app.state.services.pool.get_max_size()
    assert after["segue_graph_response_cache_lookups_total[('result', 'hit')]"] == 0
    assert after["process_resident_memory_bytes[]"] > 0


async def test_the_page_for_operators_lists_what_is_told(ask: Any, observed: dict[str, str]) -> None:
    await ask(HOME)
    text = httpx.get(f"http://127.0.0.1:{observed['SEGUE_METRICS_PORT']}/metrics", timeout=PATIENCE_S).text
    names = set(re.findall(r"^# TYPE (segue_\w+)", text, re.MULTILINE))
    page = (DOCS / "operations.md").read_text()
    assert set(re.findall(r"^\| `(segue_\w+)` \|", page, re.MULTILINE)) == names


def first_of_two(free_port: Callable[[], int]) -> int:
    """The first of two neighbours that nobody listens on."""
    first, second = free_port(), free_port()
    while second != first + 1:
        first, second = second, free_port()
    return first


async def test_each_worker_tells_its_own_figures_at_a_port_of_its_own(
    environment: dict[str, str], told: Told, free_port: Callable[[], int]
) -> None:
    port = first_of_two(free_port)
    first = graph_settings({**environment, "SEGUE_GRAPH_WORKERS": "2", "SEGUE_METRICS_PORT": str(port)})
    async with living(create_app(first)), living(create_app(first)):
        assert [told(port + worker)["segue_graph_open_subscriptions[]"] for worker in (0, 1)] == [0, 0]


async def test_a_process_serves_also_where_its_port_is_taken(observed: dict[str, str], told: Told) -> None:
    settings = graph_settings(observed)
    async with living(create_app(settings)), living(create_app(settings)) as second:
        assert told()["segue_graph_open_subscriptions[]"] == 0
        async with httpx.AsyncClient(transport=httpx.ASGITransport(second), base_url="http://graph.test") as client:
            assert (await client.get("/health/ready")).status_code == 200
            assert (await client.get("/metrics")).status_code == 404


async def test_the_port_may_be_one_of_ipv6(free_port: Callable[[], int]) -> None:
    try:
        socket.create_server(("::1", 0), family=socket.AF_INET6).close()
    except OSError:
        pytest.skip("this machine has no IPv6")
    port = free_port()
    settings = telemetry_settings({"SEGUE_METRICS_HOST": "::1", "SEGUE_METRICS_PORT": str(port)})
    async with metrics_told(CollectorRegistry(), settings, workers=1), httpx.AsyncClient() as client:
        response = await client.get(f"http://[::1]:{port}/metrics", timeout=PATIENCE_S)
    assert response.status_code == 200


async def test_nobody_listens_without_a_setting(environment: dict[str, str], told: Told) -> None:
    async with living(create_app(graph_settings(environment))):
        with pytest.raises(httpx.ConnectError):
            told()

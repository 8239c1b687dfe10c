"""What Prometheus calls the figures of a process, read when it asks and not before.

`docs/operations.md` lists them with what they are good for. Sums of all workers are Prometheus's to make.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Mapping
from itertools import accumulate
from typing import Any

import msgspec
from prometheus_client import CollectorRegistry, ProcessCollector
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, HistogramMetricFamily, Metric
from prometheus_client.registry import Collector

from config.postgres import Pool
from config.replicas import Replicas
from graph.execution.documents import Documents
from graph.observation.figures import BOUNDS_S, Figures
from graph.observation.observer import Observer
from graph.persisted.store import PersistedDocuments
from graph.reads import executor, planning
from graph.reuse.answers import Answers

BY = ("kind", "operation")
PLANS: dict[str, planning.Recent[Any]] = {"rows": planning.rows, "pages": planning.pages, "writers": executor.writers}
"""Kept for the process, not for one application."""
BOUNDS = (*(f"{bound:g}" for bound in BOUNDS_S), "+Inf")


class Sources(msgspec.Struct, frozen=True, kw_only=True):
    """Whose figures are told."""

    observer: Observer
    documents: Documents
    answers: Answers
    persisted: PersistedDocuments
    pools: Mapping[str, Pool]
    replicas: Replicas


class GraphMetrics(Collector):
    """Reads the figures of one process."""

    def __init__(self, sources: Sources) -> None:
        self._sources = sources

    def describe(self) -> Iterable[Metric]:
        """Nothing is promised beforehand, so that a registry does not collect to find out."""
        return ()

    def collect(self) -> Iterator[Metric]:
        """All families; in a thread of its own, so whatever grows is copied before it is walked."""
        sources = self._sources
        yield from _operations(sources.observer.figures)
        yield _single(
            "segue_graph_open_subscriptions", "Subscriptions that are open.", sources.observer.open_subscriptions
        )
        yield _cache(
            "segue_graph_document_cache", "Documents looked up", sources.documents.hits, sources.documents.misses
        )
        yield _plans()
        yield _refused(sources.persisted)
        yield _cache("segue_graph_response_cache", "Answers looked up", sources.answers.hits, sources.answers.misses)
        yield _single("segue_graph_response_cache_bytes", "What held answers take.", sources.answers.held_bytes)
        yield _connections({**sources.pools, **sources.replicas.pools()})
        yield from _replicas(sources.replicas)


def registry_of(sources: Sources) -> CollectorRegistry:
    """What is told at the port for metrics: ours, and what the kernel says of the process."""
    registry = CollectorRegistry(auto_describe=False)
    registry.register(GraphMetrics(sources))
    ProcessCollector(registry=registry)
    return registry


def _operations(figures: Figures) -> Iterator[Metric]:
    ended = CounterMetricFamily(
        "segue_graph_operations", "Operations that are over, by how they ended.", labels=(*BY, "outcome")
    )
    for (kind, name, outcome), number in tuple(figures.outcomes.items()):
        ended.add_metric((kind, name, outcome), number)
    yield ended
    duration = HistogramMetricFamily(
        "segue_graph_operation_duration", "How long operations took.", labels=BY, unit="seconds"
    )
    cost = CounterMetricFamily("segue_graph_operation_cost_points", "What operations cost.", labels=BY)
    statements = CounterMetricFamily("segue_graph_operation_statements", "Statements sent to PostgreSQL.", labels=BY)
    for labels, work in tuple(figures.work.items()):
        buckets = list(zip(BOUNDS, accumulate(work.buckets), strict=True))
        duration.add_metric(labels, buckets, work.duration_s)
        cost.add_metric(labels, work.cost)
        statements.add_metric(labels, work.statements)
    yield from (duration, cost, statements)
    events = CounterMetricFamily("segue_graph_stream_events", "Answers told on sockets and event streams.")
    events.add_metric((), figures.events)
    yield events
    responses = CounterMetricFamily("segue_graph_http_responses", "Responses of the API's port.", labels=("status",))
    for status, number in tuple(figures.responses.items()):
        responses.add_metric((str(status),), number)
    yield responses


def _cache(name: str, help_text: str, hits: int, misses: int) -> Metric:
    family = CounterMetricFamily(f"{name}_lookups", f"{help_text}, by whether they were there.", labels=("result",))
    family.add_metric(("hit",), hits)
    family.add_metric(("miss",), misses)
    return family


def _plans() -> Metric:
    family = CounterMetricFamily(
        "segue_graph_plan_cache_lookups",
        "What an operation reads and writes out, by whether it was known from the document.",
        labels=("plan", "result"),
    )
    for name, known in PLANS.items():
        family.add_metric((name, "hit"), known.hits)
        family.add_metric((name, "miss"), known.misses)
    return family


def _refused(persisted: PersistedDocuments) -> Metric:
    family = CounterMetricFamily(
        "segue_graph_refused_documents", "Documents asked for by their hash that were not there.", labels=("code",)
    )
    for code, number in tuple(persisted.refused.items()):
        family.add_metric((code,), number)
    return family


def _connections(pools: Mapping[str, Pool]) -> Metric:
    family = GaugeMetricFamily(
        "segue_graph_postgres_connections",
        "Connections of the process: in use, idle, and those that it may still open.",
        labels=("pool", "state"),
    )
    for name, pool in pools.items():
        size, idle = pool.get_size(), pool.get_idle_size()
        family.add_metric((name, "used"), size - idle)
        family.add_metric((name, "idle"), idle)
        family.add_metric((name, "unopened"), pool.get_max_size() - size)
    return family


def _replicas(replicas: Replicas) -> Iterator[Metric]:
    lag = GaugeMetricFamily(
        "segue_graph_replica_lag",
        "How old the state is that a replica shows; NaN while it does not answer.",
        labels=("replica",),
        unit="seconds",
    )
    for name, lag_s in replicas.lags_s().items():
        lag.add_metric((name,), math.nan if lag_s is None else lag_s)
    yield lag


def _single(name: str, help_text: str, value: float) -> Metric:
    return GaugeMetricFamily(name, help_text, value=value)

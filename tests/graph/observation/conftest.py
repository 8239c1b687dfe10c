"""The application with trusted documents, a port for metrics, a collector, and every operation counting as slow."""

import gzip
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from queue import Queue
from threading import Thread
from typing import Any, NamedTuple

import httpx
import pytest
from prometheus_client.parser import text_string_to_metric_families

from config.settings import GraphSettings, graph_settings

HOME = "query Home { trendingTracks(first: 10, over: DAY) { edges { node { title } } } }"
PATIENCE_S = 60.0


class Span(NamedTuple):
    """One span, as its bytes say."""

    trace_id: str
    span_id: str
    parent_id: str
    name: str
    kind: int
    duration_ns: int
    attributes: dict[str, Any]
    status: int
    service: str


class Collector(ThreadingHTTPServer):
    """An OpenTelemetry collector that takes OTLP over HTTP."""

    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Taking)
        self.spans: Queue[Span] = Queue()
        self.url = f"http://127.0.0.1:{self.server_port}"

    def next(self) -> Span:
        return self.spans.get(timeout=PATIENCE_S)


class Taking(BaseHTTPRequestHandler):
    def do_POST(self) -> None:
        assert isinstance(self.server, Collector)
        assert (self.path, self.headers["content-type"]) == ("/v1/traces", "application/x-protobuf")
        body = self.rfile.read(int(self.headers["content-length"]))
        for span in spans(gzip.decompress(body) if self.headers["content-encoding"] == "gzip" else body):
            self.server.spans.put(span)
        self.send_response(200)
        self.end_headers()

    def log_message(self, *_: object) -> None:
        pass


def fields(data: bytes) -> Iterator[tuple[int, Any]]:
    """Protocol Buffers' wire format: the numbers of a message's fields and their values."""
    at = 0

    def varint() -> int:
        nonlocal at
        value = shift = 0
        while True:
            byte = data[at]
            at += 1
            value |= (byte & 127) << shift
            shift += 7
            if byte < 128:
                return value

    while at < len(data):
        key = varint()
        if key & 7 == 0:
            yield key >> 3, varint()
        else:
            size = {1: 8, 5: 4}[key & 7] if key & 7 != 2 else varint()
            yield key >> 3, data[at : at + size]
            at += size


def one(data: bytes, number: int, default: Any = b"") -> Any:
    return dict(fields(data)).get(number, default)


def several(data: bytes, number: int) -> list[bytes]:
    return [value for found, value in fields(data) if found == number]


def attributes(message: bytes, number: int) -> dict[str, Any]:
    """Key and value: opentelemetry/proto/common/v1/common.proto."""
    found: dict[str, Any] = {}
    for pair in several(message, number):
        ((kind, value),) = fields(one(pair, 2))
        found[one(pair, 1).decode()] = value.decode() if kind == 1 else value
    return found


def spans(request: bytes) -> Iterator[Span]:
    """ExportTraceServiceRequest: opentelemetry/proto/trace/v1/trace.proto."""
    for of_resource in several(request, 1):
        service = attributes(one(of_resource, 1), 1)["service.name"]
        for of_scope in several(of_resource, 2):
            for span in several(of_scope, 2):
                began_ns, ended_ns = (int.from_bytes(one(span, number), "little") for number in (7, 8))
                yield Span(
                    trace_id=one(span, 1).hex(),
                    span_id=one(span, 2).hex(),
                    parent_id=one(span, 4).hex(),
                    name=one(span, 5).decode(),
                    kind=one(span, 6, 0),
                    duration_ns=ended_ns - began_ns,
                    attributes=attributes(span, 9),
                    status=one(one(span, 15), 3, 0),
                    service=service,
                )


@pytest.fixture
def collector() -> Iterator[Collector]:
    with Collector() as server:
        thread = Thread(target=server.serve_forever, args=(0.01,))
        thread.start()
        yield server
        server.shutdown()
        thread.join()


@pytest.fixture
def observed(environment: dict[str, str], tmp_path: Path, free_port: Callable[[], int]) -> dict[str, str]:
    """The variables of a process that is observed, but sends no traces."""
    (tmp_path / "home.graphql").write_text(HOME)
    own = {"SEGUE_TRUSTED_DOCUMENTS": str(tmp_path), "SEGUE_METRICS_PORT": str(free_port())}
    return {**environment, **own}


@pytest.fixture
def settings(observed: dict[str, str]) -> GraphSettings:
    return graph_settings(observed)


@pytest.fixture
def told(observed: dict[str, str]) -> Callable[[], dict[str, float]]:
    """All samples that the process tells at its port, by name and labels as Prometheus writes them."""

    def fetch(port: int = int(observed["SEGUE_METRICS_PORT"])) -> dict[str, float]:
        text = httpx.get(f"http://127.0.0.1:{port}/metrics", timeout=PATIENCE_S).text
        samples = [sample for family in text_string_to_metric_families(text) for sample in family.samples]
        return {f"{name}{sorted(labels.items())}": value for name, labels, value, *_ in samples}

    return fetch

"""A port of its own on which a process tells its metrics, away from whatever clients reach.

Each worker of a server has figures of its own and a port of its own: the first that is free among as many as there are
workers. So each is a target of Prometheus, which adds them up, and nothing has to be shared between them.
"""

from __future__ import annotations

import asyncio
import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from socketserver import ThreadingMixIn
from threading import Thread
from wsgiref.simple_server import WSGIRequestHandler, WSGIServer

from prometheus_client import CollectorRegistry, make_wsgi_app

from config.logs import logger
from config.settings import TelemetrySettings

PATIENCE_S = 5.0
"""Of a scraper that has connected and asks nothing."""
LOOK_S = 0.1
"""How often the port is looked at for its end, which is as long as a process that ends waits for it."""

log = logger(__name__)


class Server(ThreadingMixIn, WSGIServer):
    """In threads, so that whoever asks slowly waits alone."""

    daemon_threads = True
    allow_reuse_port = False
    """Two workers on one port would each tell half of the time what it knows."""

    def __init__(self, host: str, port: int) -> None:
        self.address_family = socket.AF_INET6 if ":" in host else socket.AF_INET
        super().__init__((host, port), Handler)


class Handler(WSGIRequestHandler):
    """Without a line in the log for each scrape."""

    timeout = PATIENCE_S

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 -- the base class's name
        pass


@asynccontextmanager
async def metrics_told(
    registry: CollectorRegistry, settings: TelemetrySettings, *, workers: int
) -> AsyncIterator[None]:
    """Tell them for as long as the block lasts, where a setting says so."""
    server = _listening(settings, workers=workers)
    if server is None:
        yield
        return
    server.set_app(make_wsgi_app(registry))
    thread = Thread(target=server.serve_forever, args=(LOOK_S,), name="metrics", daemon=True)
    thread.start()
    try:
        yield
    finally:
        await asyncio.to_thread(server.shutdown)
        server.server_close()


def _listening(settings: TelemetrySettings, *, workers: int) -> Server | None:
    """A server on the first free port. Without one the process goes on: who asks it matters more than who watches."""
    if settings.metrics_port is None:
        return None
    ports = range(settings.metrics_port, settings.metrics_port + workers)
    for port in ports:
        try:
            return Server(settings.metrics_host, port)
        except OSError:
            continue
    log.error("no port for metrics", host=settings.metrics_host, first=ports[0], last=ports[-1])
    return None

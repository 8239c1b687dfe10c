"""Traces, sent in batches to a collector by a thread of their own (OTLP over HTTP, protobuf).

A collector that is away or slow loses spans; nobody who waits for an answer notices.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from threading import Thread

from opentelemetry.trace import Tracer

from config.settings import TelemetrySettings

SEND_LIMIT_S = 3.0
"""A collector stands close by, and a process that ends waits for it no longer than this."""
SEND_EVERY_S = 1.0


@asynccontextmanager
async def open_tracer(settings: TelemetrySettings, *, service: str) -> AsyncIterator[Tracer | None]:
    """What begins the spans of this process; None without a collector. What is left is sent at the end."""
    if not settings.collector_url:
        yield None
        return
    # Imported by who traces alone: the kit and its protobuf take eleven megabytes in each worker.
    from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter  # noqa: PLC0415 -- see above
    from opentelemetry.sdk.resources import Resource  # noqa: PLC0415 -- see above
    from opentelemetry.sdk.trace import TracerProvider  # noqa: PLC0415 -- see above
    from opentelemetry.sdk.trace.export import BatchSpanProcessor  # noqa: PLC0415 -- see above
    from opentelemetry.sdk.trace.sampling import ParentBased, TraceIdRatioBased  # noqa: PLC0415 -- see above

    provider = TracerProvider(
        sampler=ParentBased(TraceIdRatioBased(settings.traced_share)),
        resource=Resource.create({"service.name": service}),
        shutdown_on_exit=False,
    )
    exporter = OTLPSpanExporter(endpoint=f"{settings.collector_url}/v1/traces", timeout=SEND_LIMIT_S)
    provider.add_span_processor(BatchSpanProcessor(exporter, schedule_delay_millis=SEND_EVERY_S * 1000))
    try:
        yield provider.get_tracer("segue")
    finally:
        # It would wait ten times as long for a collector that hangs, so it is left to itself after a while.
        ending = Thread(target=provider.shutdown, daemon=True)
        ending.start()
        await asyncio.to_thread(ending.join, SEND_LIMIT_S)

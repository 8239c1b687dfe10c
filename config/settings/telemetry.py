"""What a process tells of itself to whoever operates it: metrics, traces, and which operations are slow."""

from __future__ import annotations

import msgspec

from config.errors import InvalidSetting
from config.settings.reader import Environment, Reader


class TelemetrySettings(msgspec.Struct, frozen=True, kw_only=True):
    """Where metrics are fetched and traces are sent; neither without an address."""

    metrics_host: str
    metrics_port: int | None
    """Of the first worker; each further one takes the next. None: nobody listens."""
    collector_url: str
    """Of an OpenTelemetry collector that takes OTLP over HTTP; empty: nothing is traced."""
    traced_share: float
    """Of the operations about which no caller has decided."""
    slow_operation_s: float
    """An operation that takes as long is worth a line in the log; 0: none is."""


def telemetry_settings(environment: Environment) -> TelemetrySettings:
    """Raises InvalidSetting."""
    read = Reader(environment)
    share = read.number("SEGUE_TRACED_SHARE", 1.0, above=0)
    if share > 1:
        raise InvalidSetting("SEGUE_TRACED_SHARE", f"must be a number above 0 and at most 1, not {share:g}")
    return TelemetrySettings(
        metrics_host=read.text("SEGUE_METRICS_HOST", "127.0.0.1"),
        metrics_port=read.port("SEGUE_METRICS_PORT", 1) if read.text("SEGUE_METRICS_PORT", "") else None,
        collector_url=read.url("SEGUE_OTLP_URL") if read.text("SEGUE_OTLP_URL", "") else "",
        traced_share=share,
        slow_operation_s=read.integer("SEGUE_SLOW_OPERATION_MS", 1000, at_least=0) / 1000,
    )

"""Structured logs: one JSON line an event on standard error, or coloured lines when it is a terminal.

A request or job id is bound once, at the entrance (`bind`), and rides on every line logged below it.
"""

from __future__ import annotations

import logging
import sys

import structlog


def configure_logs(process: str, *, json: bool) -> None:
    """Set up structlog for one process; `process` is on every line."""
    renderer: structlog.typing.Processor = (
        structlog.processors.JSONRenderer() if json else structlog.dev.ConsoleRenderer()
    )
    structlog.configure(
        processors=[
            structlog.contextvars.merge_contextvars,
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            structlog.processors.StackInfoRenderer(),
            structlog.processors.format_exc_info,
            renderer,
        ],
        wrapper_class=structlog.make_filtering_bound_logger(logging.INFO),
        logger_factory=structlog.PrintLoggerFactory(sys.stderr),
        cache_logger_on_first_use=True,
    )
    structlog.contextvars.clear_contextvars()
    structlog.contextvars.bind_contextvars(process=process)
    # Libraries that use the standard module: warnings and worse, on the same stream.
    logging.basicConfig(level=logging.WARNING, stream=sys.stderr, format="%(levelname)s %(name)s %(message)s")


def logger(name: str) -> structlog.typing.FilteringBoundLogger:
    """The logger of one module."""
    log: structlog.typing.FilteringBoundLogger = structlog.get_logger(module=name)
    return log


def bind(**values: str) -> None:
    """Put values such as `request_id` or `job_id` on every line of the current task."""
    structlog.contextvars.bind_contextvars(**values)

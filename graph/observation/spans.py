"""A span for each operation, written when it is over, with a child for each statement that it sent to PostgreSQL.

Named as OpenTelemetry's conventions for GraphQL servers have it: by the kind of the operation, and by its name where
names are bounded. The document is told by its digest, never by its text: a client may have written values into it.
Statements are told with their placeholders, so without values too.
"""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence

import msgspec
from opentelemetry.context import Context
from opentelemetry.trace import SpanKind, Status, StatusCode, Tracer, set_span_in_context
from opentelemetry.trace.propagation.tracecontext import TraceContextTextMapPropagator

from config.tally import Timed
from graph.observation.figures import OK, OTHER, UNKNOWN, Seen

PROPAGATOR = TraceContextTextMapPropagator()


class Operation(msgspec.Struct, frozen=True, kw_only=True):
    """What is told of one operation to those who look at single ones."""

    seen: Seen
    name: str | None
    """As the document has it, whoever wrote that."""
    digest: str


class Spans:
    """Writes to one collector."""

    def __init__(self, tracer: Tracer) -> None:
        self._tracer = tracer

    def write(self, operation: Operation, statements: Sequence[Timed], *, parent: Mapping[str, str]) -> str:
        """Write one operation that has just ended, and answer the id of its trace.

        `parent` has the headers `traceparent` and `tracestate` of its request, if those came (W3C Trace Context).
        """
        ended_ns = time.time_ns()
        span = self._tracer.start_span(
            _title(operation),
            context=PROPAGATOR.extract(parent, context=Context()),
            kind=SpanKind.SERVER,
            attributes=_attributes(operation),
            start_time=ended_ns - int(operation.seen.duration_s * 1e9),
        )
        if span.is_recording():
            if operation.seen.outcome != OK:
                span.set_status(Status(StatusCode.ERROR))
            self._children(set_span_in_context(span, Context()), statements)
        span.end(ended_ns)
        return f"{span.get_span_context().trace_id:032x}"

    def _children(self, inside: Context, statements: Sequence[Timed]) -> None:
        for statement in statements:
            verb = statement.text.split(maxsplit=1)[0].rstrip(";").upper()
            attributes = {
                "db.system.name": "postgresql",
                "db.operation.name": verb,
                "db.query.text": statement.text,
            }
            child = self._tracer.start_span(
                verb, context=inside, kind=SpanKind.CLIENT, attributes=attributes, start_time=statement.began_ns
            )
            child.end(statement.ended_ns)


def _title(operation: Operation) -> str:
    kind, name = operation.seen.kind, operation.seen.name
    if kind == UNKNOWN:
        return "GraphQL Operation"
    return kind if name == OTHER or operation.name is None else f"{kind} {name}"


def _attributes(operation: Operation) -> dict[str, str | int]:
    seen = operation.seen
    known: dict[str, str | None] = {
        "graphql.operation.type": None if seen.kind == UNKNOWN else seen.kind,
        "graphql.operation.name": operation.name,
        "error.type": None if seen.outcome == OK else seen.outcome,
    }
    return {
        **{name: value for name, value in known.items() if value is not None},
        "segue.graphql.document.digest": operation.digest,
        "segue.graphql.cost": seen.cost,
        "segue.graphql.statements": seen.statements,
    }

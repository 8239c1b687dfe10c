"""The one place that looks at operations, from outside: when one began and ended, what it asked for and how it ended.

Figures are summed up for each (`figures`), a span is written where traces are wanted (`spans`), and one that took long
is worth a warning. A warning names an operation by its name and the digest of its document. Variables, tokens and what
was answered are nobody's business here.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncGenerator, Collection, Mapping
from contextlib import aclosing
from types import TracebackType
from typing import Any, Self

from graphql import GraphQLError

from config.logs import logger
from config.tally import Tally, current
from graph.errors import Code
from graph.execution.cost import Kind
from graph.execution.documents import Documents
from graph.execution.masking import root_cause, told
from graph.observation.figures import CANCELLED, OK, OTHER, UNKNOWN, UNNAMED, Figures, Seen
from graph.observation.spans import Operation, Spans
from graph.persisted.wanted import digest_of

log = logger(__name__)

LONGEST_NAME = 100
"""Characters. A name may be as long as a document, and every line of the log would be."""
TYPES = {
    Kind.QUERY: "query",
    Kind.MUTATION: "mutation",
    Kind.CREDENTIALS: "mutation",
    Kind.SUBSCRIPTION: "subscription",
}
"""What GraphQL calls them."""


class Observer:
    """Of one process; `spans` is None where nothing is traced."""

    def __init__(self, figures: Figures, spans: Spans | None, *, trusted: Collection[str], slow_s: float) -> None:
        """Take the texts of the trusted documents, whose operations have names worth counting by."""
        self.figures = figures
        self.spans = spans
        self._trusted = frozenset(trusted)
        self._slow_s = slow_s
        self.open: set[Watch] = set()
        """Streams that have not ended."""

    def watching(
        self, documents: Documents, text: str | None, name: str | None, trace_parent: Mapping[str, str]
    ) -> Watch:
        """Watch one operation: a block, which tells the watch of its results."""
        return Watch(self, documents, text or "", name, trace_parent)

    @property
    def open_subscriptions(self) -> int:
        """Streams whose document is known by now to be a subscription."""
        return sum(watch.asked()[0] == TYPES[Kind.SUBSCRIPTION] for watch in tuple(self.open))

    def over(self, watch: Watch, duration_s: float) -> None:
        """Count an operation that is over."""
        kind, name = watch.asked()
        bounded = (name or UNNAMED) if watch.text in self._trusted else OTHER
        seen = Seen(kind, bounded, watch.outcome, duration_s, watch.cost, watch.tally.statements)
        self.figures.count(seen)
        is_slow = 0 < self._slow_s <= duration_s and kind != TYPES[Kind.SUBSCRIPTION]
        if self.spans is None and not is_slow:
            return
        operation = Operation(seen=seen, name=name, digest=digest_of(watch.text))
        trace_id = None
        if self.spans is not None:
            trace_id = self.spans.write(operation, watch.tally.timed, parent=watch.trace_parent)
        if is_slow:
            _warn(operation, trace_id)


class Watch:
    """One operation while it runs."""

    __slots__ = (
        "_asked",
        "_began_s",
        "_documents",
        "_name",
        "_observer",
        "cost",
        "outcome",
        "tally",
        "text",
        "trace_parent",
    )

    def __init__(
        self, observer: Observer, documents: Documents, text: str, name: str | None, trace_parent: Mapping[str, str]
    ) -> None:
        self._observer = observer
        self._documents = documents
        self._name = name
        self._began_s = 0.0
        self._asked: tuple[str, str | None] = UNKNOWN, None
        self.text = text
        self.trace_parent = trace_parent
        self.tally = Tally(timing=observer.spans is not None)
        self.outcome = OK
        self.cost = 0

    def __enter__(self) -> Self:
        self._began_s = time.perf_counter()
        current.set(self.tally)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        current.set(None)
        if isinstance(error, asyncio.CancelledError | GeneratorExit):
            self.outcome = CANCELLED
        elif error is not None:
            self.outcome = Code.BAD_REQUEST.value  # what Strawberry raises instead of answering
        self._observer.over(self, time.perf_counter() - self._began_s)

    def told(self, result: Any) -> None:
        """Look at an answer, or at one event of a stream."""
        # The later parts of a divided answer have neither errors nor extensions of their own.
        errors, extensions = getattr(result, "errors", None), getattr(result, "extensions", None)
        if errors and self.outcome == OK:
            self.outcome = _code(errors[0])
        # What was refused has cost nothing.
        if extensions and "cost" in extensions and result.data is not None:
            self.cost = extensions["cost"]["requested"]

    async def stream(self, events: AsyncGenerator[Any, None]) -> AsyncGenerator[Any, None]:
        """The events of an operation, looked at as they pass."""
        self._observer.open.add(self)
        try:
            with self:
                async with aclosing(events):
                    async for event in events:
                        self.asked()  # a stream may last longer than its document is remembered
                        self.told(event)
                        self._observer.figures.events += 1
                        yield event
                        # Whoever asks for the next one may be another task.
                        current.set(self.tally)
        finally:
            self._observer.open.discard(self)

    def asked(self) -> tuple[str, str | None]:
        """The kind of the operation and its name, as far as its document was found to fit the schema."""
        if self._asked[0] == UNKNOWN:
            self._asked = self._look()
        return self._asked

    def _look(self) -> tuple[str, str | None]:
        checked = self._documents.peek(self.text)
        demands = checked.demands if checked else {}
        name = next(iter(demands)) if self._name is None and len(demands) == 1 else self._name or ""
        if name not in demands:
            # A name that the document has not is whatever a client has put there.
            return UNKNOWN, None
        return TYPES[demands[name].kind], name[:LONGEST_NAME] or None


def _code(error: GraphQLError) -> str:
    """The code of an error, also of one that has not been masked yet."""
    given = (error.extensions or {}).get("code")
    if given is not None:
        return str(given)
    cause = root_cause(error)
    return (Code.BAD_REQUEST if cause is None else told(cause).code).value


def _warn(operation: Operation, trace_id: str | None) -> None:
    seen = operation.seen
    log.warning(
        "slow operation",
        kind=seen.kind,
        operation=operation.name,
        document=operation.digest,
        outcome=seen.outcome,
        duration_ms=round(seen.duration_s * 1000),
        cost=seen.cost,
        statements=seen.statements,
        **({} if trace_id is None else {"trace_id": trace_id}),
    )

"""What every operation passes before it runs: parsing, limits, validation, its cost, and the rate of who asks.

Everything about the document alone is done once and remembered by its text; everything about the request, which is its
variables and its sender, is done each time and is arithmetic. What was refused has no `data`, on every transport.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Iterator, Mapping
from contextlib import asynccontextmanager
from typing import Any

from graphql import GraphQLError
from strawberry.extensions import SchemaExtension

from config.settings import DocumentSettings
from graph.context import Context
from graph.errors import GraphError, TooExpensive, TookTooLong
from graph.execution.cost import Demand, Kind
from graph.execution.documents import Checked, Documents, check

AMBIGUOUS = "Name the operation: the document has several."


async def admit(demand: Demand, cost: int, context: Context, *, max_cost: int) -> None:
    """Let an operation run whose cost is known. Raises TooExpensive, and RateLimited."""
    if cost > max_cost:
        raise TooExpensive(cost, max_cost)
    await context.services.limiter.admit(demand.kind, cost, viewer=context.viewer, address=context.address)


@asynccontextmanager
async def in_time(context: Context) -> AsyncIterator[None]:
    """Limit the time of an operation; what still runs then is cancelled. Raises TookTooLong."""
    timeout_s = context.services.settings.requests.timeout_s
    # For what comes after the block: the later parts of an answer.
    context.ends_at_s = time.monotonic() + timeout_s
    try:
        async with asyncio.timeout(timeout_s):
            yield
    except TimeoutError as error:
        raise TookTooLong from error


def priced(cost: int, max_cost: int) -> dict[str, Any]:
    """`extensions` of an answer."""
    return {"cost": {"requested": cost, "limit": max_cost}}


class Gate(SchemaExtension):
    """One instance for each operation."""

    def __init__(self, documents: Documents, settings: DocumentSettings) -> None:
        self._documents = documents
        self._settings = settings
        self._found: Checked | None = None
        self._cost: int | None = None

    def on_parse(self) -> Iterator[None]:
        execution = self.execution_context
        execution.parse_options["max_tokens"] = self._settings.max_tokens
        if execution.query:
            self._found = self._documents.get(execution.query)
        if self._found is not None:
            execution.graphql_document = self._found.document
        yield

    async def on_validate(self) -> AsyncIterator[None]:
        checked = self._checked()
        errors = list(checked.errors)
        # `operation_name` guesses the first one when none was given.
        given = self.execution_context._provided_operation_name  # noqa: SLF001 -- see above
        if not errors and given is None and checked.operations > 1:
            errors = [GraphQLError(AMBIGUOUS)]
        if not errors:
            errors = await self._refusal(checked.demands[self.execution_context.operation_name or ""])
        # A list, even an empty one, tells Strawberry that it need not validate.
        self.execution_context.pre_execution_errors = errors
        yield

    async def on_execute(self) -> AsyncIterator[None]:
        """Limits the time of a query or a mutation. Of a subscription only the beginning passes here."""
        async with in_time(self.execution_context.context):
            yield

    def get_results(self) -> dict[str, object]:
        """`extensions` of the answer."""
        if self._cost is None:
            return {}
        return priced(self._cost, self._settings.max_cost)

    def _checked(self) -> Checked:
        execution = self.execution_context
        if self._found is None:
            document = execution.graphql_document
            assert document is not None  # noqa: S101 -- Strawberry parses before it validates
            self._found = check(document, execution.schema._schema, self._settings)  # noqa: SLF001 -- graphql-core's
            self._documents.put(execution.query or "", self._found)
        return self._found

    async def _refusal(self, demand: Demand) -> list[GraphQLError]:
        variables: Mapping[str, object] = self.execution_context.variables or {}
        context: Context = self.execution_context.context
        # An event of a subscription is told whole, on a stream as on a socket.
        context.in_parts = context.in_parts and self._checked().in_parts and demand.kind is not Kind.SUBSCRIPTION
        self._cost = demand.cost(variables)
        try:
            await admit(demand, self._cost, context, max_cost=self._settings.max_cost)
        except GraphError as error:
            return [GraphQLError(str(error), original_error=error)]
        return []

"""Operations of documents that were judged before, executed without Strawberry's runner.

For every operation the runner makes the extensions of the schema anew, and a context for each of their hooks. Of a
document that is known, what these do comes to a few lines, which stand here in their order: price and rates, time, a
context of the operation's own, the execution, masking. All else is left to the runner: documents that are new or wrong,
names of operations that there are not, kinds that a transport does not carry, answers in parts, subscriptions.
"""

from __future__ import annotations

from collections.abc import Awaitable, Collection, Mapping
from typing import TYPE_CHECKING, Any, cast

import msgspec
from graphql import ExecutionResult as Executed
from graphql import GraphQLError
from strawberry.execution import optimized_is_awaitable
from strawberry.types import ExecutionResult
from strawberry.types.graphql import OperationType

from graph.context import Context
from graph.execution.bulk import execute
from graph.execution.cost import Demand, Kind
from graph.execution.documents import Checked
from graph.execution.gate import admit, in_time, priced
from graph.execution.masking import masked

if TYPE_CHECKING:
    from graph.schema import Schema

TYPES = {
    Kind.QUERY: OperationType.QUERY,
    Kind.MUTATION: OperationType.MUTATION,
    Kind.CREDENTIALS: OperationType.MUTATION,
}
"""A subscription has no single answer."""


class Asked(msgspec.Struct, frozen=True, kw_only=True):
    """An operation that is asked for, and what is known of it."""

    checked: Checked
    demand: Demand
    name: str | None
    variables: Mapping[str, Any]
    extensions: dict[str, Any] | None


def demand_of(checked: Checked | None, name: str | None, allowed: Collection[OperationType]) -> Demand | None:
    """What the operation demands; None for one that is left to the runner."""
    if checked is None or checked.errors or checked.in_parts:
        return None
    if name is None and len(checked.demands) == 1:
        name = next(iter(checked.demands))
    elif not name:
        return None
    found = checked.demands.get(name)
    return found if found is not None and TYPES.get(found.kind) in allowed else None


async def answer(schema: Schema, asked: Asked, context: Context) -> ExecutionResult:
    """The answer of one operation; errors are in it, masked."""
    cost = asked.demand.cost(asked.variables)
    max_cost = context.services.settings.requests.documents.max_cost
    data, errors = None, None
    try:
        await admit(asked.demand, cost, context, max_cost=max_cost)
        async with in_time(context):
            data, errors = await _executed(schema, asked, context)
    except Exception as error:  # noqa: BLE001 -- whatever it is, masking tells it
        errors = [error if isinstance(error, GraphQLError) else GraphQLError(str(error), original_error=error)]
    if errors:
        schema.process_errors(errors)
        errors = [masked(error, context.request_id) for error in errors]
    return ExecutionResult(data=data, errors=errors, extensions=priced(cost, max_cost))


async def _executed(
    schema: Schema, asked: Asked, context: Context
) -> tuple[dict[str, Any] | None, list[GraphQLError] | None]:
    is_query = asked.demand.kind is Kind.QUERY
    context.in_parts = False
    own = context.for_operation(is_query=is_query)
    begun = execute(
        schema._schema,  # noqa: SLF001 -- Strawberry has no other way to the schema of graphql-core
        asked.checked.document,
        context_value=own,
        variable_values=dict(asked.variables),
        operation_name=asked.name,
        executor_class=schema.execution_context_class,
        is_awaitable=optimized_is_awaitable,
        operation_extensions=asked.extensions,
    )
    result = cast("Executed", begun if isinstance(begun, Executed) else await cast("Awaitable[Any]", begun))
    if not is_query:
        await own.remember_writes()
    return result.data, result.errors

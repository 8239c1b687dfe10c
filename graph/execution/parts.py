"""Answers in parts: what `@defer` and `@stream` leave for later, executed after what stands around it has been told.

graphql-core plans which fields belong to which part. Here a part of an object that was read from the database is read
when its turn comes (`graph.reads` has left it out before), all objects of one place by one statement. What comes later
is masked, and bounded in time, as what comes first is by `masking` and `gate`: an operation that takes too long ends
with a part that says so, and the reads that still run are cancelled.

An operation whose client takes one answer (`Context.in_parts`), and every document without these directives, is
executed as if they were not there.

Not here: how parts travel (`graph.transport.parts`), and what is left out of a read (`graph.reads.selection`).
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncGenerator, Iterable, Sequence
from typing import Any

from graphql import (
    ExperimentalIncrementalExecutionResults,
    GraphQLError,
    GraphQLObjectType,
    SubsequentIncrementalExecutionResult,
)
from graphql.execution import CompletedResult, ExecutionResult
from graphql.pyutils import AwaitableOrValue, Path

from graph.context import Context
from graph.errors import BadRequest, NotFound, TookTooLong
from graph.execution.masking import masked
from graph.reads.declarations import Entity
from graph.reads.executor import ReadingExecutor
from graph.reads.models import models_of
from graph.reads.planning import Later
from graph.reads.selection import Document

Part = SubsequentIncrementalExecutionResult
endings: set[asyncio.Task[None]] = set()
"""Of operations that were left; the loop alone would not keep them alive."""


class PartsExecutor(ReadingExecutor):
    """The executor of one operation, or of one part of it."""

    context_value: Context

    def execute_collected_root_fields(
        self,
        root_type: GraphQLObjectType,
        root_value: Any,
        grouped_field_set: Any,
        serially: bool,  # noqa: FBT001 -- as above
        new_defer_usages: Sequence[Any],
    ) -> AwaitableOrValue[dict[str, Any]]:
        usages = new_defer_usages if self.context_value.in_parts else ()
        return super().execute_collected_root_fields(root_type, root_value, grouped_field_set, serially, usages)

    def execute_collected_subfields(  # noqa: PLR0917 -- graphql-core's signature
        self,
        parent_type: GraphQLObjectType,
        source_value: Any,
        path: Path,
        grouped_field_set: Any,
        new_defer_usages: Sequence[Any],
        delivery_group_map: Any,
    ) -> AwaitableOrValue[dict[str, Any]]:
        usages = new_defer_usages if self.context_value.in_parts else ()
        return super().execute_collected_subfields(
            parent_type, source_value, path, grouped_field_set, usages, delivery_group_map
        )

    def get_stream_usage(self, *arguments: Any) -> Any:
        """As graphql-core has it, but what it refuses is the request's fault and not ours. Raises BadRequest."""
        try:
            return super().get_stream_usage(*arguments)
        except (TypeError, ValueError) as error:
            raise BadRequest("`@stream` needs an `initialCount` from 0 on, and is not for subscriptions.") from error

    def handle_stream(self, *arguments: Any, **named: Any) -> bool:
        return self.context_value.in_parts and super().handle_stream(*arguments, **named)

    def execute_execution_group(  # noqa: PLR0917 -- graphql-core's signature
        self,
        delivery_groups: Any,
        parent_type: GraphQLObjectType,
        source_value: Any,
        path: Path | None,
        grouped_field_set: Any,
        delivery_group_map: Any,
    ) -> AwaitableOrValue[Any]:
        execute = super().execute_execution_group
        if not isinstance(getattr(source_value, "entity", None), Entity):
            return execute(delivery_groups, parent_type, source_value, path, grouped_field_set, delivery_group_map)

        async def read_and_execute() -> Any:
            found = await self._read_later(source_value, grouped_field_set)
            made = execute(delivery_groups, parent_type, found, path, grouped_field_set, delivery_group_map)
            return await made if self.is_awaitable(made) else made

        return read_and_execute()

    def build_response(self, data: dict[str, Any] | None) -> ExecutionResult | ExperimentalIncrementalExecutionResults:
        built = super().build_response(data)
        if not isinstance(built, ExperimentalIncrementalExecutionResults):
            return built
        context = self.context_value
        parts = bounded(
            built.subsequent_results,
            pending=[one.id for one in built.initial_result.pending],
            until_s=context.ends_at_s,
            request_id=context.request_id,
        )
        return built._replace(subsequent_results=parts)

    async def _read_later(self, row: Any, grouped_field_set: Any) -> Any:
        """The object once more, with the fields of one part alone. Raises NotFound."""
        models = models_of(self.schema._strawberry_schema)  # type: ignore[attr-defined] # noqa: SLF001 -- put there by Strawberry
        document = Document(fragments=self.fragment_definitions, variables=self.variable_values.coerced, in_parts=True)
        nodes = tuple(details.node for group in grouped_field_set.values() for details in group)
        later = Later(nodes, document, models)
        found = await self.context_value.reader.later(later, row.entity.type_name, row.key)
        if found is None:
            raise NotFound("This was there a moment ago, and is not any more.")
        return found


async def bounded(
    parts: AsyncGenerator[Part, None], *, pending: Iterable[str], until_s: float, request_id: str
) -> AsyncGenerator[Part, None]:
    """The parts as a client may see them, up to a time; what is late or broken ends in a last part."""
    open_ids = set(pending)
    awaited: asyncio.Future[Part] | None = None
    try:
        while True:
            awaited = asyncio.ensure_future(anext(parts))
            try:
                part = await _in_time(awaited, until_s)
            except StopAsyncIteration:
                return
            except Exception as error:  # noqa: BLE001 -- whatever it is, the client is told that nothing more comes
                yield _last(open_ids, error, request_id)
                return
            open_ids.update(one.id for one in part.pending or ())
            open_ids.difference_update(one.id for one in part.completed or ())
            _mask(part, request_id)
            yield part
    finally:
        ending = asyncio.create_task(_end(awaited, parts))
        endings.add(ending)
        ending.add_done_callback(endings.discard)


async def _in_time(awaited: asyncio.Future[Part], until_s: float) -> Part:
    """What is awaited. Raises TookTooLong."""
    if not (await asyncio.wait({awaited}, timeout=max(0.0, until_s - time.monotonic())))[0]:
        raise TookTooLong
    return awaited.result()


async def _end(awaited: asyncio.Future[Part] | None, parts: AsyncGenerator[Part, None]) -> None:
    """Cancel what still runs.

    In a task of its own: who is cancelled because a client has left is so again and again, and would never be done.
    """
    if awaited is not None:
        awaited.cancel()
        await asyncio.wait({awaited})
        if not awaited.cancelled():
            awaited.exception()  # looked at, so that nobody misses it
    await parts.aclose()


def _mask(part: Part, request_id: str) -> None:
    for one in (*(part.incremental or ()), *(part.completed or ())):
        if one.errors:
            one.errors = [masked(error, request_id) for error in one.errors]


def _last(open_ids: Iterable[str], error: Exception, request_id: str) -> Part:
    told = masked(GraphQLError(str(error), original_error=error), request_id)
    return Part(has_next=False, completed=[CompletedResult(name, [told]) for name in sorted(open_ids, key=int)])

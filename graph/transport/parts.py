"""Answers in parts over HTTP: `multipart/mixed` (the RFC of GraphQL over HTTP), or the events of a stream.

The form is that of the specification's working group since 2023: `pending`, `incremental`, `completed`, `hasNext`. Who
asks in the draft of 2022 (`deferSpec=20220824`), and who accepts one answer alone, is answered whole, which every
client of these directives has to take: a server may ignore them. So is a document that has nothing to divide, as JSON
with its own status, although the client would have taken parts; and every GET, whose answer caches may keep.

Not here: what is executed when (`graph.execution.parts`).
"""

from __future__ import annotations

from collections.abc import AsyncGenerator, AsyncIterator
from contextlib import aclosing
from typing import Any, cast

from cross_web import AsyncHTTPRequestAdapter
from graphql import InitialIncrementalExecutionResult, SubsequentIncrementalExecutionResult
from litestar import Request, Response
from strawberry.http import GraphQLRequestData, GraphQLRequestProtocol
from strawberry.litestar.controller import GraphQLController
from strawberry.types.graphql import OperationType

from graph.context import Context
from graph.transport.over_http import MULTIPART

ONE_ANSWER: GraphQLRequestProtocol = "http"
PARTS = cast("GraphQLRequestProtocol", "parts")
"""Beside the protocols that Strawberry has."""
OTHER_FORMS = frozenset({"deferspec", "subscriptionspec"})
"""Parameters of the media type by which a client names a form of parts that is not ours."""
BOUNDARY = "-"
HEADERS = {
    "content-type": f'{MULTIPART}; boundary="{BOUNDARY}"; incrementalSpec=v0.2',
    # Nobody on the way may keep a part, or hold it back to compress it with the next one.
    "cache-control": "no-cache, no-transform",
    "x-accel-buffering": "no",
}
OPENING, CLOSING = f"--{BOUNDARY}", "--\r\n"

Part = InitialIncrementalExecutionResult | SubsequentIncrementalExecutionResult


def accepts_parts(accept: str) -> bool:
    """Whether an Accept header names parts in our form."""
    for one in accept.lower().split(","):
        media_type, *parameters = (piece.strip() for piece in one.split(";"))
        if media_type == MULTIPART and OTHER_FORMS.isdisjoint(text.partition("=")[0] for text in parameters):
            return True
    return False


def framed(body: str) -> str:
    """One part; the boundary behind it tells the client that it is whole, before there is another one."""
    length = len(body.encode())
    return f"\r\ncontent-type: application/json; charset=utf-8\r\ncontent-length: {length}\r\n\r\n{body}\r\n{OPENING}"


class PartsController(GraphQLController[Context, None]):
    """Mixed in front of Strawberry's controller."""

    async def execute_operation(  # noqa: PLR0917 -- Strawberry's signature
        self,
        request: Request[Any, Any, Any],
        request_adapter: AsyncHTTPRequestAdapter,
        request_data: GraphQLRequestData | list[GraphQLRequestData],
        context: Context,
        root_value: None,
        sub_response: Response[Any],
    ) -> Any:
        assert isinstance(request_data, GraphQLRequestData)  # noqa: S101 -- lists are refused where they are read
        context.in_parts = request_data.protocol != ONE_ANSWER
        if request_data.protocol != PARTS:
            return await super().execute_operation(
                request, request_adapter, request_data, context, root_value, sub_response
            )
        results = await self.schema.stream(
            request_data.query,
            variable_values=request_data.variables,
            context_value=context,
            root_value=root_value,
            operation_name=request_data.operation_name,
            operation_extensions=request_data.extensions,
            allowed_operation_types={OperationType.QUERY, OperationType.MUTATION},
        )
        first = await anext(results)
        if isinstance(first, InitialIncrementalExecutionResult):
            return _together(first, results)
        await anext(results, None)  # there is no second one; what happens around the operation ends
        return first

    async def _create_streaming_response(
        self,
        request: Request[Any, Any, Any],
        result: Any,
        protocol: GraphQLRequestProtocol,
        sub_response: Response[Any],
    ) -> Response[Any]:
        if protocol != PARTS:
            return await super()._create_streaming_response(request, result, protocol, sub_response)

        async def stream() -> AsyncIterator[str]:
            yield OPENING
            async with aclosing(result):
                async for part in result:
                    yield framed(self.encode_json_string(_body(part)))
            yield CLOSING

        return await super().create_streaming_response(request, stream, sub_response, HEADERS)

    async def _process_stream_result(
        self, request: Request[Any, Any, Any], value: Any, all_pending: list[Any]
    ) -> tuple[Any, list[Any]]:
        """Of an event stream, where Strawberry would add members that the form does not have."""
        if isinstance(value, Part):
            return _body(value), all_pending
        return await super()._process_stream_result(request, value, all_pending)


async def _together(first: Part, others: AsyncGenerator[Any, None]) -> AsyncGenerator[Part, None]:
    async with aclosing(others):
        yield first
        async for part in others:
            yield part


def _body(part: Part) -> dict[str, Any]:
    body: dict[str, Any] = dict(part.formatted)
    if not body.get("extensions"):
        body.pop("extensions", None)
    return body

"""`/graphql`: HTTP, server-sent events and WebSocket, on Strawberry's Litestar controller.

Overridden, and why: the response dependency ran in a thread for every request; the response object was shared between
requests; JSON went through the standard library; errors were plain text with the wrong status. Not overridden: how
operations are executed.
"""

from __future__ import annotations

import asyncio
import dataclasses
import time
from collections.abc import AsyncGenerator, AsyncIterator, Callable, Mapping
from contextlib import aclosing
from datetime import timedelta
from typing import Any, cast

import orjson
from cross_web import AsyncHTTPRequestAdapter, HTTPException
from graphql import GraphQLError
from litestar import HttpMethod, Request, Response, WebSocket, get, post, route, websocket
from strawberry.exceptions import ConnectionRejectionError
from strawberry.http import GraphQLHTTPResponse, GraphQLRequestData
from strawberry.http.streaming import SSETransport
from strawberry.http.websocket_origin import is_same_origin, normalize_origin
from strawberry.litestar import make_graphql_controller
from strawberry.litestar.controller import GraphQLController
from strawberry.schema.exceptions import InvalidOperationTypeError
from strawberry.subscriptions import GRAPHQL_SSE_PROTOCOL, GRAPHQL_TRANSPORT_WS_PROTOCOL
from strawberry.types import ExecutionResult
from strawberry.types.graphql import OperationType
from strawberry.types.unset import UNSET, UnsetType

from config.serving import most_sockets
from config.settings import GraphSettings
from graph.context import Context, Services
from graph.errors import Code, Forbidden, GraphError, Unauthenticated, UnknownDocument, UntrustedDocument
from graph.execution.masking import masked, uncarried
from graph.persisted.wanted import NOTHING, Wanted
from graph.reads.footprints import Footprints
from graph.schema import Schema
from graph.transport.asker import context_of, viewer_of
from graph.transport.bodies import take
from graph.transport.finding import found
from graph.transport.over_http import JSON, MAX_BODY_BYTES, MAX_DELIVERY_BYTES, body_of, negotiate, status_of
from graph.transport.parameters import parameters
from graph.transport.parts import ONE_ANSWER, PARTS, PartsController, accepts_parts
from graph.transport.request_id import request_id
from graph.transport.responses import answer, request_error
from graph.transport.reusing import may_be_reused, reused
from graph.transport.room import Room
from graph.transport.socket import SocketHandler

PATH = "/graphql"
INIT_TIMEOUT = timedelta(seconds=10)
MAX_OPERATIONS_PER_SOCKET = 50
TRY_AGAIN_LATER = 1013
"""Clients do, after a while (IANA's registry of close codes)."""
METHODS = "GET, OPTIONS, POST"
PLAIN = frozenset({"", "identity"})
"""Codings of a body that is read: what is packed may be a thousand times as long as the limit when it is unpacked."""


def graphql_controller(schema: Schema, settings: GraphSettings) -> type[GraphQLController[Context, None]]:
    """The controller of this process."""
    made = make_graphql_controller(
        schema,
        path=PATH,
        graphql_ide=None,
        subscription_protocols=(GRAPHQL_TRANSPORT_WS_PROTOCOL, GRAPHQL_SSE_PROTOCOL),
        connection_init_wait_timeout=INIT_TIMEOUT,
        max_subscriptions_per_connection=MAX_OPERATIONS_PER_SOCKET,
        allowed_origins=settings.requests.allowed_origins,
    )
    # Strawberry injects context, root value and response as Litestar dependencies, one of them in a thread; the
    # handlers here make what they need.
    own = {
        "dependencies": {},
        "request_error_status": settings.requests.request_error_status,
        "room": Room(most_sockets()),
    }
    return type("SegueController", (Controller, made), own)


@dataclasses.dataclass
class RequestData(GraphQLRequestData):
    """Strawberry's, before the text of the document is known."""

    wanted: Wanted = NOTHING


class Controller(PartsController):
    """Mixed in front of the class that `make_graphql_controller` makes."""

    graphql_transport_ws_handler_class = SocketHandler
    request_error_status: int
    room: Room
    """For sockets, in this process."""

    @route(http_method=HttpMethod.OPTIONS, status_code=204, sync_to_thread=False)
    def allowed(self) -> Response[None]:
        """Which methods there are; Litestar's own answer knows the first that was registered, and no other.

        Handlers are registered in the order of their names: this one before those that would bring Litestar's along.
        """
        return Response(None, headers={"allow": METHODS})

    @get()
    async def handle_http_get(self, request: Request[Any, Any, Any]) -> Response[Any]:
        self._check_origin(request)
        services: Services = request.app.state.services
        if not services.answers.max_age_s or not may_be_reused(request):
            return await self._serve(request)
        try:
            asked = parameters(self.parse_query_params(request.query_params))
        except HTTPException as error:
            return _answer_refusal(request, error)
        if asked.wanted.digest is None or not services.answers.is_told:
            return await self._serve(request)
        context = context_of(request, None)
        return await reused(request, asked, context, lambda footprints: self._serve(request, footprints))

    @post(status_code=200, request_max_body_size=MAX_DELIVERY_BYTES)
    async def handle_http_post(self, request: Request[Any, Any, Any]) -> Response[Any]:
        return await self._serve(request)

    @websocket()
    async def websocket_endpoint(self, socket: WebSocket[Any, Any, Any]) -> None:
        """The context is made at the handshake; the viewer is known after `connection_init`."""
        with self.room.entered() as there_is_room:
            if there_is_room:
                await self.run(socket, context=context_of(socket, None), root_value=None)
            else:
                await socket.accept(GRAPHQL_TRANSPORT_WS_PROTOCOL)  # the code cannot be told before
                await socket.close(code=TRY_AGAIN_LATER, reason="This server has no room for more sockets")

    async def _serve(self, request: Request[Any, Any, Any], footprints: Footprints | None = None) -> Response[Any]:
        """A token that is not valid fails the request: to go on as nobody would answer another question."""
        self._check_origin(request)
        context = context_of(request, viewer_of(request.headers.get("authorization"), request.app.state.services))
        context.footprints = footprints
        await take(request, context.viewer)
        try:
            answered: Response[Any] = await self.run(request, context=context, root_value=None)
        except HTTPException as error:
            return _answer_refusal(request, error)
        except (UnknownDocument, UntrustedDocument) as error:
            # Of the request and not of HTTP: clients look into the body, and send the text then.
            return self.create_response(request_error(error), await self.get_sub_response(request))
        return answered

    def _check_origin(self, request: Request[Any, Any, Any]) -> None:
        """What a browser would not let a page read is not done for it either. Raises Forbidden."""
        origin = request.headers.get("origin")
        if origin is None or "*" in self.allowed_origins or is_same_origin(origin, request.headers.get("host")):
            return
        if normalize_origin(origin) not in self.allowed_origins:
            raise Forbidden("Pages of this origin may not use the API.")

    def should_render_graphql_ide(self, request: object) -> bool:  # noqa: ARG002 -- Strawberry's signature
        return False

    def parse_query_params(self, params: Mapping[str, Any]) -> dict[str, Any]:
        """An empty parameter is none: that of the operation's name by the draft, the others like it."""
        return super().parse_query_params({name: value for name, value in params.items() if value})

    async def parse_http_body(self, request: AsyncHTTPRequestAdapter) -> GraphQLRequestData | list[GraphQLRequestData]:
        media_type = (request.content_type or "").partition(";")[0].strip().lower()
        if request.method == "GET":
            asked = parameters(self.parse_query_params(request.query_params))
        elif request.headers.get("content-encoding", "").strip().lower() not in PLAIN:
            raise HTTPException(415, "The body has to be sent as it is, without a Content-Encoding")
        elif media_type == JSON:
            asked = parameters(self.parse_json(await request.get_body()))
        else:
            # Forms and plain text too: a page of any origin may send those without asking first.
            raise HTTPException(415, f"The body has to be {JSON}")
        transport = self._get_stream_transport_from_headers(request.headers)
        in_parts = request.method == "POST" and accepts_parts(request.headers.get("accept", ""))
        return RequestData(
            query=None,
            variables=asked.variables,
            operation_name=asked.operation_name,
            extensions=asked.extensions,
            protocol=transport.protocol if transport else PARTS if in_parts else ONE_ANSWER,
            wanted=asked.wanted,
        )

    async def execute_operation(  # noqa: PLR0917 -- Strawberry's signature
        self,
        request: Request[Any, Any, Any],
        request_adapter: AsyncHTTPRequestAdapter,
        request_data: GraphQLRequestData | list[GraphQLRequestData],
        context: Context,
        root_value: None,
        sub_response: Response[Any],
    ) -> Any:
        """Find the document first: who asks for it has been heard by then, so it can be paid for."""
        asked = cast("RequestData", request_data)
        try:
            text = await found(asked.wanted, cast("Schema", self.schema).documents, context)
        except GraphError as error:
            if asked.protocol != SSETransport.protocol:
                raise
            return _refusal(error)
        if not text:
            raise HTTPException(400, "No GraphQL query found in the request")
        named = dataclasses.replace(asked, query=text)
        return await super().execute_operation(request, request_adapter, named, context, root_value, sub_response)

    async def get_sub_response(self, request: Request[Any, Any, Any]) -> Response[Any]:
        """Carries the negotiated media type to `create_response`; one for each request, unlike Strawberry's."""
        media_type = negotiate(request.headers.get("accept", ""))
        if media_type is None:
            raise HTTPException(406, "Accept application/graphql-response+json or application/json")
        return Response(None, media_type=media_type)

    async def process_result(
        self,
        request: Request[Any, Any, Any],
        result: ExecutionResult,
    ) -> GraphQLHTTPResponse:
        # Errors are masked where they arise; what an extension raises itself comes past that.
        name = request_id(request.scope)
        known = [error if "code" in (error.extensions or {}) else masked(error, name) for error in result.errors or ()]
        errors = [dict(error.formatted) for error in known]
        return body_of(result.data, errors, result.extensions)  # type: ignore[return-value] # `data` may be left out

    def create_response(self, response_data: Any, sub_response: Response[Any]) -> Response[bytes]:
        media_type = str(sub_response.media_type)
        status = status_of(response_data, media_type, request_error=self.request_error_status)
        return answer(response_data, media_type=media_type, status=status)

    async def create_streaming_response(
        self,
        request: Request[Any, Any, Any],
        stream: Callable[[], AsyncIterator[str]],
        sub_response: Response[Any],
        headers: Mapping[str, str],
    ) -> Response[Any]:
        viewer = viewer_of(request.headers.get("authorization"), request.app.state.services)
        bounded = stream if viewer is None else lambda: _until(viewer.token_expires_at_s, stream)
        return await super().create_streaming_response(request, bounded, sub_response, headers)

    def encode_json(self, data: object) -> bytes:
        return orjson.dumps(data)

    def decode_json(self, data: str | bytes) -> object:
        if isinstance(data, str) and len(data) > MAX_BODY_BYTES:  # of a socket, for those of HTTP are bytes
            # It closes with 4400.
            raise orjson.JSONDecodeError("longer than any message", "", 0)
        return orjson.loads(data)

    async def on_ws_connect(self, context: Context) -> UnsetType:
        """Signs the socket in; without `authorization` it stays anonymous."""
        # A member of JSON, but clients write it as they write the header.
        named = {name.lower(): value for name, value in (context.connection_params or {}).items()}
        given = named.get("authorization")
        try:
            context.viewer = viewer_of(None if given is None else str(given), context.services)
        except Unauthenticated as error:
            raise ConnectionRejectionError from error
        return UNSET  # type: ignore[no-any-return]  # it is declared as Any


async def _refusal(error: GraphError) -> AsyncGenerator[ExecutionResult, None]:
    """Of an event stream, whose clients read events and nothing else."""
    told = GraphQLError(str(error), extensions=error.extensions)
    yield ExecutionResult(data=None, errors=[told])


async def _until(expires_at_s: int, stream: Callable[[], AsyncIterator[str]]) -> AsyncIterator[str]:
    """The event stream up to the second at which the token expires; then it completes."""
    async with aclosing(cast("AsyncGenerator[str, None]", stream())) as source:
        while True:
            try:
                event = await asyncio.wait_for(anext(source), max(0.0, expires_at_s - time.time()))
            except StopAsyncIteration:
                return
            except TimeoutError:
                yield SSETransport().encode_complete()
                return
            yield event


def _answer_refusal(request: Request[Any, Any, Any], error: HTTPException) -> Response[bytes]:
    """What Strawberry refuses before it executes, as JSON; a mutation by GET is a wrong method, not a bad request."""
    status, message, headers = error.status_code, uncarried(error.__cause__) or str(error.reason), {}
    wrong = error.__cause__.operation_type if isinstance(error.__cause__, InvalidOperationTypeError) else None
    if wrong is OperationType.MUTATION:
        status, headers = 405, {"allow": "POST"}
    body = {"errors": [{"message": message, "extensions": {"code": Code.BAD_REQUEST.value}}]}
    media_type = negotiate(request.headers.get("accept", "")) or JSON
    return answer(body, media_type=media_type, status=status, headers=headers)

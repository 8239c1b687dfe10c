"""What a client is told of an error, and what the log is told.

Three kinds: the request itself is wrong (syntax, validation, variables) and graphql-core's message is about it; a
:class:`graph.errors.GraphError` was raised and its message is written for the client; everything else is logged with
its traceback under the request id, and the client gets a sentence without a cause.
"""

from __future__ import annotations

from collections.abc import Iterator

import asyncpg
from graphql import FieldNode, GraphQLError
from strawberry.extensions import SchemaExtension
from strawberry.schema.exceptions import CannotGetOperationTypeError, InvalidOperationTypeError
from strawberry.types.graphql import OperationType
from valkey.exceptions import ConnectionError as ValkeyConnectionError
from valkey.exceptions import TimeoutError as ValkeyTimeoutError

from config.errors import ServiceUnavailable
from config.logs import logger
from graph.errors import BadRequest, Code, GraphError, Internal, Unavailable

log = logger(__name__)

AWAY = (
    ServiceUnavailable,
    OSError,
    TimeoutError,
    asyncpg.PostgresConnectionError,
    asyncpg.CannotConnectNowError,
    asyncpg.AdminShutdownError,
    asyncpg.CrashShutdownError,
    asyncpg.TooManyConnectionsError,
    asyncpg.InterfaceError,
    ValkeyConnectionError,
    ValkeyTimeoutError,
)
"""How the client libraries say that a service does not answer."""
UNCARRIED = {
    OperationType.MUTATION: "A mutation cannot be fetched: send it by POST.",
    OperationType.SUBSCRIPTION: (
        "A subscription needs a WebSocket (graphql-transport-ws), or Accept: text/event-stream."
    ),
}


def told(cause: BaseException) -> GraphError:
    """The error that a client is told for any exception."""
    if isinstance(cause, GraphError):
        return cause
    if isinstance(cause, AWAY):
        return Unavailable()
    if isinstance(cause, RecursionError):
        return BadRequest("The document is nested too deeply.")
    return Internal()


def masked(error: GraphQLError, request_id: str) -> GraphQLError:
    """The error as it leaves: a message for the client, a code, and the request id when the log knows more."""
    cause = root_cause(error)
    if cause is None:
        return _with(error, uncarried(error.original_error) or error.message, {"code": Code.BAD_REQUEST.value})
    answer = told(cause)
    extensions = answer.extensions
    if answer.code in (Code.INTERNAL, Code.SERVICE_UNAVAILABLE):
        extensions["requestId"] = request_id
        _report(error, cause, answer, request_id)
    return _with(error, str(answer), extensions)


def uncarried(cause: BaseException | None) -> str | None:
    """What a client is told whose transport does not carry the operation; None where that is not the reason."""
    if isinstance(cause, InvalidOperationTypeError):
        return UNCARRIED.get(cause.operation_type)
    if isinstance(cause, CannotGetOperationTypeError) and cause.operation_name is None:
        return "The document has no operation."
    return None


def root_cause(error: GraphQLError) -> BaseException | None:
    """The exception behind a field's error; None when the request itself is at fault."""
    cause = error.original_error
    while isinstance(cause, GraphQLError):
        cause = cause.original_error
    if isinstance(cause, CannotGetOperationTypeError | InvalidOperationTypeError):
        return None  # the name of an operation that there is not, or a kind that the transport does not carry
    if cause is None and error.path is not None and error.nodes and isinstance(error.nodes[0], FieldNode):
        # A value did not fit the type of its field: ours, and not written for clients. An error at an argument's value
        # is the request's, although it has a path.
        return error
    return cause


def _report(error: GraphQLError, cause: BaseException, answer: GraphError, request_id: str) -> None:
    path = ".".join(map(str, error.path or ()))
    if answer.code is Code.SERVICE_UNAVAILABLE:
        log.warning("service unavailable", request_id=request_id, path=path, cause=repr(cause))
    else:
        log.error("unexpected error", request_id=request_id, path=path, exc_info=cause)


def _with(error: GraphQLError, message: str, extensions: dict[str, object]) -> GraphQLError:
    return GraphQLError(
        message,
        nodes=error.nodes,
        source=error.source,
        positions=error.positions,
        path=error.path,
        extensions=extensions,
    )


class Masking(SchemaExtension):
    """Masks every result of an operation, also every single one of a subscription."""

    def __init__(self) -> None:
        self._streamed = False

    def on_operation(self) -> Iterator[None]:
        yield
        if not self._streamed:
            self._mask(self.execution_context.result)

    def on_stream_result(self, result: object) -> Iterator[None]:
        self._streamed = True
        self._mask(result)
        yield

    def _mask(self, result: object) -> None:
        errors = getattr(result, "errors", None)
        if errors:
            request_id = self.execution_context.context.request_id
            result.errors = [masked(error, request_id) for error in errors]  # type: ignore[attr-defined] # has `errors`

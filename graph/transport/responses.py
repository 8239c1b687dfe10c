"""Responses of the framework: an answer as JSON, and everything that goes wrong before an operation runs."""

from __future__ import annotations

from http import HTTPStatus
from typing import Any

import orjson
from litestar import Request, Response
from litestar.exceptions import HTTPException

from config.logs import logger
from graph.errors import Code, GraphError
from graph.execution.masking import told
from graph.transport.over_http import JSON, negotiate, retry_after_s
from graph.transport.request_id import REQUEST_ID_HEADER, request_id

log = logger(__name__)

RETRY_AFTER_S = 2

STATUS_BY_CODE = {
    Code.BAD_REQUEST: 400,
    Code.UNAUTHENTICATED: 401,
    Code.FORBIDDEN: 403,
    Code.NOT_FOUND: 404,
    Code.COST_EXCEEDED: 400,
    Code.RATE_LIMITED: 429,
    Code.PERSISTED_QUERY_NOT_FOUND: 400,
    Code.DOCUMENT_NOT_TRUSTED: 403,
    Code.TIMEOUT: 504,
    Code.SYNC_ANEW: 410,
    Code.SERVICE_UNAVAILABLE: 503,
    Code.INTERNAL: 500,
}


def answer(
    body: dict[str, Any], *, media_type: str, status: int, headers: dict[str, str] | None = None
) -> Response[bytes]:
    """The HTTP response of a body."""
    wait_s = RETRY_AFTER_S if status == HTTPStatus.SERVICE_UNAVAILABLE else retry_after_s(body)
    retry = {} if wait_s is None else {"retry-after": str(wait_s)}
    return Response(
        orjson.dumps(body),
        status_code=status,
        media_type=f"{media_type}; charset=utf-8",
        headers={**retry, **(headers or {})},
    )


def request_error(error: GraphError) -> dict[str, Any]:
    """The body for an error of the request, which was raised before there was an operation."""
    return {"errors": [{"message": str(error), "extensions": error.extensions}]}


def answer_exception(request: Request[Any, Any, Any], error: Exception) -> Response[bytes]:
    """Everything that goes wrong before an operation runs is a GraphQL error too, as JSON and without a cause."""
    headers = {REQUEST_ID_HEADER: request_id(request.scope)}
    if isinstance(error, HTTPException) and error.status_code < HTTPStatus.INTERNAL_SERVER_ERROR:
        code = Code.NOT_FOUND if error.status_code == HTTPStatus.NOT_FOUND else Code.BAD_REQUEST
        extensions: dict[str, object] = {"code": code.value}
        status, message = error.status_code, HTTPStatus(error.status_code).phrase
        headers |= dict(error.headers or {})
        if "allow" in headers:
            # Litestar counts `websocket` among the methods, and has them in no order.
            headers["allow"] = ", ".join(sorted({*headers["allow"].split(", ")} - {"websocket"}))
    else:
        shown: GraphError = told(error)
        extensions, status, message = shown.extensions, STATUS_BY_CODE[shown.code], str(shown)
        if shown.code is Code.INTERNAL:
            log.error("unexpected error", request_id=headers[REQUEST_ID_HEADER], exc_info=error)
    if status == HTTPStatus.UNAUTHORIZED:
        headers["www-authenticate"] = "Bearer"
    body = {"errors": [{"message": message, "extensions": extensions}]}
    media_type = negotiate(request.headers.get("accept", "")) or JSON
    return answer(body, media_type=media_type, status=status, headers=headers)

"""GraphQL over HTTP as rules: media types, bodies and status codes (the draft, and the audits of npm's graphql-http).

Decisions where the two differ. A request error (nothing was executed) is 400 with `application/graphql-response+json`,
not the newest draft's 422 unless a setting says so, and 200 with `application/json`, whose clients tell by the body. It
never has `data`. What the same request may get later is told by the status whatever the media type, so that a balancer
and a client's retry see it: 503 without `data` where nothing could be answered because a service is away, 429 for who
asks too much, 504 for what took too long.

Pure. Not here: requests and responses of the framework (`responses`, `controller`).
"""

from __future__ import annotations

from collections.abc import Sequence
from http import HTTPStatus
from typing import Any

import msgspec

from graph.errors import Code

JSON = "application/json"
GRAPHQL = "application/graphql-response+json"
EVENT_STREAM = "text/event-stream"
MULTIPART = "multipart/mixed"

MAX_BODY_BYTES = 1024 * 1024
"""Of a request, and of a message on a socket: media never pass here, and the largest document has a few kilobytes."""
MAX_DELIVERY_BYTES = 32 * 1024 * 1024
"""Of a request of somebody who publishes: 10,000 tracks with credits and licences have between 5 and 20 MB."""


class Range(msgspec.Struct, frozen=True):
    """One media range of an Accept header."""

    media_type: str
    quality: float


def negotiate(accept: str) -> str | None:
    """The media type to answer with; None when nothing that we write is accepted. No header means JSON."""
    ranges = [given for given in _ranges(accept or JSON) if given.quality > 0]
    for offers in (OFFERED, STREAMS):
        known = [given for given in ranges if given.media_type in offers]
        if known:
            return offers[max(known, key=lambda given: given.quality).media_type]
    return None


def status_of(body: dict[str, Any], media_type: str, *, request_error: int = HTTPStatus.BAD_REQUEST) -> int:
    """The status of an answer; see the decisions above."""
    if "data" in body:
        return HTTPStatus.OK
    codes = {error.get("extensions", {}).get("code") for error in body.get("errors", ())}
    for code, status in WHATEVER_THE_TYPE.items():
        if code.value in codes:
            return status
    return request_error if media_type == GRAPHQL else HTTPStatus.OK


def retry_after_s(body: dict[str, Any]) -> int | None:
    """How long the sender should wait, when an error of the answer says that."""
    for error in body.get("errors", ()):
        if "retryAfterS" in error.get("extensions", {}):
            return int(error["extensions"]["retryAfterS"])
    return None


def body_of(
    data: dict[str, Any] | None, errors: Sequence[dict[str, Any]], extensions: dict[str, Any] | None = None
) -> dict[str, Any]:
    """The response of an operation; `data` is left out when nothing of it was, or could be, executed."""
    outcome = _outcome(data, errors)
    # Beside errors alone it would be the price of nothing.
    return {**outcome, "extensions": extensions} if extensions and "data" in outcome else outcome


def _outcome(data: dict[str, Any] | None, errors: Sequence[dict[str, Any]]) -> dict[str, Any]:
    if not errors:
        return {"data": data}
    request_error = data is None and not any("path" in error for error in errors)
    away = all(error.get("extensions", {}).get("code") == Code.SERVICE_UNAVAILABLE.value for error in errors)
    nothing = data is None or all(value is None for value in data.values())
    if request_error or (away and nothing):
        return {"errors": list(errors)}
    return {"data": data, "errors": list(errors)}


def _ranges(accept: str) -> list[Range]:
    found = []
    for part in accept.split(","):
        media_type, *parameters = (piece.strip().lower() for piece in part.split(";"))
        quality = next((text[2:] for text in parameters if text.startswith("q=")), "1")
        try:
            found.append(Range(media_type, float(quality)))
        except ValueError:
            continue
    return found


WHATEVER_THE_TYPE = {
    Code.SERVICE_UNAVAILABLE: HTTPStatus.SERVICE_UNAVAILABLE,
    Code.RATE_LIMITED: HTTPStatus.TOO_MANY_REQUESTS,
    Code.TIMEOUT: HTTPStatus.GATEWAY_TIMEOUT,
    Code.INTERNAL: HTTPStatus.INTERNAL_SERVER_ERROR,
}

# A wildcard gets plain JSON: who does not name the newer type may not know it.
OFFERED = {
    GRAPHQL: GRAPHQL,
    JSON: JSON,
    "*/*": JSON,
    "application/*": JSON,
}
# Streams are answered as such; what goes wrong before one starts is JSON, unless the client has named another type.
STREAMS = {EVENT_STREAM: JSON, MULTIPART: JSON}

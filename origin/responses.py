"""Answers: HTTP semantics of reading (RFC 9110), as values.

- GET and HEAD have the same headers; HEAD has no body, and a Range is for GET alone (section 14.2).
- If-None-Match is compared weakly and wins over Range (section 13.2.2); If-Range needs the very same strong ETag.
- A part is never cut from a compressed manifest: whoever asks for a Range gets the plain bytes.
- Any web page may read (no credentials are involved: the token is in the path), and may send CMCD headers.
- A refusal says its status and nothing else. No error may be kept by a cache: it would outlive its cause.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from http import HTTPStatus

import msgspec

from origin import ranges
from origin.errors import OriginError, RangeUnsatisfiable
from origin.ranges import Span
from origin.resources import Resource

METHODS = ("GET", "HEAD", "OPTIONS")
ALLOW = ", ".join(METHODS)
RETRY_AFTER_S = 2
"""About as long as a store needs to come back from a restart; players give up after some 10 s."""

PREFLIGHT_MAX_AGE_S = 86_400

CORS = {
    "access-control-allow-origin": "*",
    "access-control-expose-headers": "Content-Length, Content-Range, ETag, Retry-After",
}
PREFLIGHT = {
    "access-control-allow-methods": ALLOW,
    "access-control-allow-headers": (
        "Range, If-None-Match, If-Range, CMCD-Request, CMCD-Object, CMCD-Status, CMCD-Session"
    ),
    "access-control-max-age": str(PREFLIGHT_MAX_AGE_S),
}

ENTITY_TAG = re.compile(r'(?:W/)?("[^"]*")')
GZIP = re.compile(r"[ \t]*(?:x-)?gzip[ \t]*(?:;[ \t]*q=(?P<weight>[0-9.]+)[ \t]*)?", re.IGNORECASE)

Headers = Mapping[str, str]
"""By lower-case name."""


class Reply(msgspec.Struct, frozen=True, kw_only=True):
    """Status and headers of an answer, and which bytes of the resource follow them; None for no body."""

    status: int
    headers: Headers
    span: Span | None = None


def reply(method: str, headers: Headers, resource: Resource) -> Reply:
    """Answer a GET or HEAD with `headers` for `resource`. Raises RangeUnsatisfiable."""
    common = {
        **CORS,
        "accept-ranges": "bytes",
        "cache-control": resource.cache_control,
        "etag": resource.etag,
        **({"vary": "Accept-Encoding"} if resource.varies else {}),
    }
    if _unchanged(headers.get("if-none-match"), resource.etag):
        return Reply(status=HTTPStatus.NOT_MODIFIED, headers=common)
    size = resource.body.size
    common |= {"content-type": resource.content_type}
    common |= {"content-encoding": resource.encoding} if resource.encoding else {}
    if method == "HEAD":
        return Reply(status=HTTPStatus.OK, headers={**common, "content-length": str(size)})
    part = _part(headers, etag=resource.etag, size=size)
    if part is None:
        whole = Span(start=0, length=size)
        return Reply(status=HTTPStatus.OK, headers={**common, "content-length": str(size)}, span=whole)
    found = {**common, "content-length": str(part.length), "content-range": part.content_range(size)}
    return Reply(status=HTTPStatus.PARTIAL_CONTENT, headers=found, span=part)


def wants_compressed(headers: Headers) -> bool:
    """Whether the client takes gzip, and the whole."""
    if "range" in headers:
        return False
    offers = (GZIP.fullmatch(item) for item in headers.get("accept-encoding", "").split(","))
    return any(offer is not None and (offer["weight"] or "1").strip("0.") != "" for offer in offers)


def preflight() -> Reply:
    """Answer OPTIONS for any path: it tells nothing about what lies there."""
    return Reply(status=HTTPStatus.NO_CONTENT, headers={**CORS, **PREFLIGHT, "allow": ALLOW})


def refusal(error: OriginError) -> tuple[Reply, bytes]:
    """The answer that an error becomes, and its body: the status in words, never the cause."""
    body = f"{HTTPStatus(error.status).phrase}\n".encode()
    headers = {
        **CORS,
        "cache-control": "no-store",
        "content-type": "text/plain; charset=utf-8",
        "content-length": str(len(body)),
    }
    if error.retryable:
        headers["retry-after"] = str(RETRY_AFTER_S)
    if error.status == HTTPStatus.METHOD_NOT_ALLOWED:
        headers["allow"] = ALLOW
    if isinstance(error, RangeUnsatisfiable):
        headers["content-range"] = f"bytes */{error.size}"
    return Reply(status=error.status, headers=headers), body


def _unchanged(if_none_match: str | None, etag: str) -> bool:
    if if_none_match is None:
        return False
    return if_none_match.strip() == "*" or etag in ENTITY_TAG.findall(if_none_match)


def _part(headers: Headers, *, etag: str, size: int) -> Span | None:
    wanted = headers.get("range")
    if wanted is None or headers.get("if-range", etag) != etag:
        return None
    return ranges.parse(wanted, size=size)

"""Answers: HTTP semantics of reading (RFC 9110), as values.

- GET and HEAD have the same headers; HEAD has no body, and a Range is for GET alone (section 14.2).
- If-None-Match is compared weakly and wins over Range (section 13.2.2); If-Range needs the very same strong ETag.
- One range is a part, several are a body of parts (`origin.ranges`).
- A part is never cut from an encoded manifest: whoever asks for a Range gets the plain bytes.
- A refusal says its status and nothing else. No error may be kept by a cache: it would outlive its cause.

Not here: what web pages may read (`origin.cors`).
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from http import HTTPStatus

import msgspec

from origin import cors, ranges
from origin.encodings import Coding, negotiated
from origin.errors import OriginError, RangeUnsatisfiable
from origin.ranges import Span
from origin.resources import Resource

RETRY_AFTER_S = 2
"""About as long as a store needs to come back from a restart; players give up after some 10 s."""

ENTITY_TAG = re.compile(r'(?:W/)?("[^"]*")')

Headers = Mapping[str, str]
"""By lower-case name."""


class Reply(msgspec.Struct, frozen=True, kw_only=True):
    """Status and headers of an answer, and what follows them: bytes, and spans of the resource, in their order."""

    status: int
    headers: Headers
    pieces: tuple[bytes | Span, ...] = ()


def reply(method: str, headers: Headers, resource: Resource) -> Reply:
    """Answer a GET or HEAD with `headers` for `resource`. Raises RangeUnsatisfiable."""
    common = {**resource.headers, "accept-ranges": "bytes", "etag": resource.etag}
    if _unchanged(headers.get("if-none-match"), resource.etag):
        return Reply(status=HTTPStatus.NOT_MODIFIED, headers=common)
    size = resource.body.size
    common["content-type"] = resource.content_type
    if resource.coding is not None:
        common["content-encoding"] = resource.coding.value
    spans = () if method == "HEAD" else _spans(headers, etag=resource.etag, size=size)
    if not spans:
        common["content-length"] = str(size)
        whole = () if method == "HEAD" else (Span(start=0, length=size),)
        return Reply(status=HTTPStatus.OK, headers=common, pieces=whole)
    return _partial(spans, common, resource)


def _partial(spans: tuple[Span, ...], common: dict[str, str], resource: Resource) -> Reply:
    size = resource.body.size
    pieces: tuple[bytes | Span, ...] = spans
    if len(spans) == 1:
        common["content-range"] = spans[0].content_range(size)
    else:
        boundary = resource.etag.strip('"')  # a digest of the content, which therefore does not hold it
        pieces = ranges.multipart(spans, size=size, content_type=resource.content_type, boundary=boundary)
        common["content-type"] = f"multipart/byteranges; boundary={boundary}"
    common["content-length"] = str(sum(len(piece) if isinstance(piece, bytes) else piece.length for piece in pieces))
    return Reply(status=HTTPStatus.PARTIAL_CONTENT, headers=common, pieces=pieces)


def coding_for(headers: Headers) -> Coding | None:
    """The coding that a manifest goes out in: none for who wants a part of it."""
    return None if "range" in headers else negotiated(headers.get("accept-encoding", ""))


def refusal(error: OriginError) -> tuple[Reply, bytes]:
    """The answer that an error becomes, and its body: the status in words, never the cause."""
    body = f"{HTTPStatus(error.status).phrase}\n".encode()
    headers = {
        "cache-control": "no-store",
        "content-type": "text/plain; charset=utf-8",
        "content-length": str(len(body)),
    }
    if error.retryable:
        headers["retry-after"] = str(RETRY_AFTER_S)
    if error.status == HTTPStatus.METHOD_NOT_ALLOWED:
        headers["allow"] = cors.ALLOW
    if isinstance(error, RangeUnsatisfiable):
        headers["content-range"] = f"bytes */{error.size}"
    return Reply(status=error.status, headers=headers), body


def _unchanged(if_none_match: str | None, etag: str) -> bool:
    if if_none_match is None:
        return False
    return if_none_match.strip() == "*" or etag in ENTITY_TAG.findall(if_none_match)


def _spans(headers: Headers, *, etag: str, size: int) -> tuple[Span, ...]:
    wanted = headers.get("range")
    if wanted is None or headers.get("if-range", etag) != etag:
        return ()
    return ranges.parse(wanted, size=size)

"""The exchange: what the service is asked, and what it answers. No server and no protocol is named here."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Mapping
from http import HTTPStatus
from typing import TypeAlias

import msgspec

from origin import responses
from origin.errors import OriginError
from origin.leaving import Left
from origin.responses import Headers

Again: TypeAlias = Callable[[], bytes | None]
"""The body of an answer once more; None when that takes more than a look into memory."""


class Request(msgspec.Struct, frozen=True, kw_only=True):
    """`raw_path` and `query` are as they came, undecoded; header names are lower case."""

    method: str
    raw_path: bytes
    query: bytes = b""
    headers: Headers
    body: bytes = b""
    """Of a POST, as far as it matters: one byte more than what is allowed tells that it is too long."""
    left: Left | None = None
    """Tells when the client has hung up; None when that cannot be known."""


class Answer(msgspec.Struct, frozen=True, kw_only=True):
    """What goes out. `cause` is the code of an error, for the log alone."""

    status: int
    headers: Headers
    body: bytes
    rest: AsyncIterator[bytes] | None = None
    """What follows `body`, read while it is sent; raises OriginError when it cannot be read any more."""
    cause: str | None = None
    again: Again | None = None
    """Set where whoever has the same terms gets the same answer, while this gives its body (`origin.hot`)."""


def failed(error: OriginError, *, cause: str) -> Answer:
    """What is said of an error."""
    reply, body = responses.refusal(error)
    return Answer(status=reply.status, headers=reply.headers, body=body, cause=cause)


def health(status: HTTPStatus, content: Mapping[str, object]) -> Answer:
    body = msgspec.json.encode(content)
    headers = {"cache-control": "no-store", "content-type": "application/json", "content-length": str(len(body))}
    return Answer(status=status, headers=headers, body=body)

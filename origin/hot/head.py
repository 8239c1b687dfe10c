"""The head of a plain request: a GET for a whole file that says nothing one would have to think about.

This is no parser of HTTP. It is one pattern for what players and caches send all the time, and a short list of fields;
whatever is not as plain as that is None here, and goes the long way. Who is not sure is slow, never wrong. What is read
is what httptools and `origin.asgi` read of the same bytes: a test compares them over thousands of heads.
"""

from __future__ import annotations

import re
from collections.abc import Iterable

import msgspec

MAX_BYTES = 8192
"""The heads of browsers have 500 to 1500 bytes; what is longer is nothing that comes all the time."""

TARGET = rb"(/[A-Za-z0-9_.~/-]*)(\?[A-Za-z0-9_.~!$&'()*+,;=:@/?%-]*)?"
"""The path as `origin.routes` wants it, and a query as RFC 3986 spells it."""

LINE = rb"[A-Za-z0-9!#$%&'*+.^_`|~-]+:[\t -~]*\r\n"
"""RFC 9110 section 5.5, in ASCII."""

HEAD = re.compile(rb"GET " + TARGET + rb" HTTP/1\.1\r\n((?:" + LINE + rb")*)\r\n")
FIELD = re.compile(r"([^:\r\n]+):[\t ]*([^\r\n]*)\r\n")
"""Blanks behind a value belong to it, as they do for the parser under the application."""

NOT_PLAIN = frozenset(
    {
        "content-length",
        "expect",
        "if-none-match",
        "if-range",
        "proxy-connection",
        "range",
        "transfer-encoding",
        "upgrade",
    }
)
"""Fields that change an answer, or what the bytes behind the head are. Besides these the server hears Connection and
the application what `Plain` has; all others mean nothing to either."""

WITH_QUERY = (b"/master.m3u8", b"/manifest.mpd")
"""Files whose answer depends on the query, which means nothing to the others (`origin.admission.selection`)."""


class Plain(msgspec.Struct, frozen=True):
    """What a plain request says; a field that it does not have is None."""

    path: bytes
    accept_encoding: str | None = None
    origin: str | None = None
    request_id: str | None = None


def read(data: bytes) -> Plain | None:
    """Take one whole head apart, which has nothing behind it; None when it is not plain."""
    found = HEAD.fullmatch(data) if len(data) <= MAX_BYTES else None
    if found is None:
        return None
    path, query, block = found.groups()
    lines = FIELD.findall(block.decode("ascii"))
    fields = {name.lower(): value for name, value in lines}
    if len(fields) < len(lines) or not is_plain(path, has_query=bool(query), names=fields.keys()):
        return None
    if fields.get("connection", "keep-alive").lower() != "keep-alive":
        return None
    return Plain(path, fields.get("accept-encoding"), fields.get("origin"), fields.get("x-request-id"))


def is_plain(path: bytes, *, has_query: bool, names: Iterable[str]) -> bool:
    """Whether the answer follows from what `Plain` has; `names` are those of all fields, in lower case."""
    return NOT_PLAIN.isdisjoint(names) and not (has_query and path.endswith(WITH_QUERY))

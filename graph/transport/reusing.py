"""Answers that may be given again: to anonymous GET requests that name a persisted document.

Everybody gets the same answer to such a request, in one market and one media type. It carries an `ETag`, how long
caches may keep it, and as tags the tables and rows that it was made of (`Surrogate-Key`, `Cache-Tag`), by which a cache
in front of us can be purged.
"""

from __future__ import annotations

import hashlib
import time
from collections.abc import Awaitable, Callable
from http import HTTPStatus
from typing import Any

import orjson
from litestar import Request, Response

from config.postgres import statements_noted
from graph.context import Context
from graph.reads.footprints import Footprints
from graph.reuse.answers import Answer
from graph.reuse.tags import Uncertain, tags_of
from graph.transport.compression import coding_for, encoded
from graph.transport.over_http import EVENT_STREAM, negotiate
from graph.transport.parameters import Parameters

Make = Callable[[Footprints], Awaitable[Response[Any]]]


def may_be_reused(request: Request[Any, Any, Any]) -> bool:
    """Whether a request is of the kind; what it names has to be looked at yet."""
    is_stream = EVENT_STREAM in request.headers.get("accept", "")
    return request.method == "GET" and "authorization" not in request.headers and not is_stream


async def reused(request: Request[Any, Any, Any], asked: Parameters, context: Context, make: Make) -> Response[Any]:
    """The answer that is held, or one that is made now and held if it can be."""
    answers = context.services.answers
    key = _key(asked, request.headers.get("accept", ""), context.market)
    if key is None:
        return await make(Footprints())
    held = answers.get(key, now_s=time.monotonic())
    if held is not None:
        return await _told(request, held, context)
    since, tables = answers.changes, answers.tables
    footprints = Footprints()
    with statements_noted() as noted:
        made = await make(footprints)
    if made.status_code != HTTPStatus.OK or not noted.complete or "errors" in orjson.loads(made.content):
        return made
    if answers.changes != since:
        return made  # a cache may have been purged already of what it would keep now
    try:
        tags = tags_of(noted.statements, footprints, tables)
    except Uncertain:
        return made
    answer = Answer(body=made.content, media_type=str(made.media_type), tags=tags, made_at_s=time.monotonic())
    answers.put(key, answer, since=since)
    return await _told(request, answer, context)


def _key(asked: Parameters, accept: str, market: str | None) -> str | None:
    """What makes two requests one; None where it is refused what is asked, or cannot be written."""
    media_type = negotiate(accept)
    if media_type is None:
        return None
    parts = [asked.wanted.digest, asked.operation_name, asked.variables or {}, media_type, market]
    try:
        return hashlib.sha256(orjson.dumps(parts, option=orjson.OPT_SORT_KEYS)).hexdigest()
    except orjson.JSONEncodeError:  # variables may be nested more deeply than it writes
        return None


async def _told(request: Request[Any, Any, Any], answer: Answer, context: Context) -> Response[Any]:
    tags = sorted(answer.tags)
    left_s = answer.made_at_s + context.services.answers.max_age_s - time.monotonic()
    headers = {
        "etag": answer.etag,
        "cache-control": f"public, max-age={max(0, int(left_s))}",
        "surrogate-key": " ".join(tags),
        "cache-tag": ",".join(tags),
    }
    # What we have encoded has left with a weak tag; both name the same answer, and a star names any (RFC 9110, 13.1.2).
    named = {text.strip().removeprefix("W/") for text in request.headers.get("if-none-match", "").split(",")}
    if not named.isdisjoint({answer.etag, "*"}):
        return Response(None, status_code=HTTPStatus.NOT_MODIFIED, headers=headers)
    coding = coding_for(request.scope, answer.body)
    if coding is None:
        return Response(answer.body, media_type=answer.media_type, headers=headers)
    content = answer.encoded.get(coding.value)
    if content is None:
        content = await encoded(answer.body, coding)
        answer.keep_encoded(coding.value, content)
    headers |= {"etag": f"W/{answer.etag}", "content-encoding": coding.value}
    return Response(content, media_type=answer.media_type, headers=headers)

"""Answers that may be given again: to anonymous GET requests that name a persisted document.

Everybody gets the same answer to such a request, in one market and one media type. It carries an `ETag`, how long
caches may keep it, and the tables that it was made of as tags (`Surrogate-Key`, `Cache-Tag`), by which a cache in front
of us can be purged.
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
from graph.reuse.answers import Answer
from graph.transport.over_http import EVENT_STREAM, JSON, negotiate
from graph.transport.parameters import Parameters

Make = Callable[[], Awaitable[Response[Any]]]


def may_be_reused(request: Request[Any, Any, Any]) -> bool:
    """Whether a request is of the kind; what it names has to be looked at yet."""
    is_stream = EVENT_STREAM in request.headers.get("accept", "")
    return request.method == "GET" and "authorization" not in request.headers and not is_stream


async def reused(request: Request[Any, Any, Any], asked: Parameters, context: Context, make: Make) -> Response[Any]:
    """The answer that is held, or one that is made now and held if it can be."""
    answers = context.services.answers
    key = _key(asked, negotiate(request.headers.get("accept", "")) or JSON, context.market)
    held = answers.get(key, now_s=time.monotonic())
    if held is not None:
        return _told(request, held, context)
    since = answers.changes
    with statements_noted() as noted:
        made = await make()
    tables = answers.made_of(noted.statements) if noted.complete else None
    if made.status_code != HTTPStatus.OK or tables is None or "errors" in orjson.loads(made.content):
        return made
    answer = Answer(body=made.content, media_type=str(made.media_type), tables=tables, made_at_s=time.monotonic())
    answers.put(key, answer, since=since)
    return _told(request, answer, context)


def _key(asked: Parameters, media_type: str, market: str | None) -> str:
    """What makes two requests one."""
    parts = [asked.wanted.digest, asked.operation_name, asked.variables or {}, media_type, market]
    return hashlib.sha256(orjson.dumps(parts, option=orjson.OPT_SORT_KEYS)).hexdigest()


def _told(request: Request[Any, Any, Any], answer: Answer, context: Context) -> Response[Any]:
    tags = sorted(answer.tables)
    left_s = answer.made_at_s + context.services.answers.max_age_s - time.monotonic()
    headers = {
        "etag": answer.etag,
        "cache-control": f"public, max-age={max(0, int(left_s))}",
        "surrogate-key": " ".join(tags),
        "cache-tag": ",".join(tags),
    }
    # What we have encoded has left with a weak tag; both name the same answer.
    if answer.etag in (text.strip().removeprefix("W/") for text in request.headers.get("if-none-match", "").split(",")):
        return Response(None, status_code=HTTPStatus.NOT_MODIFIED, headers=headers)
    return Response(answer.body, media_type=answer.media_type, headers=headers)

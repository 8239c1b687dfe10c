"""The service: one request in, one answer out.

What each request goes through, in this order:

1. method: GET, HEAD, and POST for a licence; OPTIONS is answered for any path, everything else is 405;
2. health checks, which need no token;
3. the raw path is parsed (`origin.routes`), 403;
4. what it names is looked up (`origin.lookup`): the token, 403 and 400; the descriptor, 404, 410 and 503; the file, 404
   and 403; its protected form, 502 and 503 when a key server is needed for that;
5. conditions and ranges are applied (`origin.responses`), 304, 206, 416;
6. and only then bytes are read (`origin.bodies`), 503.

Every error becomes an answer here, until the answer has begun. An answer that may be given again without all this says
how to come by its body (`Answer.again`); withdrawals and bytes are looked at each time, the rest is up to `origin.hot`.

Not here: sockets and ASGI (`origin.asgi`), wiring (`origin.app`).
"""

from __future__ import annotations

from http import HTTPStatus

import msgspec

from config.logs import logger
from origin import bodies, responses, routes
from origin.bodies import Bodies, Bytes
from origin.cors import METHODS, OPEN, PREFLIGHT, Cors, merged
from origin.errors import (
    BodyTooLong,
    ClientGone,
    MalformedLicenseRequest,
    MalformedQuery,
    MethodNotAllowed,
    NotThere,
    OriginError,
    RangeUnsatisfiable,
    Refused,
    Withdrawn,
)
from origin.exchange import Answer, Request, failed, health
from origin.lookup import Lookup
from origin.protected import SECRET
from origin.protection.clear_key import LICENSE_TYPE
from origin.resources import Media, Stored, Written
from origin.routes import License, Route

LIVE_PATH = b"/health/live"
READY_PATH = b"/health/ready"

POST = "POST"
MAX_BODY_BYTES = 64 * 1024
"""Of a licence request: over a thousand key ids."""

CALLERS = (
    MalformedQuery,
    MalformedLicenseRequest,
    Refused,
    NotThere,
    Withdrawn,
    MethodNotAllowed,
    BodyTooLong,
    RangeUnsatisfiable,
    ClientGone,
)
"""Errors that the access log tells enough about."""

log = logger(__name__)


class Service:
    """Answers requests for the files of one store."""

    def __init__(self, *, store: Bytes, lookup: Lookup, cors: Cors = OPEN) -> None:
        self._store = store
        self._bodies = Bodies(store)
        self._lookup = lookup
        self._cors = cors

    async def answer(self, request: Request) -> Answer:
        """Answer any request; nothing is raised. HEAD has the headers of GET, and no body."""
        try:
            answer = await self._answer(request)
        except OriginError as error:
            if not isinstance(error, CALLERS):
                log.warning("request failed", code=error.code, reason=str(error))
            answer = failed(error, cause=error.reason if isinstance(error, Refused) else error.code)
        except Exception:
            log.exception("unexpected error")
            answer = failed(OriginError(), cause=OriginError.code)
        headers = merged(answer.headers, self._cors.headers(request.headers.get("origin")))
        return msgspec.structs.replace(answer, headers=headers, body=b"" if request.method == "HEAD" else answer.body)

    async def _answer(self, request: Request) -> Answer:
        if request.method == "OPTIONS":
            return Answer(status=HTTPStatus.NO_CONTENT, headers=dict(PREFLIGHT), body=b"")
        if request.method == POST:
            return await self._license(request)
        if request.method not in METHODS:
            raise MethodNotAllowed
        if request.raw_path == LIVE_PATH:
            return health(HTTPStatus.OK, {"status": "live"})
        if request.raw_path == READY_PATH:
            return await self._ready()
        return await self._media(request)

    async def _media(self, request: Request) -> Answer:
        resource, again = await self._lookup.find(routes.parse(request.raw_path), request)
        reply = responses.reply(request.method, request.headers, resource)
        rest = None
        match resource.body:
            case Stored(file=file):
                body, rest = await self._bodies.begun(file, reply)
            case Media() as media:
                content = await self._bodies.content(media, request.left) if reply.pieces else b""
                body = bodies.cut(reply, content)
            case Written(content=content):
                body = bodies.cut(reply, content)
        return Answer(status=reply.status, headers=reply.headers, body=body, rest=rest, again=again)

    async def _license(self, request: Request) -> Answer:
        route = routes.parse(request.raw_path)
        if not isinstance(route, Route) or not isinstance(route.file, License):
            raise MethodNotAllowed
        if len(request.body) > MAX_BODY_BYTES:
            raise BodyTooLong
        body = await self._lookup.license(route, request.body)
        headers = {**SECRET, "content-type": LICENSE_TYPE, "content-length": str(len(body))}
        return Answer(status=HTTPStatus.OK, headers=headers, body=body)

    async def _ready(self) -> Answer:
        try:
            await self._store.ping()
        except OriginError:
            return health(HTTPStatus.SERVICE_UNAVAILABLE, {"status": "unavailable", "services": {"s3": "down"}})
        return health(HTTPStatus.OK, {"status": "ready", "services": {"s3": "up"}})

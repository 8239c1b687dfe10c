"""The service: one request in, one answer out.

What each request goes through, in this order:

1. method: GET, HEAD; OPTIONS is answered for any path, everything else is 405;
2. health checks, which need no token;
3. the raw path is parsed (`origin.routes`), 403;
4. the token is verified for the directory of the asset that the path names (`edge.token`), 403;
5. the descriptor is looked up (`origin.descriptors`), 404 and 503; an image is public and has none, so instead of steps
   4 to 6 it is read as a whole;
6. the file is resolved in it (`origin.resources`), 404;
7. conditions and ranges are applied (`origin.responses`), 304, 206, 416;
8. and only then bytes are read from the store (`origin.store`), 503: a segment at once, of a whole file the first part;
   the other parts are read while they are sent, so that memory holds one of them however long the file is.

Every error becomes an answer here, until the answer has begun.

Not here: sockets and ASGI (`origin.asgi`), wiring (`origin.app`).
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Mapping
from http import HTTPStatus
from typing import Protocol

import msgspec

from config.logs import logger
from edge import token
from edge.errors import TokenRejected
from origin import resources, responses, routes
from origin.asset import asset_directory
from origin.descriptors import Descriptors
from origin.errors import MethodNotAllowed, NotThere, OriginError, RangeUnsatisfiable, Refused
from origin.image import image_key
from origin.ranges import Span
from origin.resources import Resource, Written
from origin.responses import Headers, Reply
from origin.routes import ImageRoute, Route

LIVE_PATH = b"/health/live"
READY_PATH = b"/health/ready"

PART_BYTES = 512 * 1024
"""Of a whole file, what is read at once. A server holds some ten of them for a client that reads slowly."""

CALLERS = (Refused, NotThere, MethodNotAllowed, RangeUnsatisfiable)
"""Errors that the access log tells enough about."""

log = logger(__name__)


class Request(msgspec.Struct, frozen=True, kw_only=True):
    """`raw_path` is as it came, undecoded and without the query; header names are lower case."""

    method: str
    raw_path: bytes
    headers: Headers


class Answer(msgspec.Struct, frozen=True, kw_only=True):
    """What goes out. `cause` is the code of an error, for the log alone."""

    status: int
    headers: Headers
    body: bytes
    rest: AsyncIterator[bytes] | None = None
    """What follows `body`, read while it is sent; raises OriginError when it cannot be read any more."""
    cause: str | None = None


class Bytes(Protocol):
    """What the service needs of `origin.store.Store`."""

    async def read(self, key: str, span: Span) -> bytes: ...

    async def whole(self, key: str) -> bytes: ...

    async def ping(self) -> None: ...


class Service:
    """Answers requests for the assets of one store; `keys` are token secrets by key id, `clock` gives Unix seconds."""

    def __init__(
        self,
        *,
        store: Bytes,
        descriptors: Descriptors,
        keys: Mapping[str, bytes],
        manifest_max_age_s: int,
        clock: Callable[[], float],
    ) -> None:
        self._store = store
        self._descriptors = descriptors
        self._keys = keys
        self._manifest_max_age_s = manifest_max_age_s
        self._clock = clock

    async def answer(self, request: Request) -> Answer:
        """Answer any request; nothing is raised. HEAD has the headers of GET, and no body."""
        try:
            answer = await self._answer(request)
        except OriginError as error:
            if not isinstance(error, CALLERS):
                log.warning("request failed", code=error.code, reason=str(error))
            answer = _failed(error, cause=error.reason if isinstance(error, Refused) else error.code)
        except Exception:
            log.exception("unexpected error")
            answer = _failed(OriginError(), cause=OriginError.code)
        return msgspec.structs.replace(answer, body=b"") if request.method == "HEAD" else answer

    async def _answer(self, request: Request) -> Answer:
        if request.method == "OPTIONS":
            return _answer(responses.preflight(), b"")
        if request.method not in responses.METHODS:
            raise MethodNotAllowed
        if request.raw_path == LIVE_PATH:
            return _health(HTTPStatus.OK, {"status": "live"})
        if request.raw_path == READY_PATH:
            return await self._ready()
        return await self._media(request)

    async def _media(self, request: Request) -> Answer:
        route = routes.parse(request.raw_path)
        if isinstance(route, ImageRoute):
            resource = await self._image(route)
        else:
            resource = await self._authorised(route, request)
        reply = responses.reply(request.method, request.headers, resource)
        if reply.span is None:
            return _answer(reply, b"")
        if isinstance(resource.body, Written):
            return _answer(reply, resource.body.content[reply.span.start : reply.span.start + reply.span.length])
        key, wanted = resource.body.key, resource.body.part(reply.span)
        first, *others = wanted.parts(PART_BYTES) if resource.body.streamed else [wanted]
        body = await self._store.read(key, first)
        return _answer(reply, body, rest=self._read_on(key, others) if others else None)

    async def _image(self, route: ImageRoute) -> Resource:
        content = await self._store.whole(image_key(route.image_id, route.size_px, route.image_format))
        return resources.image(content, route.image_format)

    async def _authorised(self, route: Route, request: Request) -> Resource:
        """The resource that the path names, once its token has opened the directory."""
        try:
            token.verify(
                route.token, directory=asset_directory(route.asset_id), keys=self._keys, now_s=int(self._clock())
            )
        except TokenRejected as error:
            raise Refused(error.code) from error
        asset = await self._descriptors.get(route.asset_id, route.revision)
        return resources.resolve(
            asset,
            route.file,
            manifest_max_age_s=self._manifest_max_age_s,
            compressed=responses.wants_compressed(request.headers),
        )

    async def _read_on(self, key: str, spans: list[Span]) -> AsyncIterator[bytes]:
        for span in spans:
            yield await self._store.read(key, span)

    async def _ready(self) -> Answer:
        try:
            await self._store.ping()
        except OriginError:
            return _health(HTTPStatus.SERVICE_UNAVAILABLE, {"status": "unavailable", "services": {"s3": "down"}})
        return _health(HTTPStatus.OK, {"status": "ready", "services": {"s3": "up"}})


def _answer(reply: Reply, body: bytes, *, rest: AsyncIterator[bytes] | None = None, cause: str | None = None) -> Answer:
    return Answer(status=reply.status, headers=reply.headers, body=body, rest=rest, cause=cause)


def _failed(error: OriginError, *, cause: str) -> Answer:
    reply, body = responses.refusal(error)
    return _answer(reply, body, cause=cause)


def _health(status: HTTPStatus, content: Mapping[str, object]) -> Answer:
    body = msgspec.json.encode(content)
    headers = {"cache-control": "no-store", "content-type": "application/json", "content-length": str(len(body))}
    return Answer(status=status, headers=headers, body=body)

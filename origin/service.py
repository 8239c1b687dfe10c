"""The service: one request in, one answer out.

What each request goes through, in this order:

1. method: GET, HEAD, and POST for a licence; OPTIONS is answered for any path, everything else is 405;
2. health checks, which need no token;
3. the raw path is parsed (`origin.routes`), 403;
4. the token is verified for the directory that the path names, which is an asset's or a running order of several, and
   says with the query of a manifest what of it may be had (`origin.admission`), 403 and 400;
5. the descriptors are looked up (`origin.descriptors`), 404 and 503, unless one of the assets is withdrawn
   (`origin.withdrawals`), 410; an image is public and has none, so instead of steps 4 to 6 it is read as a whole;
6. the file is resolved in it (`origin.resources`), 404 and 403, and takes its protected form where the path names a
   scheme (`origin.protected`), 502 and 503 when a key server is needed for that; manifests are remembered;
7. conditions and ranges are applied (`origin.responses`), 304, 206, 416;
8. and only then bytes are read (`origin.reads`), 503: a segment at once, and the next one ahead; of a whole file the
   first part, and the others while they are sent, so that memory holds one of them however long the file is.

Every error becomes an answer here, until the answer has begun. An answer that may be given again without all this says
how to come by its body (`Answer.again`); steps 5 and 8 are looked at each time, steps 1 to 4 are those of `origin.hot`.

Not here: sockets and ASGI (`origin.asgi`), wiring (`origin.app`).
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Iterator, Mapping
from functools import partial
from http import HTTPStatus
from typing import NamedTuple, Protocol, TypeAlias
from uuid import UUID

import msgspec

from config.logs import logger
from edge.token import Grant
from origin import admission, resources, responses, routes
from origin.asset import asset_directory
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
from origin.image import ImageFormat
from origin.leaving import Left, unless_left
from origin.presentation import Track
from origin.protected import SECRET, Protected
from origin.protection.clear_key import LICENSE_TYPE
from origin.protection.scheme import Scheme
from origin.ranges import Span
from origin.reads.block import Block
from origin.reads.whole import WholeObject
from origin.rendered import Rendered
from origin.resources import Media, Resource, Stored, Written
from origin.responses import Headers, Reply
from origin.routes import Header, HlsKey, ImageRoute, License, Manifest, MediaSegment, PresentationRoute, Route
from origin.running_order import Place, directory
from origin.withdrawals import Assets

LIVE_PATH = b"/health/live"
READY_PATH = b"/health/ready"

PART_BYTES = 512 * 1024
"""Of a whole file, what is read at once. A server holds some ten of them for a client that reads slowly."""

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


Again: TypeAlias = Callable[[], bytes | None]
"""The body of an answer once more; None when that takes more than a look into memory."""


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


class _Found(NamedTuple):
    """What a path names, and how to come by its bytes again."""

    resource: Resource
    again: Again | None = None


class Bytes(Protocol):
    """What the service needs of `origin.reads.reader.Reader`."""

    def held(self, block: Block) -> bytes | None: ...

    async def block(self, block: Block) -> bytes: ...

    def ahead(self, block: Block) -> None: ...

    async def read(self, file: WholeObject, span: Span) -> bytes: ...

    async def image(self, image_id: UUID, size_px: int, image_format: ImageFormat) -> bytes: ...

    async def ping(self) -> None: ...


class Service:
    """Answers requests for the assets of one store; `keys` are token secrets by key id, `clock` gives Unix seconds."""

    def __init__(
        self,
        *,
        store: Bytes,
        descriptors: Assets,
        protected: Protected,
        keys: Mapping[str, bytes],
        manifest_max_age_s: int,
        clock: Callable[[], float],
        cors: Cors = OPEN,
    ) -> None:
        self._store = store
        self._descriptors = descriptors
        self._protected = protected
        self._keys = keys
        self._manifest_max_age_s = manifest_max_age_s
        self._rendered = Rendered()
        self._cors = cors
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
            return _health(HTTPStatus.OK, {"status": "live"})
        if request.raw_path == READY_PATH:
            return await self._ready()
        return await self._media(request)

    async def _media(self, request: Request) -> Answer:
        route = routes.parse(request.raw_path)
        if isinstance(route, ImageRoute):
            found = _Found(await self._image(route))
        elif isinstance(route, PresentationRoute):
            found = _Found(await self._presented(route, request))
        else:
            found = await self._authorised(route, request)
        resource = found.resource
        reply = responses.reply(request.method, request.headers, resource)
        match resource.body:
            case Stored(file=file):
                first, *others = [*_reads(reply)] or [b""]
                body = await self._piece(file, first)
                return _answer(reply, body, rest=self._read_on(file, others) if others else None)
            case Media() as media:
                content = await self._content(media, request) if reply.pieces else b""
            case Written(content=content):
                pass
        return _answer(reply, b"".join(_cut(reply, content)), again=found.again)

    async def _content(self, media: Media, request: Request) -> bytes:
        """The bytes of a header or a segment; the next one is on its way when they are there."""
        content = self._held(media)
        if content is None:
            reading = self._store.block(media.block)
            content = await (reading if request.left is None else unless_left(reading, request.left))
            self._ahead(media)
        return content

    def _held(self, media: Media) -> bytes | None:
        """The same, of what is in memory."""
        content = self._store.held(media.block)
        if content is not None:
            self._ahead(media)
        return content

    def _ahead(self, media: Media) -> None:
        if media.following is not None:
            self._store.ahead(media.following)

    async def _image(self, route: ImageRoute) -> Resource:
        content = await self._store.image(route.image_id, route.size_px, route.image_format)
        return resources.image(content, route.image_format)

    async def _authorised(self, route: Route, request: Request) -> _Found:
        """The resource that the path names, once its token has opened the directory."""
        grant = self._admitted(route.token, asset_directory(route.asset_id), protected=route.is_protected)
        asset, file = await self._descriptors.get(route.asset_id, route.revision), route.file
        if isinstance(file, License):
            raise MethodNotAllowed
        if isinstance(file, HlsKey):
            return _Found(await self._protected.key(asset, file))
        keyring = None if route.scheme is None else await self._protected.keyring(asset, route.scheme)
        selection, coding = admission.selection(grant, file, request.query), responses.coding_for(request.headers)

        def resolve() -> Resource:
            return resources.resolve(
                asset,
                file,
                selection=selection,
                manifest_max_age_s=self._manifest_max_age_s,
                coding=coding,
                signalling=None if keyring is None else keyring.signalling,
            )

        if isinstance(file, Manifest):
            key = (route.asset_id, route.revision, route.scheme, file, selection.left_of(asset), coding)
            return self._again(route, self._rendered.get(key, resolve), partial(self._rendered.held, key))
        resource = resolve()
        if keyring is not None and isinstance(file, Header | MediaSegment):
            resource = await self._protected.encrypted(
                resource, asset, file, keyring, read=lambda media: self._content(media, request)
            )
        if isinstance(resource.body, Media):
            return self._again(route, resource, partial(self._held, resource.body))
        return self._again(route, resource, partial(self._protected.held, resource.etag))

    def _again(self, route: Route, resource: Resource, held: Again) -> _Found:
        """With the way to what is held, which is closed while it is not known that the asset may be had."""

        def again() -> bytes | None:
            return None if self._descriptors.held(route.asset_id, route.revision) is None else held()

        return _Found(resource, again)

    async def _license(self, request: Request) -> Answer:
        """The keys that the body asks for, to whoever may have the asset's protected media."""
        route = routes.parse(request.raw_path)
        if not isinstance(route, Route) or not isinstance(route.file, License):
            raise MethodNotAllowed
        if len(request.body) > MAX_BODY_BYTES:
            raise BodyTooLong
        self._admitted(route.token, asset_directory(route.asset_id), protected=True)
        asset = await self._descriptors.get(route.asset_id, route.revision)
        body = await self._protected.license(asset, request.body)
        headers = {**SECRET, "content-type": LICENSE_TYPE, "content-length": str(len(body))}
        return Answer(status=HTTPStatus.OK, headers=headers, body=body)

    async def _presented(self, route: PresentationRoute, request: Request) -> Resource:
        """A manifest of several tracks, once its token has opened all of them."""
        grant = self._admitted(route.token, directory(route.order), protected=route.scheme is not None)
        tracks = await asyncio.gather(*(self._track(place, grant, route.scheme) for place in route.order))
        selection, coding = admission.selection(grant, route.file, request.query), responses.coding_for(request.headers)

        def write() -> Resource:
            return resources.presented(
                tracks, route.file, selection=selection, max_age_s=self._manifest_max_age_s, coding=coding
            )

        left = tuple(selection.left_of(track.asset) for track in tracks)
        return self._rendered.get((grant, route.scheme, route.file, left, coding), write)

    async def _track(self, place: Place, grant: Grant, scheme: Scheme | None) -> Track:
        asset = await self._descriptors.get(*place)
        keyring = None if scheme is None else await self._protected.keyring(asset, scheme)
        return Track(
            asset=asset,
            base=admission.way_to(asset, grant, scheme=scheme, keys=self._keys),
            signalling=None if keyring is None else keyring.signalling,
        )

    def _admitted(self, text: str, scope: str, *, protected: bool) -> Grant:
        return admission.admitted(text, directory=scope, protected=protected, keys=self._keys, now_s=int(self._clock()))

    async def _read_on(self, file: WholeObject, pieces: list[bytes | Span]) -> AsyncIterator[bytes]:
        for piece in pieces:
            yield await self._piece(file, piece)

    async def _piece(self, file: WholeObject, piece: bytes | Span) -> bytes:
        return piece if isinstance(piece, bytes) else await self._store.read(file, piece)

    async def _ready(self) -> Answer:
        try:
            await self._store.ping()
        except OriginError:
            return _health(HTTPStatus.SERVICE_UNAVAILABLE, {"status": "unavailable", "services": {"s3": "down"}})
        return _health(HTTPStatus.OK, {"status": "ready", "services": {"s3": "up"}})


def _cut(reply: Reply, content: bytes) -> Iterator[bytes]:
    for piece in reply.pieces:
        yield piece if isinstance(piece, bytes) else content[piece.start : piece.end]


def _reads(reply: Reply) -> Iterator[bytes | Span]:
    """The pieces of a whole file, none longer than what memory is meant to hold of it."""
    for piece in reply.pieces:
        yield from (piece,) if isinstance(piece, bytes) else piece.parts(PART_BYTES)


def _answer(
    reply: Reply,
    body: bytes,
    *,
    rest: AsyncIterator[bytes] | None = None,
    cause: str | None = None,
    again: Again | None = None,
) -> Answer:
    return Answer(status=reply.status, headers=reply.headers, body=body, rest=rest, cause=cause, again=again)


def _failed(error: OriginError, *, cause: str) -> Answer:
    reply, body = responses.refusal(error)
    return _answer(reply, body, cause=cause)


def _health(status: HTTPStatus, content: Mapping[str, object]) -> Answer:
    body = msgspec.json.encode(content)
    headers = {"cache-control": "no-store", "content-type": "application/json", "content-length": str(len(body))}
    return Answer(status=status, headers=headers, body=body)

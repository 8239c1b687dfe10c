"""`PUT /uploads/{id}`: a master through the API, for clients that cannot reach the object store.

Theory of operation. The body is passed on to the store as it arrives, in one request of a known length: a slow store
slows the client down, and what is held here is a piece or two. Size and digest are compared on the way, and the last
piece is held back until they are right (`graph.uploads.body`): otherwise the request to the store is broken off, and
the store keeps nothing. The client then calls `completeUpload` like any other.

The length is stated by Content-Length, and then has to be the promised one, or the body is chunked and may not exceed
the promise. A process takes so many files at once and refuses more, so that slow clients do not use it up.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import Any

from litestar import Request, Response, put
from litestar.handlers import HTTPRouteHandler
from litestar.params import FromPath

from graph import ids
from graph.context import Services
from graph.errors import BadRequest, Code, ProblemCode, Refused, Unauthenticated, Unavailable, refused
from graph.transport.asker import viewer_of
from graph.transport.over_http import JSON
from graph.transport.responses import answer
from graph.uploads import service
from graph.uploads.body import Body
from graph.uploads.records import Stored
from graph.uploads.types import INTAKE_PATH, Upload

IDLE_S = 30.0
"""A client that sends nothing for this long gives its place to another."""
STATUS_BY_PROBLEM = {
    ProblemCode.NOT_FOUND: 404,
    ProblemCode.UPLOAD_COMPLETED: 409,
    ProblemCode.UPLOAD_EXPIRED: 410,
}
"""Any other problem is one of the body: 400."""


class Stalled(Exception):
    """The client has sent nothing for too long."""


class Gone(Exception):
    """The client has left in the middle; nobody hears the answer."""


class Places:
    """How many files a process takes at once."""

    def __init__(self, count: int) -> None:
        self._free = count

    @contextmanager
    def one(self) -> Iterator[None]:
        if not self._free:
            raise Unavailable("Too many files arrive at this moment. Try again, or send the file to the object store.")
        self._free -= 1
        try:
            yield
        finally:
            self._free += 1


def intake_route(places: int) -> HTTPRouteHandler:
    """The route of this process."""
    taken = Places(places)

    @put(f"{INTAKE_PATH}/{{upload_id:str}}", request_max_body_size=None)
    async def take_upload(request: Request[Any, Any, Any], upload_id: FromPath[str]) -> Response[bytes]:
        """Take the body as the file of an upload."""
        try:
            with taken.one():
                upload = await _promise(request, upload_id)
                await _pass_on(request, upload)
        except Refused as refusal:
            (problem,) = refusal.problems
            return _failed(STATUS_BY_PROBLEM.get(problem.code, 400), problem.code.name, problem.message)
        except (Stalled, Gone):
            message = f"Nothing has arrived for {IDLE_S:g} seconds. Send the file again."
            return _failed(408, Code.BAD_REQUEST.value, message)
        body = {"uploadId": upload_id, "sizeBytes": upload.size_bytes, "sha256": upload.sha256.hex()}
        return answer(body, media_type=JSON, status=200)

    return take_upload


async def _promise(request: Request[Any, Any, Any], upload_id: str) -> Stored:
    """The promise that this body keeps. Raises Unauthenticated, BadRequest, Refused."""
    services: Services = request.app.state.services
    viewer = viewer_of(request.headers.get("authorization"), services)
    if viewer is None:
        raise Unauthenticated
    key = ids.require(Upload.type_name, upload_id, field="uploadId")
    upload = await service.find(services.pool, viewer, key)
    if upload.completed_at is not None:
        raise refused(ProblemCode.UPLOAD_COMPLETED, "uploadId")
    if upload.expires_at <= datetime.now(UTC):
        raise refused(ProblemCode.UPLOAD_EXPIRED, "uploadId")
    _check_length(request.headers.get("content-length"), upload)
    if request.headers.get("content-encoding", "identity") != "identity":
        raise BadRequest("Send the file as it is, without a content encoding.")
    return upload


def _check_length(stated: str | None, upload: Stored) -> None:
    if stated is not None and stated != str(upload.size_bytes):
        message = f"{upload.size_bytes} bytes were announced, and Content-Length is {stated}."
        raise refused(ProblemCode.UPLOAD_SIZE_MISMATCH, "uploadId", message)


async def _pass_on(request: Request[Any, Any, Any], upload: Stored) -> None:
    services: Services = request.app.state.services
    await services.store.write_stream(
        upload.object_key,
        _checked(request, Body(upload)),
        content_type=upload.content_type,
        size_bytes=upload.size_bytes,
        sha256=upload.sha256,
    )


async def _checked(request: Request[Any, Any, Any], body: Body) -> AsyncGenerator[bytes, None]:
    async for piece in _pieces(request):
        passed = body.feed(piece)
        if passed:
            yield passed
    yield body.finish()


async def _pieces(request: Request[Any, Any, Any]) -> AsyncGenerator[bytes, None]:
    """The body as the server hands it over; Litestar's own reader knows neither a stall nor who is to blame for one."""
    while True:
        try:
            message: Any = await asyncio.wait_for(request.receive(), IDLE_S)
        except TimeoutError as error:
            raise Stalled from error
        if message["type"] == "http.disconnect":
            raise Gone
        yield message.get("body", b"")
        if not message.get("more_body", False):
            return


def _failed(status: int, code: str, message: str) -> Response[bytes]:
    body = {"errors": [{"message": message, "extensions": {"code": code}}]}
    return answer(body, media_type=JSON, status=status)

"""A hand-written API for the importer: the few operations it uses, in memory, with faults to order."""

import asyncio
import hashlib
import json
import re
from collections import Counter, defaultdict
from collections.abc import AsyncIterator
from typing import Any

import pytest
from aiohttp import web
from aiohttp.test_utils import TestServer

from appliance.client import GraphClient, open_client

Values = dict[str, Any]
NO_ERRORS: list[Values] = []
ROOT_FIELD = re.compile(r"\{\s*(\w+)")


class FakeApi:
    """State as the real API keeps it; ids are `kind-n`."""

    def __init__(self) -> None:
        self.artists: dict[str, str] = {}
        self.albums: dict[str, dict[str, Any]] = {}
        self.tracks: dict[str, dict[str, Any]] = {}
        self.uploads: dict[str, dict[str, Any]] = {}
        self.stored: dict[str, bytes] = {}
        self.calls: Counter[str] = Counter()
        self.verdicts: dict[str, dict[str, str]] = {}
        """Failures of the ingest, by the content's digest."""
        self.faults: defaultdict[str, list[web.Response]] = defaultdict(list)
        """Answers given instead of the right one, by root field (or `PUT`), each once."""
        self.lost: Counter[str] = Counter()
        """How many right answers get lost on their way, by root field: what was asked for is done."""
        self.dropped_sockets = 0
        self.drop_code = 1011
        self.most_at_once = 0
        self.at_once = 0
        self.ingest_goes_on = asyncio.Event()
        self.ingest_goes_on.set()
        self.base = ""

    def app(self) -> web.Application:
        app = web.Application(client_max_size=2**26)
        app.router.add_post("/graphql", self.post)
        app.router.add_get("/graphql", self.socket)
        app.router.add_put("/store/{upload}", self.put)
        return app

    async def post(self, request: web.Request) -> web.Response:
        assert request.headers["authorization"] == "Bearer a-token"
        body = await request.json()
        field = ROOT_FIELD.search(body["query"])[1]
        self.calls[field] += 1
        if self.faults[field]:
            return self.faults[field].pop(0)
        method = getattr(self, re.sub("([A-Z])", lambda capital: f"_{capital[1].lower()}", field))
        answer = method(body["variables"].get("input", body["variables"]))
        if self.lost[field]:
            self.lost[field] -= 1
            return web.Response(status=504, text="<html>Gateway timeout</html>")
        return web.json_response({"data": {field: answer}})

    async def own_artists(self) -> dict[str, str]:
        return {name: id_ for id_, name in self.artists.items()}

    def viewer(self, asked: Values) -> Values:
        found = [u for u in self.uploads.values() if u["sha256"] == asked["sha256"] and u["completed"]]
        tracks = [self.tracks[u["trackId"]] for u in found]
        alive = [track for track in tracks if track["ingest"]["status"] != "FAILED"]
        return {"upload": alive[-1] if alive else None}

    def artist(self, asked: Values) -> Values:
        albums = [album for album in self.albums.values() if album["artistId"] == asked["id"]]
        tracks = [track for track in self.tracks.values() if track["artistId"] == asked["id"]]
        return {"albums": page(albums, asked["after"]), "tracks": page(tracks, asked["after"])}

    def album(self, asked: Values) -> Values:
        tracks = [track for track in self.tracks.values() if (track["album"] or {}).get("id") == asked["id"]]
        return {"tracks": page(tracks, asked["after"])}

    def create_artist(self, artist: Values) -> Values:
        id_ = f"artist-{len(self.artists)}"
        self.artists[id_] = artist["name"]
        return {"artist": {"id": id_}, "userErrors": NO_ERRORS}

    def create_album(self, album: Values) -> Values:
        id_ = f"album-{len(self.albums)}"
        self.albums[id_] = {"id": id_, **album}
        return {"album": {"id": id_}, "userErrors": NO_ERRORS}

    def create_track(self, track: Values) -> Values:
        id_ = f"track-{len(self.tracks)}"
        album = {"id": track["albumId"]} if track["albumId"] else None
        self.tracks[id_] = {"id": id_, **track, "album": album, "ingest": None, "durationMs": None}
        return {"track": {"id": id_}, "userErrors": NO_ERRORS}

    def create_upload(self, promise: Values) -> Values:
        id_ = f"upload-{len(self.uploads)}"
        self.uploads[id_] = {**promise, "completed": False}
        headers = [{"name": "content-type", "value": promise["contentType"]}, {"name": "x-signed", "value": "yes"}]
        upload = {"id": id_, "method": "PUT", "url": f"{self.base}/store/{id_}", "headers": headers}
        return {"upload": upload, "userErrors": NO_ERRORS}

    def complete_upload(self, kept: Values) -> Values:
        upload = self.uploads[kept["uploadId"]]
        upload["completed"] = True
        track = self.tracks[upload["trackId"]]
        track["ingest"] = {"status": "QUEUED"}
        track["sha256"] = upload["sha256"]
        return {"track": {"id": track["id"]}, "userErrors": NO_ERRORS}

    async def put(self, request: web.Request) -> web.Response:
        self.calls["PUT"] += 1
        if self.faults["PUT"]:
            await request.read()
            return self.faults["PUT"].pop(0)
        assert request.headers["x-signed"] == "yes"
        assert "transfer-encoding" not in request.headers
        body = await request.read()
        upload = self.uploads[request.match_info["upload"]]
        assert hashlib.sha256(body).hexdigest() == upload["sha256"]
        assert len(body) == upload["sizeBytes"]
        self.stored[request.match_info["upload"]] = body
        return web.Response()

    async def socket(self, request: web.Request) -> web.WebSocketResponse:
        socket = web.WebSocketResponse(protocols=("graphql-transport-ws",))
        await socket.prepare(request)
        init = await socket.receive_json()
        assert init == {"type": "connection_init", "payload": {"authorization": "Bearer a-token"}}
        await socket.send_json({"type": "connection_ack"})
        subscribe = await socket.receive_json()
        self.calls["ingestProgress"] += 1
        if self.dropped_sockets:
            self.dropped_sockets -= 1
            await socket.close(code=self.drop_code)
            return socket
        await self._progress(socket, self.tracks[subscribe["payload"]["variables"]["trackId"]])
        await socket.send_json({"id": "1", "type": "complete"})
        await socket.close()
        return socket

    async def _progress(self, socket: web.WebSocketResponse, track: dict[str, Any]) -> None:
        self.at_once += 1
        self.most_at_once = max(self.most_at_once, self.at_once)
        await send(socket, {"status": "PROCESSING", "stage": "DECODE", "fraction": 0.25, "failure": None})
        await self.ingest_goes_on.wait()
        self.at_once -= 1
        failure = self.verdicts.get(track["sha256"])
        status = "FAILED" if failure else "READY"
        track["ingest"] = {"status": status}
        track["durationMs"] = None if failure else 1000
        await send(socket, {"status": status, "stage": "DONE", "fraction": 1.0, "failure": failure})


async def send(socket: web.WebSocketResponse, progress: dict[str, Any]) -> None:
    await socket.send_json({"id": "1", "type": "next", "payload": {"data": {"ingestProgress": progress}}})


def page(nodes: list[dict[str, Any]], after: str | None, *, size: int = 2) -> Values:
    """Two to a page, so that every reader has to turn some."""
    start = int(after or 0)
    rest = nodes[start + size :]
    return {
        "edges": [{"node": node} for node in nodes[start : start + size]],
        "pageInfo": {"hasNextPage": bool(rest), "endCursor": str(start + size)},
    }


def user_error(field: str, code: str, message: str) -> web.Response:
    errors = [{"field": [field], "code": code, "message": message}]
    return web.json_response({"data": {"mutation": {"userErrors": errors}}})


def system_error(code: str, message: str, *, status: int = 200) -> web.Response:
    body = {"data": None, "errors": [{"message": message, "extensions": {"code": code}}]}
    return web.Response(text=json.dumps(body), status=status, content_type="application/graphql-response+json")


@pytest.fixture
async def api() -> AsyncIterator[FakeApi]:
    fake = FakeApi()
    async with TestServer(fake.app()) as server:
        fake.base = str(server.make_url("")).rstrip("/")
        yield fake


@pytest.fixture
async def client(api: FakeApi) -> AsyncIterator[GraphClient]:
    async with open_client(f"{api.base}/graphql", lambda: "a-token") as opened:
        yield opened


@pytest.fixture
def answers() -> tuple[Any, Any]:
    return user_error, system_error

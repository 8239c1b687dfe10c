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

from appliance import sending
from appliance.client import GraphClient, open_client
from appliance.importer import passage
from tests.appliance.importer.runs import Run

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
        self.part_bytes = 0
        """The size of a part; files go in one piece without."""
        self.parts: dict[tuple[str, int], bytes] = {}
        self.first_signatures = 10_000
        """For how many parts the signatures of the first answer last."""
        self.broken_uploads: set[str] = set()
        """Uploads of which the store takes no part any more."""
        self.parts_at_once = 0
        self.parts_go_on = asyncio.Event()
        self.parts_go_on.set()
        self.most_parts_at_once = 0
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
        app.router.add_put("/parts/{upload}/{number}", self.put_part)
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
        if "pcmSha256" in asked:
            return {"trackByFingerprint": self._heard(asked["pcmSha256"])}
        found = [u for u in self.uploads.values() if u["sha256"] == asked["sha256"] and u["completed"]]
        tracks = [self.tracks[u["trackId"]] for u in found]
        alive = [track for track in tracks if track["ingest"]["status"] != "FAILED"]
        return {"upload": alive[-1] if alive else None}

    def _heard(self, audio: str) -> Values | None:
        """The ready track whose stored file sounds like this: the words before the first bar."""
        for id_, body in self.stored.items():
            track = self.tracks[self.uploads[id_]["trackId"]]
            ready = track["ingest"] is not None and track["ingest"]["status"] == "READY"
            if ready and body.partition(b"|")[0].decode() == audio:
                return {"id": track["id"]}
        return None

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
        same = [
            id_
            for id_, upload in self.uploads.items()
            if not upload["completed"]
            and not upload.get("aborted")
            and (upload["trackId"], upload["sha256"]) == (promise["trackId"], promise["sha256"])
        ]
        id_ = same[0] if same else f"upload-{len(self.uploads)}"
        self.uploads[id_] = {**promise, "completed": False}
        headers = [{"name": "content-type", "value": promise["contentType"]}, {"name": "x-signed", "value": "yes"}]
        parts = self._cut(id_, promise["sizeBytes"]) if self.part_bytes else None
        upload = {
            "id": id_,
            "method": "PUT",
            "url": f"{self.base}/store/{id_}",
            "headers": headers,
            "arrivedBytes": sum(part["sizeBytes"] for part in parts or () if part["arrived"]),
            "parts": parts,
        }
        return {"upload": upload, "userErrors": NO_ERRORS}

    def _cut(self, id_: str, size_bytes: int) -> list[Values]:
        return [
            {
                "number": number,
                "offsetBytes": offset,
                "sizeBytes": min(self.part_bytes, size_bytes - offset),
                "method": "PUT",
                "url": f"{self.base}/parts/{id_}/{number}",
                "headers": [],
                "arrived": (id_, number) in self.parts,
            }
            for number, offset in enumerate(range(0, size_bytes, self.part_bytes), start=1)
        ]

    def abort_upload(self, given_up: Values) -> Values:
        self.uploads[given_up["uploadId"]]["aborted"] = True
        return {"abortedUploadId": given_up["uploadId"], "userErrors": NO_ERRORS}

    def complete_upload(self, kept: Values) -> Values:
        upload = self.uploads[kept["uploadId"]]
        upload["completed"], upload["backCatalogue"] = True, kept["backCatalogue"]
        held = sorted(number for id_, number in self.parts if id_ == kept["uploadId"])
        if held:
            body = b"".join(self.parts[kept["uploadId"], number] for number in held)
            assert hashlib.sha256(body).hexdigest() == upload["sha256"]
            self.stored[kept["uploadId"]] = body
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

    async def put_part(self, request: web.Request) -> web.Response:
        self.parts_at_once += 1
        self.most_parts_at_once = max(self.most_parts_at_once, self.parts_at_once)
        body = await request.read()
        self.calls["PUT part"] += 1  # and not one of which the sender lets go when another is refused
        await self.parts_go_on.wait()
        self.parts_at_once -= 1
        if self.calls["createUpload"] == 1 and len(self.parts) >= self.first_signatures:
            self.calls["late part"] += 1
            return web.Response(status=403, text="<Error><Code>AccessDenied</Code></Error>")
        if request.match_info["upload"] in self.broken_uploads:
            return web.Response(status=500, text="<Error><Code>InternalError</Code></Error>")
        if self.faults["PUT part"]:
            return self.faults["PUT part"].pop(0)
        self.parts[request.match_info["upload"], int(request.match_info["number"])] = body
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
        try:
            await send(socket, {"status": "PROCESSING", "stage": "DECODE", "fraction": 0.25, "failure": None})
            await self.ingest_goes_on.wait()
        finally:
            self.at_once -= 1  # of one whose listener left, too
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


@pytest.fixture
def run(client: GraphClient, api: Any, monkeypatch: pytest.MonkeyPatch) -> Run:
    monkeypatch.setattr(passage, "FIRST_PAUSE_S", 0.01)
    monkeypatch.setattr(sending, "FIRST_PAUSE_S", 0.01)
    return Run(client, api)

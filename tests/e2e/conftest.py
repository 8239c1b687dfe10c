"""One appliance for the whole folder, started as a person starts it: `make up`, on ports and in a home of its own."""

import asyncio
import hashlib
import io
import json
import os
from collections.abc import AsyncIterator, Iterator
from typing import Any

import aiohttp
import pytest

from loadtests.appliance import Appliance, running, second_terminal


def token_of(appliance: Appliance, email: str, role: str) -> str:
    """Create the account on first use and mint an access token for it."""
    appliance.segue("user", "create", email, "--role", role, "--password-stdin", stdin="a long enough passphrase\n")
    return appliance.segue("token", email).stdout.splitlines()[-1]


@pytest.fixture(scope="session")
def appliance(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Appliance]:
    folder = tmp_path_factory.mktemp("appliance")
    # On a busy machine the store may take longer to answer than a listener's origin waits, and that would be a 503.
    environment = {**second_terminal(folder / "home", dict(os.environ)), "SEGUE_READ_DEADLINE_S": "30"}
    with running(environment, folder / "up.log") as started:
        yield started


class Api:
    """A frontend's view: GraphQL over HTTP and graphql-transport-ws with one account's token."""

    def __init__(self, http: aiohttp.ClientSession, url: str, token: str | None) -> None:
        self.http = http
        self._url = f"{url}/graphql"
        self._headers = {"authorization": f"Bearer {token}"} if token else {}

    async def answer(self, query: str, **variables: Any) -> dict[str, Any]:
        """The whole response."""
        async with self.http.post(
            self._url, json={"query": query, "variables": variables}, headers=self._headers
        ) as response:
            body: dict[str, Any] = await response.json(content_type=None)
            return body

    async def data(self, query: str, **variables: Any) -> Any:
        """The only field of `data`, once nothing has gone wrong."""
        body = await self.answer(query, **variables)
        assert "errors" not in body, body
        (value,) = body["data"].values()
        if isinstance(value, dict):
            assert not value.get("userErrors"), value
        return value

    async def subscribe(self, query: str, **variables: Any) -> AsyncIterator[Any]:
        async with self.http.ws_connect(self._url, protocols=("graphql-transport-ws",)) as socket_:
            await socket_.send_json({"type": "connection_init", "payload": self._headers})
            assert (await socket_.receive_json())["type"] == "connection_ack"
            await socket_.send_json(
                {"id": "1", "type": "subscribe", "payload": {"query": query, "variables": variables}}
            )
            async for message in socket_:
                event = json.loads(message.data)
                if event["type"] == "ping":
                    await socket_.send_json({"type": "pong"})
                    continue
                if event["type"] == "complete":
                    return
                assert event["type"] == "next", event
                assert "errors" not in event["payload"], event
                (value,) = event["payload"]["data"].values()
                yield value

    async def create_track(self, title: str) -> str:
        """An artist and a track without media; answers the track's id."""
        made = await self.data(
            "mutation($name: String!) { createArtist(input: {name: $name}) { artist { id } userErrors { code } } }",
            name=f"Artist of {title}",
        )
        track = await self.data(
            "mutation($artist: ID!, $title: String!) { createTrack(input: {artistId: $artist, title: $title})"
            " { track { id } userErrors { code } } }",
            artist=made["artist"]["id"],
            title=title,
        )
        identifier: str = track["track"]["id"]
        return identifier

    async def upload(self, track: str, name: str, master: bytes) -> None:
        """The three steps of a client: announce, PUT to the store, complete."""
        created = await self.data(
            "mutation($input: CreateUploadInput!) { createUpload(input: $input)"
            " { upload { id url method headers { name value } } userErrors { code message } } }",
            input={
                "trackId": track,
                "fileName": name,
                "contentType": "audio/flac" if name.endswith(".flac") else "audio/wav",
                "sizeBytes": len(master),
                "sha256": hashlib.sha256(master).hexdigest(),
            },
        )
        promise = created["upload"]
        headers = {header["name"]: header["value"] for header in promise["headers"]}
        async with self.http.request(
            promise["method"], promise["url"], data=io.BytesIO(master), headers=headers
        ) as response:
            assert response.status == 200, await response.text()
        await self.data(
            "mutation($id: ID!) { completeUpload(input: {uploadId: $id}) { track { id } userErrors { code } } }",
            id=promise["id"],
        )

    async def follow_ingest(self, track: str) -> list[dict[str, Any]]:
        """Every progress event of a track until the stream completes by itself."""
        query = (
            "subscription($track: ID!) { ingestProgress(trackId: $track)"
            " { status stage fraction failure { code message } } }"
        )
        async with asyncio.timeout(900):  # the demo library may be ahead in the queue
            return [event async for event in self.subscribe(query, track=track)]

    async def start_playback(self, track: str) -> dict[str, Any]:
        started = await self.data(
            "mutation($track: ID!) { startPlayback(input: {trackId: $track})"
            " { playback { id hlsUrl dashUrl expiresAt } userErrors { code message } } }",
            track=track,
        )
        playback: dict[str, Any] = started["playback"]
        return playback

    async def whole_files(self, track: str) -> list[dict[str, Any]]:
        started = await self.data(
            "mutation($track: ID!) { startPlayback(input: {trackId: $track})"
            " { playback { files { quality url mediaType lossless sizeBytes } } userErrors { code message } } }",
            track=track,
        )
        files: list[dict[str, Any]] = started["playback"]["files"]
        return files


@pytest.fixture
async def http() -> AsyncIterator[aiohttp.ClientSession]:
    async with aiohttp.ClientSession() as session:
        yield session
    await asyncio.sleep(0)  # lets the connector's transports close inside the test's loop


@pytest.fixture
def artist(appliance: Appliance, http: aiohttp.ClientSession) -> Api:
    return Api(http, appliance.graph_url, token_of(appliance, "maker@e2e.example", "artist"))


@pytest.fixture
def listener(appliance: Appliance, http: aiohttp.ClientSession) -> Api:
    return Api(http, appliance.graph_url, token_of(appliance, "ears@e2e.example", "listener"))


@pytest.fixture
def stranger(appliance: Appliance, http: aiohttp.ClientSession) -> Api:
    return Api(http, appliance.graph_url, None)

"""Who asks the graph in tests: over HTTP and WebSocket, or the application in the test's own loop."""

import asyncio
import json
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any, Self

import aiohttp
import httpx
from litestar import Litestar

from graph.accounts import tokens
from graph.viewer import Viewer
from tests.graph import scopes

PATIENCE_S = 60.0
PING = {"type": "ping"}


class Watch:
    """One subscription over graphql-transport-ws."""

    def __init__(self, socket: aiohttp.ClientWebSocketResponse) -> None:
        self._socket = socket

    async def next(self) -> Any:
        """The value of the next event. Raises Ended."""
        async with asyncio.timeout(PATIENCE_S):
            while (message := await self._socket.receive_json()) == PING:
                await self._socket.send_json({"type": "pong"})
        if message["type"] != "next":
            raise Ended(message)
        payload = message["payload"]
        if payload.get("errors"):
            raise Ended(payload["errors"])
        (value,) = payload["data"].values()
        return value

    async def silence(self, seconds: float = 0.4) -> bool:
        """Whether nothing arrives for a while."""
        try:
            async with asyncio.timeout(seconds):
                while await self._socket.receive_json() == PING:
                    pass  # it may come at any moment, and is no event
        except TimeoutError:
            return True
        return False


class Ended(Exception):
    """The server did not send an event, but what stands in the message: an error, or that it has completed."""


class Api:
    """One account's view of one graph process."""

    def __init__(self, http: aiohttp.ClientSession, url: str, token: str | None) -> None:
        self.http = http
        self._url = f"{url}/graphql"
        self._headers = {} if token is None else {"authorization": f"Bearer {token}"}

    async def answer(self, query: str, **variables: Any) -> dict[str, Any]:
        body = {"query": query, "variables": variables}
        async with self.http.post(self._url, json=body, headers=self._headers) as response:
            answered: dict[str, Any] = await response.json(content_type=None)
            return answered

    async def data(self, query: str, **variables: Any) -> Any:
        """The only field of `data`, once no error has come with it."""
        body = await self.answer(query, **variables)
        assert "errors" not in body, body
        (value,) = body["data"].values()
        return value

    async def codes(self, query: str, **variables: Any) -> list[str]:
        """`extensions.code` of every top-level error."""
        return [error["extensions"]["code"] for error in (await self.answer(query, **variables)).get("errors", [])]

    @asynccontextmanager
    async def watching(self, query: str, **variables: Any) -> AsyncIterator[Watch]:
        async with self.http.ws_connect(self._url, protocols=("graphql-transport-ws",)) as socket:
            await socket.send_json({"type": "connection_init", "payload": self._headers})
            assert (await socket.receive_json())["type"] == "connection_ack"
            operation = {"query": query, "variables": variables}
            await socket.send_json({"id": "1", "type": "subscribe", "payload": operation})
            yield Watch(socket)


class Ask:
    """Requests to the application in the loop; `viewer` signs them."""

    def __init__(self, application: Litestar, client: httpx.AsyncClient) -> None:
        self.app = application
        self.client = client

    def token(self, viewer: Viewer, *, lifetime_s: int = 600) -> str:
        key = self.app.state.services.signing_key
        minted = tokens.mint(
            viewer.user_id, viewer.role, market=viewer.market, key=key, now_s=int(time.time()), lifetime_s=lifetime_s
        )
        return minted.text

    async def __call__(self, query: str, viewer: Viewer | None = None, /, **variables: Any) -> dict[str, Any]:
        """The whole body."""
        headers = {} if viewer is None else {"authorization": f"Bearer {self.token(viewer)}"}
        response = await self.client.post("/graphql", json={"query": query, "variables": variables}, headers=headers)
        body: dict[str, Any] = response.json()
        return body

    async def data(self, query: str, viewer: Viewer | None = None, /, **variables: Any) -> Any:
        """The only field of `data`, once no error has come with it."""
        body = await self(query, viewer, **variables)
        assert "errors" not in body, body
        (value,) = body["data"].values()
        return value

    async def codes(self, query: str, viewer: Viewer | None = None, /, **variables: Any) -> list[str]:
        """`extensions.code` of every top-level error."""
        errors = (await self(query, viewer, **variables)).get("errors", [])
        return [error["extensions"]["code"] for error in errors]


class Socket:
    """A WebSocket to the application in the loop, by ASGI messages."""

    def __init__(self, application: Litestar, headers: dict[str, str]) -> None:
        self._app = application
        self._headers = headers
        self._sent: asyncio.Queue[dict[str, Any]] = asyncio.Queue()
        self._received: asyncio.Queue[Any] = asyncio.Queue()

    async def __aenter__(self) -> Self:
        scope = scopes.socket(self._headers)
        await self._sent.put({"type": "websocket.connect"})
        self._task = asyncio.create_task(self._app(scope, self._sent.get, self._received.put))
        self.handshake = await self.event()
        return self

    async def __aexit__(self, *_: object) -> None:
        await self._sent.put({"type": "websocket.disconnect", "code": 1000})
        async with asyncio.timeout(PATIENCE_S):
            await self._task

    async def event(self) -> dict[str, Any]:
        async with asyncio.timeout(PATIENCE_S):
            event: dict[str, Any] = await self._received.get()
        return event

    async def send(self, message: object) -> None:
        text = message if isinstance(message, str) else json.dumps(message)
        await self._sent.put({"type": "websocket.receive", "text": text, "bytes": None})

    async def receive(self) -> Any:
        """The next message, or the code with which the server closed; pings are answered on the way."""
        while (told := await self.told()) == PING:
            await self.send({"type": "pong"})
        return told

    async def told(self) -> Any:
        """The next message, whatever it is, or the code."""
        event = await self.event()
        return event["code"] if event["type"] == "websocket.close" else json.loads(event["text"])

    async def start(self, payload: object = None) -> Any:
        await self.send({"type": "connection_init", "payload": payload})
        return await self.receive()

    async def operate(self, query: str, **variables: Any) -> Any:
        """Run one operation and answer its first message."""
        await self.send({"type": "subscribe", "id": "1", "payload": {"query": query, "variables": variables}})
        return await self.receive()

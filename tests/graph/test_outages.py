"""What the API answers while a service behind it is away, and after it has come back."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import suppress
from typing import Any
from urllib.parse import parse_qs, urlsplit

import msgspec
import pytest

from config.settings import GraphSettings, graph_settings
from graph.viewer import Role, Viewer

SIGN_IN = 'mutation { signIn(input: { email: "a@b.example", password: "x" }) { userErrors { code } } }'
ONE = "{ viewer { id displayName } }"
PATIENCE_S = 60.0


class Link:
    """A TCP port that leads to PostgreSQL's socket, until it is cut."""

    def __init__(self, socket_path: str, port: int) -> None:
        self._path = socket_path
        self.port = port
        self._server: asyncio.Server | None = None
        self._open: set[asyncio.StreamWriter] = set()

    async def mend(self) -> None:
        self._server = await asyncio.start_server(self._carry, "127.0.0.1", self.port)

    async def cut(self) -> None:
        if self._server is not None:
            self._server.close()
        for writer in self._open:
            writer.transport.abort()
        self._open.clear()
        self._server = None
        await asyncio.sleep(0.05)

    async def _carry(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        far_reader, far_writer = await asyncio.open_unix_connection(self._path)
        self._open |= {writer, far_writer}
        await asyncio.gather(_copy(reader, far_writer), _copy(far_reader, writer))


async def _copy(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    with suppress(OSError):
        while data := await reader.read(65536):
            writer.write(data)
            await writer.drain()
    writer.close()


@pytest.fixture
async def link(environment: dict[str, str], free_port: Callable[[], int]) -> AsyncIterator[Link]:
    folder = parse_qs(urlsplit(environment["SEGUE_POSTGRES_URL"]).query)["host"][0]
    opened = Link(f"{folder}/.s.PGSQL.5432", free_port())
    await opened.mend()
    yield opened
    await opened.cut()


@pytest.fixture
def settings(environment: dict[str, str], link: Link) -> GraphSettings:
    parts = urlsplit(environment["SEGUE_POSTGRES_URL"])
    account = parts.netloc.rpartition("@")[0]
    through_link = parts._replace(netloc=f"{account}@127.0.0.1:{link.port}", query="").geturl()
    settings = graph_settings({**environment, "SEGUE_POSTGRES_URL": through_link})
    return msgspec.structs.replace(
        settings, postgres=msgspec.structs.replace(settings.postgres, acquire_timeout_s=PATIENCE_S)
    )


async def test_without_postgresql_queries_are_503_and_readiness_fails(ask: Any, add_user: Any, link: Link) -> None:
    viewer: Viewer = await add_user(Role.ARTIST)
    assert (await ask.data(ONE, viewer))["id"]
    await link.cut()
    headers = {"authorization": f"Bearer {ask.token(viewer)}"}
    for query in (ONE, SIGN_IN):
        response = await ask.client.post("/graphql", json={"query": query}, headers=headers)
        assert (response.status_code, response.headers["retry-after"]) == (503, "2")
        (error,) = response.json()["errors"]
        assert error["extensions"]["code"] == "SERVICE_UNAVAILABLE"
        assert "127.0.0.1" not in response.text
    ready = await ask.client.get("/health/ready")
    assert (ready.status_code, ready.json()["services"]["postgresql"]) == (503, "down")
    assert (await ask.client.get("/health/live")).status_code == 200


async def test_what_needs_no_service_is_answered_without_postgresql(ask: Any, link: Link) -> None:
    await link.cut()
    assert await ask.data("{ __typename }") == "Query"
    body = await ask('{ __typename artist(id: "QXJ0aXN0OjAwMDAwMDAwLTAwMDAtMDAwMC0wMDAwLTAwMDAwMDAwMDAwMQ") { id } }')
    assert body["data"] == {"__typename": "Query", "artist": None}
    assert [error["extensions"]["code"] for error in body["errors"]] == ["SERVICE_UNAVAILABLE"]


async def test_postgresql_may_come_back(ask: Any, add_user: Any, link: Link) -> None:
    viewer = await add_user(Role.ARTIST)
    await link.cut()
    assert await ask.codes(ONE, viewer) == ["SERVICE_UNAVAILABLE"]
    await link.mend()
    assert (await ask.data(ONE, viewer))["id"]
    assert (await ask.client.get("/health/ready")).status_code == 200


async def test_while_all_connections_are_taken_the_next_is_told_to_come_again(
    ask: Any, add_user: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    viewer = await add_user(Role.ARTIST)
    services = ask.app.state.services
    pools = (services.pool, services.routing.reading)
    held = [(pool, await pool.acquire()) for pool in pools for _ in range(pool.get_max_size())]
    headers = {"authorization": f"Bearer {ask.token(viewer)}"}
    with monkeypatch.context() as impatient:
        for pool in pools:
            impatient.setattr(pool, "_patience_s", 0.2)
        async with asyncio.timeout(PATIENCE_S):
            responses = await asyncio.gather(
                *(ask.client.post("/graphql", json={"query": query}, headers=headers) for query in (ONE, SIGN_IN) * 5)
            )
    assert [response.status_code for response in responses] == [503] * 10
    for pool, connection in held:
        await pool.release(connection)
    assert (await ask.data(ONE, viewer))["id"]

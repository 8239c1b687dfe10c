"""`@defer` and `@stream`: what is told first and what later, to whom, and when what is told later is read."""

import asyncio
import json
import time
from collections.abc import AsyncIterator
from email import message_from_bytes
from functools import reduce
from types import SimpleNamespace
from typing import Any

import asyncpg
import httpx
import msgspec
import pytest

from config.settings import GraphSettings, graph_settings
from graph import ids
from graph.context import Context
from graph.reads.reader import Reader
from graph.schema import schema
from graph.transport.parts import accepts_parts
from graph.viewer import Role
from tests.graph.scopes import request

PATIENCE_S = 60.0
MULTIPART = "multipart/mixed;incrementalSpec=v0.2, application/graphql-response+json, application/json;q=0.9"
JSON = "application/json"
EVENTS = "text/event-stream"

TRACK = """
query Track($id: ID!, $later: Boolean = true) {
  track(id: $id) { title ...Who @defer(label: "who", if: $later) }
}
fragment Who on Track { artist { name } }
"""
DOCUMENTS = {
    "a relation": TRACK,
    "a root field": "query Q($id: ID!) { track(id: $id) { title } ... @defer { genres(first: 1) { totalCount } } }",
    "a field that stands outside as well": """
        query Q($id: ID!) {
          track(id: $id) { ... @defer { artist { id tracks(first: 1) { totalCount } } } artist { name } }
        }
    """,
    "a page that stands outside as well": """
        query Q($id: ID!) { track(id: $id) { artist {
          ... @defer { tracks(first: 3) { totalCount edges { cursor node { artist { name } } } } }
          tracks(first: 3) { edges { node { title } } }
          more: tracks(first: 1) { edges { node { id } } }
        } } }
    """,
    "a part of a page, and of an edge": """
        query Q($id: ID!) { track(id: $id) { artist { tracks(first: 3) {
          edges { cursor ... @defer { node { title } } } ... @defer { totalCount pageInfo { hasNextPage } }
        } } } }
    """,
    "parts in parts": """
        query Q($id: ID!) { track(id: $id) {
          ... @defer(label: "a") { id artist { id ... @defer(label: "b") { name tracks(first: 2) { totalCount } } } }
          ... @defer(label: "c") { artist { name } title }
        } }
    """,
    "each row of a page": """
        query Q($id: ID!) { track(id: $id) { artist { tracks(first: 9) { edges { node { id ...Who @defer } } } } } }
        fragment Who on Track { title artist { name } genres(first: 2) { totalCount } }
    """,
    "rows one after the other": """
        query Q($id: ID!) { track(id: $id) { artist { tracks(first: 9) {
          edges @stream(initialCount: 1) { node { title ... @defer { artist { name } } } }
        } } } }
    """,
    "whatever an id names": "query Q($id: ID!) { node(id: $id) { id ... on Track @defer { title artist { name } } } }",
    "a part of somebody's row": "{ viewer { id ... @defer { library { likedTracks(first: 2) { totalCount } } } } }",
    "a part below a part of a row": "{ viewer { library { ... @defer { likedTracks(first: 2) { totalCount } } } } }",
}


@pytest.fixture
def settings(environment: dict[str, str]) -> GraphSettings:
    """No statement ends by itself, so that one which does was cancelled."""
    own = graph_settings(environment)
    return msgspec.structs.replace(own, postgres=msgspec.structs.replace(own.postgres, statement_timeout_s=600.0))


@pytest.fixture
async def viewer(add_user: Any) -> Any:
    return await add_user(Role.ARTIST)


@pytest.fixture
async def track(pool: Any, viewer: Any, add_track: Any) -> str:
    """One of four tracks of one artist."""
    first, *_ = [await add_track(viewer, ready=1000) for _ in range(4)]
    await pool.execute("UPDATE tracks SET artist_id = (SELECT artist_id FROM tracks WHERE id = $1)", first)
    return ids.encode("Track", first)


@pytest.fixture
def send(ask: Any, viewer: Any) -> Any:
    async def post(query: str, accept: str = MULTIPART, **variables: Any) -> httpx.Response:
        headers = {"accept": accept, "authorization": f"Bearer {ask.token(viewer)}"}
        body = {"query": query, "variables": variables}
        response: httpx.Response = await ask.client.post("/graphql", json=body, headers=headers)
        return response

    return post


def parts_of(response: httpx.Response) -> list[Any]:
    """The parts of a response, as the standard library reads `multipart/mixed`, or the data of events."""
    kind = response.headers["content-type"]
    if kind.startswith(EVENTS):
        events = [event.split("\r\n") for event in response.text.split("\r\n\r\n")]
        return [json.loads(lines[1].removeprefix("data: ")) for lines in events if lines[0] == "event: next"]
    message = message_from_bytes(f"content-type: {kind}\r\n\r\n".encode() + response.content)
    assert message.is_multipart()
    bodies = [one.get_payload(decode=True) for one in message.get_payload()]  # type: ignore[union-attr] # it has parts
    lengths = [int(one["content-length"]) for one in message.get_payload()]  # type: ignore[union-attr,index] # as above
    assert [len(body) for body in bodies] == lengths
    return [json.loads(body) for body in bodies]


def together(parts: list[Any]) -> Any:
    """What a client has in the end, and that everything that was announced has come."""
    whole, *others = parts
    places = {one["id"]: one["path"] for one in whole["pending"]}
    for part in others:
        places |= {one["id"]: one["path"] for one in part.get("pending", ())}
        for one in part.get("incremental", ()):
            at = reduce(lambda value, key: value[key], [*places[one["id"]], *one.get("subPath", ())], whole["data"])
            at.extend(one["items"]) if "items" in one else merge(at, one["data"])
        for one in part.get("completed", ()):
            assert one == {"id": one["id"]}
            del places[one["id"]]
    assert places == {}
    assert [part["hasNext"] for part in parts] == [True] * len(others) + [False]
    return whole["data"]


def merge(into: Any, more: Any) -> None:
    for key, value in more.items():
        if isinstance(value, dict) and key in into:
            merge(into[key], value)
        elif isinstance(value, list) and key in into:
            for one, other in zip(into[key], value, strict=True):
                merge(one, other)
        else:
            into[key] = value


@pytest.mark.parametrize("accept", [MULTIPART, EVENTS], ids=["multipart", "events"])
async def test_parts_make_the_answer_that_is_given_whole(send: Any, track: str, accept: str) -> None:
    for name, document in DOCUMENTS.items():
        parts = parts_of(await send(document, accept, id=track))
        whole = (await send(document, JSON, id=track)).json()  # the plan of the parts is not taken for it
        assert len(parts) > 1, name
        assert (name, together(parts)) == (name, whole["data"])
        assert parts[0]["extensions"] == whole["extensions"]


@pytest.fixture
async def stepwise(ask: Any, viewer: Any) -> Any:
    """The results of an operation in parts, one after the other, as a transport takes them."""

    async def stream(query: str, **variables: Any) -> AsyncIterator[Any]:
        context = Context(ask.app.state.services, viewer, request_id="parts", in_parts=True)
        made = schema(ask.app.state.services.settings.requests.documents)
        return await made.stream(query, variable_values=variables, context_value=context)

    return stream


async def test_what_is_deferred_is_read_after_the_first_part(stepwise: Any, track: str, counting: Any) -> None:
    async with counting() as statements:
        parts = await stepwise(TRACK, id=track)
        first = await anext(parts)
        assert first.data == {"track": {"title": "Tune"}}
        (before,) = statements
        assert "artists AS artist" not in before
        (last,) = [part async for part in parts]
        assert last.incremental[0].data == {"artist": {"name": "Band"}}
    assert len(statements) == 2


async def test_a_deferred_root_field_is_executed_after_the_first_part(stepwise: Any, track: str, counting: Any) -> None:
    async with counting() as statements:
        parts = await stepwise(DOCUMENTS["a root field"], id=track)
        await anext(parts)
        assert len(statements) == 1
        assert [part async for part in parts]
    assert len(statements) == 2


async def test_the_parts_of_all_rows_of_a_page_are_read_by_one_statement(send: Any, track: str, counting: Any) -> None:
    document = DOCUMENTS["each row of a page"].replace(" genres(first: 2) { totalCount }", "")
    async with counting() as whole:
        await send(document, JSON, id=track)
    async with counting() as statements:
        parts = parts_of(await send(document, id=track))
    assert len(parts[0]["pending"]) == 4
    assert len(statements) == len(whole) + 1


@pytest.mark.parametrize(
    ("accept", "parts"),
    [
        pytest.param(JSON, 1, id="one answer"),
        pytest.param("multipart/mixed;deferSpec=20220824,application/json", 1, id="the draft of 2022"),
        pytest.param('multipart/mixed;boundary="graphql";subscriptionSpec=1.0,application/json', 1, id="another"),
        pytest.param("application/json, Multipart/Mixed", 2, id="parts of no named form"),
        pytest.param(MULTIPART, 2, id="parts of ours"),
    ],
)
async def test_who_takes_no_parts_of_ours_is_answered_whole(send: Any, track: str, accept: str, parts: int) -> None:
    assert accepts_parts(accept) is (parts > 1)
    response = await send(TRACK, accept, id=track)
    if parts > 1:
        assert len(parts_of(response)) == parts
    else:
        assert response.json()["data"] == {"track": {"title": "Tune", "artist": {"name": "Band"}}}


async def test_what_has_no_parts_is_answered_as_ever(send: Any, ask: Any, track: str) -> None:
    for document, status in ((TRACK, 200), ("{ nothing }", 400), ("{", 400)):
        response = await send(document, id=track, later=False)
        assert response.headers["content-type"].startswith("application/graphql-response+json")
        assert (response.status_code, "data" in response.json()) == (status, status == 200)
    refused = (await send('subscription { ingestProgress(trackId: "x") { status } }')).json()["errors"][0]
    told = "A subscription needs a WebSocket (graphql-transport-ws), or Accept: text/event-stream."
    assert refused == {"message": told, "extensions": {"code": "BAD_REQUEST"}}
    asked = {"query": TRACK, "variables": json.dumps({"id": track})}
    fetched = await ask.client.get("/graphql", params=asked, headers={"accept": MULTIPART})
    assert fetched.json()["data"] == {"track": {"title": "Tune", "artist": {"name": "Band"}}}


async def test_a_count_below_nothing_is_the_mistake_of_who_asks(send: Any) -> None:
    query = "query($n: Int) { genres(first: 1) { edges @stream(initialCount: $n) { node { name } } } }"
    for count in (-1, None):
        answered = await send(query, n=count)
        assert [error["extensions"] for error in answered.json()["errors"]] == [{"code": "BAD_REQUEST"}]


async def test_every_event_of_a_subscription_is_whole(send: Any, track: str) -> None:
    watched = "ingestProgress(trackId: $id) { ... @defer(if: $later) { status } }"
    query = f"subscription S($id: ID!, $later: Boolean!) {{ {watched} }}"
    response = await send(query, "text/event-stream", id=track, later=True)
    assert '"data":{"ingestProgress":{"status":"READY"}}' in response.text


async def test_a_socket_is_answered_whole(connect: Any, track: str) -> None:
    async with connect() as socket:
        await socket.start({})
        await socket.send({"type": "subscribe", "id": "1", "payload": {"query": TRACK, "variables": {"id": track}}})
        told = await socket.receive()
        assert told["payload"]["data"] == {"track": {"title": "Tune", "artist": {"name": "Band"}}}
        assert (await socket.receive())["type"] == "complete"


async def test_what_is_deferred_counts(send: Any, track: str) -> None:
    deep = "artist { tracks(first: 1) { edges { node { " * 4 + "id" + " } } } }" * 4
    response = await send(f"query Q($id: ID!) {{ track(id: $id) {{ id ... @defer {{ {deep} }} }} }}", id=track)
    assert "depth" in response.json()["errors"][0]["message"]
    dear = "artist { tracks(first: 100) { edges { node { " * 2 + "artist { id }" + " } } } }" * 2
    response = await send(
        f"query Q($id: ID!) {{ nodes(ids: [$id, $id, $id]) {{ ... on Track @defer {{ {dear} }} }} }}", id=track
    )
    assert [error["extensions"]["code"] for error in response.json()["errors"]] == ["COST_EXCEEDED"]


@pytest.mark.parametrize("accept", [MULTIPART, EVENTS], ids=["multipart", "events"])
async def test_errors_are_masked_in_every_part(
    send: Any, track: str, accept: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def fail(*_: Any) -> None:
        raise RuntimeError("secret")

    mistaken = "query Q($id: ID!) { track(id: $id) { title ... @defer { genres(first: 1000) { totalCount } } } }"
    _, part = parts_of(await send(mistaken, accept, id=track))
    (error,) = part["incremental"][0]["errors"]
    assert (error["extensions"]["code"], error["path"]) == ("BAD_REQUEST", ["track", "genres"])
    monkeypatch.setattr(Reader, "later", fail)
    response = await send(TRACK, accept, id=track)
    assert "secret" not in response.text
    first, last = parts_of(response)
    assert first["data"] == {"track": {"title": "Tune"}}
    ((told,),) = [one["errors"] for one in last["completed"]]
    assert told["extensions"]["code"] == "INTERNAL"
    assert told["extensions"]["requestId"] == response.headers["x-request-id"]


BUSY = (
    "SELECT count(*) FROM pg_stat_activity"
    " WHERE datname = current_database() AND state = 'active' AND wait_event_type = 'Lock'"
)


@pytest.fixture
async def locked(environment: dict[str, str], track: str) -> AsyncIterator[None]:  # noqa: ARG001 -- it is added before
    """Nobody can read artists."""
    other = await asyncpg.connect(environment["SEGUE_POSTGRES_URL"])
    async with other.transaction():
        await other.execute("LOCK TABLE artists IN ACCESS EXCLUSIVE MODE")
        yield
    await other.close()


async def waiting(pool: Any, *, number: int) -> None:
    """Return when so many statements wait for the lock."""
    async with asyncio.timeout(PATIENCE_S):
        while await pool.fetchval(BUSY) != number:
            await asyncio.sleep(0.01)


@pytest.mark.usefixtures("locked")
async def test_what_takes_too_long_is_cancelled_and_told_in_a_last_part(
    stepwise: Any, track: str, pool: Any, settings: GraphSettings, monkeypatch: pytest.MonkeyPatch
) -> None:
    began_ago_s = settings.requests.timeout_s - 0.5  # of which the first part knows nothing
    clock = SimpleNamespace(monotonic=lambda: time.monotonic() - began_ago_s)
    monkeypatch.setattr("graph.execution.gate.time", clock)
    document = "query Q($id: ID!) { a: genres(first: 1) { totalCount } ... @defer { track(id: $id) { id } } }"
    _, last = [part async for part in await stepwise(document, id=track)]
    assert not last.has_next
    (error,) = last.completed[0].errors
    assert error.extensions["code"] == "TIMEOUT"
    await waiting(pool, number=0)


async def test_all_parts_together_have_the_time_of_one_operation(
    stepwise: Any, track: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("graph.execution.gate.time", SimpleNamespace(monotonic=lambda: -1000.0))  # it began long ago
    first, last = [part async for part in await stepwise(TRACK, id=track)]
    assert first.data == {"track": {"title": "Tune"}}
    ((error,),) = [one.errors for one in last.completed]
    assert error.extensions["code"] == "TIMEOUT"


@pytest.mark.usefixtures("locked")
async def test_what_is_left_between_two_parts_is_cancelled(stepwise: Any, track: str, pool: Any) -> None:
    document = """query Q($id: ID!) {
      ... @defer(label: "soon") { genres(first: 1) { totalCount } }
      ... @defer(label: "late") { track(id: $id) { id } }
    }"""
    parts = await stepwise(document, id=track)
    await anext(parts)
    assert (await anext(parts)).incremental[0].data == {"genres": {"totalCount": 0}}
    await waiting(pool, number=1)
    await parts.aclose()
    await waiting(pool, number=0)


@pytest.mark.usefixtures("locked")
async def test_who_leaves_takes_the_rest_along(ask: Any, track: str, pool: Any) -> None:
    body = json.dumps(
        {"query": "query Q($id: ID!) { ... @defer { track(id: $id) { id } } }", "variables": {"id": track}}
    )
    left = asyncio.Event()
    messages = [{"type": "http.request", "body": body.encode(), "more_body": False}]

    async def receive() -> dict[str, Any]:
        if not messages:
            await left.wait()
            return {"type": "http.disconnect"}
        return messages.pop()

    sent: list[Any] = []

    async def send(message: Any) -> None:
        sent.append(message)

    scope = request({"accept": MULTIPART, "content-type": JSON})
    served = asyncio.create_task(ask.app(scope, receive, send))
    await waiting(pool, number=1)
    assert b'"hasNext":true' in b"".join(message.get("body", b"") for message in sent)
    left.set()
    await waiting(pool, number=0)
    await asyncio.wait_for(served, PATIENCE_S)
    assert b'"hasNext":false' not in b"".join(message.get("body", b"") for message in sent)

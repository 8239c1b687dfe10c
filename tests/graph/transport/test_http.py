"""GraphQL over HTTP, request by request."""

import asyncio
import json
import time
from types import SimpleNamespace
from typing import Any

import httpx
import pytest

from graph import ids
from graph.transport.over_http import GRAPHQL, JSON
from graph.viewer import Role

QUERY = "{ viewer { id } }"
MUTATION = 'mutation { signOut(input: { refreshToken: "x" }) { signedOut } }'
SUBSCRIPTION = 'subscription { ingestProgress(trackId: "x") { status } }'


async def post(ask: Any, body: Any, **headers: str) -> httpx.Response:
    sent = {"content-type": JSON, **{name.replace("_", "-"): value for name, value in headers.items()}}
    content = body if isinstance(body, str | bytes) else json.dumps(body)
    response: httpx.Response = await ask.client.post("/graphql", content=content, headers=sent)
    return response


def codes(response: httpx.Response) -> list[str]:
    return [error["extensions"]["code"] for error in response.json()["errors"]]


@pytest.mark.parametrize(
    ("accept", "content_type"),
    [
        pytest.param(GRAPHQL, f"{GRAPHQL}; charset=utf-8", id="the type of its own"),
        pytest.param(JSON, f"{JSON}; charset=utf-8", id="json"),
        pytest.param("*/*", f"{JSON}; charset=utf-8", id="anything"),
    ],
)
async def test_answers_in_the_type_that_is_accepted(ask: Any, accept: str, content_type: str) -> None:
    response = await post(ask, {"query": QUERY}, accept=accept)
    assert (response.status_code, response.headers["content-type"]) == (200, content_type)
    assert response.json()["data"] == {"viewer": None}


@pytest.mark.parametrize(
    ("body", "headers", "status"),
    [
        pytest.param("{", {}, 400, id="a body that is no JSON"),
        pytest.param(b"\xff\xfe{}", {}, 400, id="a body that is not UTF-8"),
        pytest.param({}, {}, 400, id="no query"),
        pytest.param({"query": 1}, {}, 400, id="a query that is no text"),
        pytest.param({"query": QUERY, "variables": [1]}, {}, 400, id="variables that are a list"),
        pytest.param({"query": QUERY, "extensions": "x"}, {}, 400, id="extensions that are a text"),
        pytest.param({"query": QUERY, "operationName": "Nope"}, {}, 400, id="an operation that there is not"),
        pytest.param([{"query": QUERY}], {}, 400, id="a batch"),
        pytest.param({"query": QUERY}, {"content_type": "text/plain"}, 415, id="another content type"),
        pytest.param({"query": QUERY}, {"content_type": "multipart/form-data; boundary=x"}, 415, id="a form"),
        pytest.param({"query": QUERY}, {"content_encoding": "gzip"}, 415, id="a body that is packed"),
        pytest.param({"query": QUERY}, {"accept": "text/html"}, 406, id="nothing that we write"),
        pytest.param({"query": "{" + " " * 1024 * 1024 + "}"}, {}, 413, id="a body beyond the limit"),
        pytest.param({"query": SUBSCRIPTION}, {}, 400, id="a subscription without a stream"),
    ],
)
async def test_a_request_that_cannot_be_answered_is_a_json_error_without_data(
    ask: Any, body: Any, headers: dict[str, str], status: int
) -> None:
    response = await post(ask, body, **headers)
    assert response.status_code == status
    assert response.headers["content-type"] == f"{JSON}; charset=utf-8"
    assert list(response.json()) == ["errors"]
    assert codes(response) == ["BAD_REQUEST"]


@pytest.mark.parametrize(
    "body",
    [
        pytest.param({"query": "{"}, id="syntax"),
        pytest.param({"query": "{ nothing }"}, id="validation"),
        pytest.param({"query": f"query A {QUERY} query B {QUERY}"}, id="two operations and no choice"),
        pytest.param({"query": "query($id: ID!) { node(id: $id) { id } }"}, id="a variable that is missing"),
        pytest.param(
            {
                "query": 'query($f: Int!) { search(query: "", first: $f) { pageInfo { endCursor } } }',
                "variables": {"f": "x"},
            },
            id="a variable of another type",
        ),
    ],
)
async def test_a_request_error_is_400_in_the_new_type_and_200_in_the_old(ask: Any, body: Any) -> None:
    new, old = await post(ask, body, accept=GRAPHQL), await post(ask, body, accept=JSON)
    assert (new.status_code, old.status_code) == (400, 200)
    assert new.json() == old.json()
    assert list(new.json()) == ["errors"]
    assert codes(new) == ["BAD_REQUEST"]


@pytest.mark.parametrize("accept", [JSON, "multipart/mixed", "text/event-stream"])
async def test_a_request_without_a_document_is_400_whatever_is_accepted(ask: Any, accept: str) -> None:
    for body in ({}, {"query": ""}):
        response = await post(ask, body, accept=accept)
        assert (response.status_code, codes(response)) == (400, ["BAD_REQUEST"])


async def test_an_operation_that_is_not_carried_is_told_how_to_be_sent(ask: Any) -> None:
    headers = {"accept": "text/event-stream"}
    fetched = await ask.client.get("/graphql", params={"query": MUTATION}, headers=headers)
    assert "A mutation cannot be fetched: send it by POST." in fetched.text
    none = await post(ask, {"query": "fragment A on Query { __typename }"})
    assert none.json()["errors"][0]["message"] == "The document has no operation."


async def test_queries_may_be_fetched(ask: Any) -> None:
    parameters = {"query": "query($id: ID!) { node(id: $id) { id } }", "variables": '{"id": "x"}'}
    response = await ask.client.get("/graphql", params=parameters)
    assert (response.status_code, response.json()["data"]) == (200, {"node": None})


async def test_an_empty_parameter_is_none(ask: Any) -> None:
    parameters = {"query": "{ __typename }", "operationName": "", "variables": "", "extensions": "", "documentId": ""}
    response = await ask.client.get("/graphql", params=parameters)
    assert (response.status_code, response.json()["data"]) == (200, {"__typename": "Query"})


@pytest.mark.parametrize("member", ["variables", "extensions"])
async def test_what_is_fetched_with_broken_parameters_is_a_bad_request(ask: Any, member: str) -> None:
    response = await ask.client.get("/graphql", params={"query": QUERY, member: "{"})
    assert (response.status_code, codes(response)) == (400, ["BAD_REQUEST"])


async def test_mutations_may_not_be_fetched(ask: Any) -> None:
    response = await ask.client.get("/graphql", params={"query": MUTATION})
    assert (response.status_code, response.headers["allow"]) == (405, "POST")
    assert codes(response) == ["BAD_REQUEST"]


async def test_the_methods_are_told(ask: Any) -> None:
    for method, status in (("OPTIONS", 204), ("PUT", 405)):
        response = await ask.client.request(method, "/graphql")
        assert (response.status_code, response.headers["allow"]) == (status, "GET, OPTIONS, POST")


async def test_there_is_no_page_for_a_browser(ask: Any) -> None:
    response = await ask.client.get("/graphql", headers={"accept": "text/html,*/*"})
    assert response.status_code == 400


@pytest.mark.parametrize(
    ("method", "path", "status", "code"),
    [
        pytest.param("PUT", "/graphql", 405, "BAD_REQUEST", id="another method"),
        pytest.param("GET", "/nothing", 404, "NOT_FOUND", id="another path"),
    ],
)
async def test_what_the_router_refuses_is_a_json_error_too(
    ask: Any, method: str, path: str, status: int, code: str
) -> None:
    response = await ask.client.request(method, path)
    assert (response.status_code, codes(response)) == (status, [code])


async def test_unknown_members_of_a_request_are_ignored(ask: Any) -> None:
    response = await post(ask, {"query": QUERY, "variables": None, "somethingNew": 1})
    assert response.json()["data"] == {"viewer": None}


@pytest.mark.parametrize(
    "authorization",
    [
        pytest.param("Bearer garbage", id="garbage"),
        pytest.param("Basic YTpi", id="another scheme"),
        pytest.param("", id="an empty header"),
    ],
)
async def test_a_token_that_is_not_valid_fails_the_request(ask: Any, authorization: str) -> None:
    response = await post(ask, {"query": QUERY}, authorization=authorization)
    assert (response.status_code, response.headers["www-authenticate"]) == (401, "Bearer")
    assert codes(response) == ["UNAUTHENTICATED"]


async def test_an_expired_token_says_so(ask: Any, add_user: Any) -> None:
    token = ask.token(await add_user(Role.LISTENER), lifetime_s=-1)
    response = await post(ask, {"query": QUERY}, authorization=f"Bearer {token}")
    assert response.json()["errors"][0]["message"] == "The access token has expired: refresh the session."


async def test_a_request_id_is_made_or_kept_and_never_a_forgery(ask: Any) -> None:
    made = (await post(ask, {"query": QUERY})).headers["x-request-id"]
    assert len(made) == 16
    assert (await post(ask, {"query": QUERY}, x_request_id="abc-DEF.123")).headers["x-request-id"] == "abc-DEF.123"
    forged = (await post(ask, {"query": QUERY}, x_request_id="a b=c d=e f")).headers["x-request-id"]
    assert len(forged) == 16


async def test_an_unexpected_error_is_masked_and_logged_under_the_request_id(
    ask: Any, add_user: Any, capsys: pytest.CaptureFixture[str]
) -> None:
    viewer = await add_user(Role.LISTENER)
    await ask.app.state.services.pool.execute("ALTER TABLE users RENAME TO people")
    headers = {"authorization": f"Bearer {ask.token(viewer)}", "x_request_id": "request-4711"}
    response = await post(ask, {"query": "{ viewer { displayName } }"}, **headers)
    (error,) = response.json()["errors"]
    assert error["message"] == "Something went wrong on our side."
    assert error["extensions"] == {"code": "INTERNAL", "requestId": "request-4711"}
    assert "users" not in response.text
    out, err = capsys.readouterr()
    assert "request-4711" in out + err
    assert 'relation "users" does not exist' in out + err


async def test_an_error_of_an_extension_is_masked_too(ask: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(*_: Any) -> None:
        raise RuntimeError("password=hunter2")

    monkeypatch.setattr("graph.execution.documents.violations", broken)
    response = await post(ask, {"query": "{ __typename a: __typename }"})
    assert (response.status_code, codes(response)) == (500, ["INTERNAL"])
    assert "hunter2" not in response.text


async def test_other_origins_may_ask_as_the_settings_say(ask: Any) -> None:
    preflight = await ask.client.options(
        "/graphql",
        headers={
            "origin": "https://player.example",
            "access-control-request-method": "POST",
            "access-control-request-headers": "authorization,content-type",
        },
    )
    assert preflight.status_code == 204
    assert preflight.headers["access-control-allow-origin"] == "*"
    allowed = {name.strip() for name in preflight.headers["access-control-allow-headers"].split(",")}
    assert {"authorization", "content-type"} <= {name.lower() for name in allowed}
    response = await post(ask, {"query": QUERY}, origin="https://player.example")
    exposed = {name.strip() for name in response.headers["access-control-expose-headers"].split(",")}
    assert exposed == {"retry-after", "x-request-id"}


async def test_an_answer_is_kept_by_nobody_and_taken_for_nothing_else(ask: Any) -> None:
    refused = await post(ask, {"query": QUERY}, authorization="Bearer garbage")
    for response in (refused, await post(ask, {"query": QUERY}), await ask.client.get("/health/live")):
        kept = response.headers["cache-control"], response.headers["x-content-type-options"]
        assert kept == ("no-store", "nosniff")
    assert (await ask.client.get("/schema.graphql")).headers["x-content-type-options"] == "nosniff"


async def test_the_schema_is_served_as_text(ask: Any) -> None:
    response = await ask.client.get("/schema.graphql")
    assert response.headers["content-type"] == "application/graphql; charset=utf-8"
    assert response.headers["cache-control"] == "public, max-age=300"
    assert "\ntype Query {\n" in response.text
    for given, status in ((response.headers["etag"], 304), ('"another"', 200)):
        again = await ask.client.get("/schema.graphql", headers={"if-none-match": given})
        assert again.status_code == status
        assert again.headers["etag"].removeprefix("W/") == response.headers["etag"].removeprefix("W/")


async def test_ready_names_every_service(ask: Any) -> None:
    response = await ask.client.get("/health/ready")
    up = {"postgresql": "up", "valkey": "up", "s3": "up"}
    assert (response.status_code, response.json()) == (200, {"status": "ready", "services": up})
    assert (await ask.client.get("/health/live")).json() == {"status": "live"}
    for path in ("/health/live", "/health/ready"):
        assert (await ask.client.head(path)).status_code == 200


async def test_an_event_stream_carries_errors_inside(ask: Any) -> None:
    response = await post(ask, {"query": SUBSCRIPTION}, accept="text/event-stream")
    assert response.headers["content-type"] == "text/event-stream"
    next_event, complete = response.text.strip().split("\r\n\r\n")
    assert complete.startswith("event: complete")
    payload = json.loads(next_event.removeprefix("event: next\r\ndata: "))
    assert [error["extensions"]["code"] for error in payload["errors"]] == ["UNAUTHENTICATED"]


async def test_an_event_stream_ends_with_its_token(
    ask: Any, add_user: Any, add_track: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    viewer = await add_user(Role.ARTIST)
    track = ids.encode("Track", await add_track(viewer))
    token = ask.token(viewer, lifetime_s=600)
    # The stream has a second left at most, and who is let in has minutes, however slow this machine is.
    monkeypatch.setattr("graph.transport.controller.time", SimpleNamespace(time=lambda: time.time() + 599))
    query = f'subscription {{ ingestProgress(trackId: "{track}") {{ status }} }}'
    async with asyncio.timeout(60):
        response = await post(ask, {"query": query}, accept="text/event-stream", authorization=f"Bearer {token}")
    assert response.text.endswith("event: complete\r\ndata: \r\n\r\n")


async def test_the_handlers_run_in_the_loop_and_not_in_a_thread(ask: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: Any, **__: Any) -> None:
        raise AssertionError("a thread was used")

    monkeypatch.setattr("litestar.concurrency._run_sync_asyncio", refuse)
    monkeypatch.setattr("asyncio.to_thread", refuse)
    assert (await post(ask, {"query": QUERY})).json()["data"] == {"viewer": None}

"""The thirteen things that graphql-cop looks for, and what a schema that is kept private tells."""

from typing import Any

import httpx
import pytest
from graphql import get_introspection_query

from config.settings import GraphSettings, graph_settings

NAME = "{ __typename }"


async def post(ask: Any, query: Any, **options: Any) -> httpx.Response:
    response: httpx.Response = await ask.client.post("/graphql", json={"query": query}, **options)
    return response


def messages(response: httpx.Response) -> list[str]:
    return [error["message"] for error in response.json()["errors"]]


EXPENSIVE = {
    "alias overloading": "{" + " ".join(f"a{n}: __typename" for n in range(101)) + "}",
    "directive overloading": "{ __typename " + "@aa" * 100 + " }",
    "field duplication": "{" + "__typename " * 500 + "}",
    "circular introspection": "{ __schema { types {" + "fields { type {" * 4 + "name" + "} }" * 4 + " } } }",
}


async def test_an_expensive_document_is_refused(ask: Any) -> None:
    for attack, query in EXPENSIVE.items():
        response = await post(ask, query)
        assert "data" not in response.json(), attack
        assert len(messages(response)) == 1, attack


async def test_few_errors_are_told_of_one_document(ask: Any) -> None:
    assert len(messages(await post(ask, "{ __typename " + "@aa" * 10 + " }"))) == 6  # five, and that there are more


async def test_a_batch_is_refused(ask: Any) -> None:
    response = await ask.client.post("/graphql", json=[{"query": NAME}] * 10)
    assert (response.status_code, list(response.json())) == (400, ["errors"])


async def test_a_query_by_get_is_answered_and_nothing_else(ask: Any) -> None:
    assert (await ask.client.get("/graphql", params={"query": NAME})).status_code == 200
    changes = 'mutation { signOut(input: { refreshToken: "x" }) { signedOut } }'
    assert (await ask.client.get("/graphql", params={"query": changes})).status_code == 405


FORMS = ("application/x-www-form-urlencoded", "text/plain", "multipart/form-data; boundary=x", "application/graphql")


async def test_what_a_page_of_any_origin_may_send_is_refused(ask: Any) -> None:
    for content_type in FORMS:
        response = await ask.client.post("/graphql", content=f"query={NAME}", headers={"content-type": content_type})
        assert response.status_code == 415, content_type


async def test_there_is_no_console(ask: Any) -> None:
    for path in ("/", "/graphql", "/graphiql", "/playground", "/altair"):
        response = await ask.client.get(path, headers={"accept": "text/html"})
        assert "<" not in response.text
        assert response.status_code in (400, 404, 406)


async def test_no_trace_and_no_cause_is_told(ask: Any) -> None:
    for query in ("{", "{ no }", '{ node(id: "x") { id } }'):
        body = (await post(ask, query)).json()
        assert set(body.get("extensions", {})) <= {"cost"}
        for error in body.get("errors", []):
            assert set(error["extensions"]) == {"code"}
            assert "Traceback" not in str(error)


async def test_no_cookie_signs_anybody_in(ask: Any) -> None:
    response = await post(ask, "{ viewer { id } }", headers={"cookie": "authorization=Bearer x; session=x"})
    assert response.json()["data"] == {"viewer": None}


GUESSES = {
    "introspection": get_introspection_query(),
    "one type": '{ __type(name: "User") { name } }',
    "a field nearly guessed": "{ viewr { id } }",
    "a field of an object nearly guessed": "{ viewer { nam } }",
    "a field guessed, without its selection": "{ viewer }",
    "a field guessed, without its argument": "{ track { id } }",
    "an argument nearly guessed": '{ track(i: "x") { id } }',
    "an input": "mutation { signUp(input: {}) { x } }",
    "a type nearly guessed": "query($a: Use) { viewer { id } }",
}


class TestPrivateSchema:
    @pytest.fixture
    def settings(self, environment: dict[str, str]) -> GraphSettings:
        return graph_settings({**environment, "SEGUE_INTROSPECTION": "off"})

    async def test_tells_nothing_of_what_is_asked_wrongly(self, ask: Any) -> None:
        for guess, query in GUESSES.items():
            response = await post(ask, query)
            assert messages(response) == ["The document does not fit the schema, which is not told here."], guess
            assert list(response.json()["errors"][0]) == ["message", "extensions"], guess

    async def test_suggests_no_name_in_variables_either(self, ask: Any) -> None:
        query = "mutation($i: SignOutInput!) { signOut(input: $i) { signedOut } }"
        response = await ask.client.post("/graphql", json={"query": query, "variables": {"i": {"refreshTokn": "x"}}})
        assert all("Did you mean" not in message for message in messages(response))

    async def test_answers_who_knows_it(self, ask: Any) -> None:
        assert (await post(ask, "{ viewer { id } }")).json()["data"] == {"viewer": None}
        assert (await post(ask, NAME)).json()["data"] == {"__typename": "Query"}

    async def test_serves_no_text_of_it(self, ask: Any) -> None:
        assert (await ask.client.get("/schema.graphql")).status_code == 404

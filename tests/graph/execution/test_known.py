"""Documents that are asked again pass by Strawberry's runner, and are answered as they were the first time."""

from typing import Any

import pytest

from config.settings import GraphSettings, graph_settings
from graph.execution.gate import Gate
from graph.viewer import Role, Viewer

TWO = "query A { __typename } query B { viewer { displayName } }"
DEAR = "{ trendingTracks(first: 100) { edges { node { album { tracks { totalCount } } } } } }"
WRITE = 'mutation { createArtist(input: {name: "x"}) { artist { id } userErrors { code } } }'
ASKED: dict[str, dict[str, Any]] = {
    "a query": {"query": "query($n: Int) { trendingTracks(first: $n) { totalCount } }", "variables": {"n": 3}},
    "of the viewer": {"query": "{ viewer { id displayName library { likedTracks { totalCount } } } }"},
    "one of two": {"query": TWO, "operationName": "B"},
    "neither of two": {"query": TWO},
    "one that there is not": {"query": TWO, "operationName": "C"},
    "an empty name": {"query": "{ __typename }", "operationName": ""},
    "a variable of another type": {
        "query": "query($n: Int) { trendingTracks(first: $n) { totalCount } }",
        "variables": {"n": "x"},
    },
    "an error of a field": {"query": "{ trendingTracks(first: 0) { totalCount } viewer { displayName } }"},
    "what is too dear": {"query": DEAR},
    "what is not allowed": {"query": WRITE},
    "what does not fit": {"query": "{ nothing }"},
    "what cannot be read": {"query": "{"},
    "a subscription": {"query": "subscription { notifications { __typename } }"},
}


@pytest.fixture
def settings(environment: dict[str, str]) -> GraphSettings:
    return graph_settings({**environment, "SEGUE_MAX_COST": "1000"})


@pytest.mark.parametrize("name", ASKED)
async def test_it_is_answered_as_the_first_time(ask: Any, add_user: Any, name: str) -> None:
    viewer: Viewer = await add_user(Role.LISTENER)
    headers = {"authorization": f"Bearer {ask.token(viewer)}"}
    first, second = [await ask.client.post("/graphql", json=ASKED[name], headers=headers) for _ in range(2)]
    assert (first.status_code, first.json()) == (second.status_code, second.json())


async def test_a_known_document_needs_no_runner(ask: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    begun, made = [], Gate.__init__

    def counted(self: Gate, *given: Any) -> None:
        begun.append(self)
        made(self, *given)

    monkeypatch.setattr(Gate, "__init__", counted)
    for _ in range(3):
        assert await ask.data("query NotAskedElsewhere { __typename }") == "Query"
    assert len(begun) == 1


async def test_a_mutation_by_get_is_refused_also_when_it_is_known(ask: Any) -> None:
    query = 'mutation { createArtist(input: {name: "known"}) { userErrors { code } } }'
    await ask(query)
    response = await ask.client.get("/graphql", params={"query": query})
    assert response.status_code == 405

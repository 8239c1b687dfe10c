"""Rates on real Valkey, through the API. The tests come from elsewhere: a proxy on this machine says so."""

import asyncio
from collections.abc import Callable
from typing import Any

import pytest

from config.settings import GraphSettings, graph_settings
from graph.execution.cost import Kind
from graph.persisted.wanted import digest_of
from graph.protection.rates import buckets
from graph.viewer import Role

FROM = {"x-forwarded-for": "203.0.113.7"}
# Few, for a bucket that is slowly filled is not filled again while a test runs on a busy machine.
LIMITS = {
    "SEGUE_RATE_QUERIES": "3",
    "SEGUE_RATE_MUTATIONS": "2",
    "SEGUE_RATE_CREDENTIALS": "2",
    "SEGUE_RATE_SUBSCRIPTIONS": "1",
    "SEGUE_RATE_COST": "520",
}
QUERY = "{ __typename }"
MUTATION = 'mutation { signOut(input: { refreshToken: "x" }) { signedOut } }'
SIGN_IN = 'mutation { signIn(input: { email: "a@b.example", password: "x" }) { userErrors { code } } }'
DEAR = '{ search(query: "x", first: 50) { edges { node { __typename } } } }'


@pytest.fixture
async def settings(environment: dict[str, str], valkey_of_its_own: str) -> GraphSettings:
    return graph_settings({**environment, **LIMITS, "SEGUE_VALKEY_URL": valkey_of_its_own})


@pytest.fixture
def valkey_of_its_own(environment: dict[str, str]) -> str:
    """Another database of the server: what one test takes must not be missing in the next."""
    return environment["SEGUE_VALKEY_URL"].rpartition("/")[0] + "/9"


@pytest.fixture(autouse=True)
async def emptied(app: Any) -> None:
    await app.state.services.valkey.flushdb()


async def statuses(ask: Any, query: str, times: int, **headers: str) -> list[int]:
    sent = {**FROM, **{name.replace("_", "-"): value for name, value in headers.items()}}
    return [(await ask.client.post("/graphql", json={"query": query}, headers=sent)).status_code for _ in range(times)]


@pytest.mark.parametrize(
    ("query", "limit"),
    [
        pytest.param(QUERY, 3, id="queries"),
        pytest.param(MUTATION, 2, id="mutations"),
        pytest.param(SIGN_IN, 2, id="passwords"),
        pytest.param(DEAR, 6, id="what costs much"),
    ],
)
async def test_each_class_has_its_rate_and_all_have_one_for_cost(ask: Any, query: str, limit: int) -> None:
    limit = min(limit, int(LIMITS["SEGUE_RATE_QUERIES"])) if query == DEAR else limit
    assert await statuses(ask, query, limit + 1) == [200] * limit + [429]


async def test_a_refusal_says_how_long_to_wait(ask: Any) -> None:
    await statuses(ask, MUTATION, 2)
    response = await ask.client.post("/graphql", json={"query": MUTATION}, headers=FROM)
    (error,) = response.json()["errors"]
    assert response.status_code == 429
    assert list(response.json()) == ["errors"]
    assert error["extensions"]["code"] == "RATE_LIMITED"
    assert 0 < error["extensions"]["retryAfterS"] <= 30
    assert response.headers["retry-after"] == str(error["extensions"]["retryAfterS"])


async def test_cost_is_limited_though_operations_are_not(ask: Any) -> None:
    await statuses(ask, QUERY, 1)  # from now on it is known to fit, and is not paid for
    await ask.app.state.services.valkey.flushdb()
    dear = (
        "{ "
        + " ".join(f'a{n}: search(query: "x", first: 50) {{ edges {{ node {{ __typename }} }} }}' for n in range(3))
        + " }"
    )
    assert await statuses(ask, dear, 3) == [200, 200, 429]
    assert await statuses(ask, QUERY, 1) == [200]  # what was refused was not counted, and this costs nothing


async def test_what_never_becomes_an_operation_is_paid_for_by_its_length(ask: Any) -> None:
    assert await statuses(ask, QUERY, 1) == [200]
    for garbage in ("{ nothing }", "{"):
        await ask.app.state.services.valkey.flushdb()
        text = garbage + "#" * 2600  # more than a minute's points
        assert await statuses(ask, text, 2) == [200, 429]
    assert await statuses(ask, QUERY, 1) == [200]  # what is known to fit is not paid for again


async def test_who_may_not_ask_any_more_tells_no_documents(ask: Any) -> None:
    await statuses(ask, "{" + "#" * 2600, 1)
    text = "{ __typename } #" + "told" * 600
    extensions = {"persistedQuery": {"version": 1, "sha256Hash": digest_of(text)}}
    told = await ask.client.post("/graphql", json={"query": text, "extensions": extensions}, headers=FROM)
    assert told.status_code == 429
    asked = await ask.client.post("/graphql", json={"extensions": extensions})
    assert asked.json()["errors"][0]["message"] == "PersistedQueryNotFound"


async def test_users_have_rates_of_their_own_and_passwords_count_for_the_address(ask: Any, add_user: Any) -> None:
    one, other = await add_user(Role.LISTENER), await add_user(Role.LISTENER)
    assert await statuses(ask, MUTATION, 3, authorization=f"Bearer {ask.token(one)}") == [200, 200, 429]
    assert await statuses(ask, MUTATION, 3, authorization=f"Bearer {ask.token(other)}") == [200, 200, 429]
    assert await statuses(ask, MUTATION, 1) == [200]
    assert await statuses(ask, SIGN_IN, 2, authorization=f"Bearer {ask.token(one)}") == [200, 200]
    assert await statuses(ask, SIGN_IN, 1, authorization=f"Bearer {ask.token(other)}") == [429]


async def test_another_address_and_this_machine_are_others(ask: Any) -> None:
    assert await statuses(ask, MUTATION, 3) == [200, 200, 429]
    assert await statuses(ask, MUTATION, 1, x_forwarded_for="203.0.113.8") == [200]
    assert [(await ask.client.post("/graphql", json={"query": MUTATION})).status_code for _ in range(4)] == [200] * 4


async def test_a_socket_is_limited_too(connect: Callable[..., Any]) -> None:
    async with connect(x_forwarded_for="203.0.113.7") as socket:
        await socket.start()
        for _ in range(2):
            assert (await socket.operate(MUTATION))["type"] == "next"
            assert (await socket.receive())["type"] == "complete"
        refused = await socket.operate(MUTATION)
        assert (refused["type"], refused["payload"][0]["extensions"]["code"]) == ("error", "RATE_LIMITED")


async def test_many_at_once_get_no_more_than_the_limit(ask: Any) -> None:
    answers = await asyncio.gather(*(statuses(ask, MUTATION, 1) for _ in range(10)))
    assert sorted(status for (status,) in answers) == [200] * 2 + [429] * 8


@pytest.mark.usefixtures("app", "frozen_valkey")
async def test_without_an_answer_of_valkey_nothing_is_limited(ask: Any) -> None:
    assert await statuses(ask, QUERY, 8) == [200] * 8


def test_a_bucket_that_is_smaller_than_one_operation_is_emptied_by_it(settings: GraphSettings) -> None:
    taken = buckets(Kind.QUERY, 10**6, user_id=None, household="203.0.113.7", rates=settings.requests.rates)
    assert [(bucket.per_minute, bucket.taken) for bucket in taken] == [(520, 520), (3, 1)]

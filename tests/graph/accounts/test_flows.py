"""Accounts from outside: sign up, sign in, refresh, change the password, sign out."""

import asyncio
import hashlib
import threading
from types import SimpleNamespace
from typing import Any

import pytest
from argon2 import PasswordHasher

from graph.accounts import passwords
from graph.viewer import Role
from tests.graph.locks import waits

SESSION = "session { accessToken accessTokenExpiresAt refreshToken user { id email role displayName } }"
ERRORS = "userErrors { field code message }"
SIGN_UP = f"mutation($in: SignUpInput!) {{ signUp(input: $in) {{ {SESSION} {ERRORS} }} }}"
SIGN_IN = f"mutation($in: SignInInput!) {{ signIn(input: $in) {{ {SESSION} {ERRORS} }} }}"
REFRESH = f"mutation($in: RefreshSessionInput!) {{ refreshSession(input: $in) {{ {SESSION} {ERRORS} }} }}"
CHANGE = f"mutation($in: ChangePasswordInput!) {{ changePassword(input: $in) {{ {SESSION} {ERRORS} }} }}"
SIGN_OUT = f"mutation($in: SignOutInput!) {{ signOut(input: $in) {{ signedOut {ERRORS} }} }}"
VIEWER = "{ viewer { id email displayName role } }"


ANNA = {"email": "Anna@Example.org ", "password": "four good words here", "displayName": " Anna  A. "}


async def signed_up(ask: Any, **changes: str) -> Any:
    return await ask.data(SIGN_UP, **{"in": {**ANNA, **changes}})


async def refreshed(ask: Any, token: str) -> Any:
    return await ask.data(REFRESH, **{"in": {"refreshToken": token}})


def problems(payload: Any) -> list[tuple[str, str]]:
    return [(".".join(problem["field"]), problem["code"]) for problem in payload["userErrors"]]


async def test_signing_up_makes_a_listener_and_signs_in(ask: Any) -> None:
    session = (await signed_up(ask))["session"]
    expected = {"email": "anna@example.org", "role": "LISTENER", "displayName": "Anna A."}
    assert {name: session["user"][name] for name in expected} == expected
    response = await ask.client.post(
        "/graphql", json={"query": VIEWER}, headers={"authorization": f"Bearer {session['accessToken']}"}
    )
    assert response.json()["data"]["viewer"]["id"] == session["user"]["id"]


async def test_one_address_has_one_account_however_it_is_written(ask: Any) -> None:
    await signed_up(ask)
    payload = await signed_up(ask, email="ANNA@example.ORG")
    assert (payload["session"], problems(payload)) == (None, [("email", "EMAIL_TAKEN")])
    assert await ask.app.state.services.pool.fetchval("SELECT count(*) FROM users") == 1


async def test_two_at_once_make_one_account(ask: Any) -> None:
    payloads = await asyncio.gather(*(signed_up(ask) for _ in range(4)))
    assert sorted(problems(payload) for payload in payloads) == [[], *[[("email", "EMAIL_TAKEN")]] * 3]


async def test_every_problem_of_a_new_account_is_told_at_once_and_nothing_is_stored(ask: Any) -> None:
    payload = await signed_up(ask, email="no address", password="short", displayName=" ", market="XX")
    assert problems(payload) == [
        ("email", "INVALID_EMAIL"),
        ("displayName", "REQUIRED"),
        ("password", "WEAK_PASSWORD"),
        ("market", "INVALID_VALUE"),
    ]
    assert await ask.app.state.services.pool.fetchval("SELECT count(*) FROM users") == 0


async def test_nothing_that_is_stored_lets_somebody_in(ask: Any) -> None:
    session = (await signed_up(ask))["session"]
    pool = ask.app.state.services.pool
    stored_hash = await pool.fetchval("SELECT password_hash FROM users")
    assert stored_hash.startswith("$argon2id$v=19$m=19456,t=2,p=1$")
    digest = await pool.fetchval("SELECT token_sha256 FROM refresh_tokens")
    assert digest == hashlib.sha256(session["refreshToken"].encode()).digest()


@pytest.mark.parametrize(
    "given",
    [
        pytest.param({"email": "anna@example.org", "password": "four good words"}, id="a wrong password"),
        pytest.param({"email": "nobody@example.org", "password": ANNA["password"]}, id="an unknown address"),
        pytest.param({"email": "no address\u0000", "password": ANNA["password"]}, id="no address at all"),
        pytest.param({"email": "anna@example.org", "password": ""}, id="an empty password"),
        pytest.param({"email": "anna@example.org", "password": "x" * 100_000}, id="an endless password"),
    ],
)
async def test_a_wrong_pair_is_one_answer(ask: Any, given: dict[str, str]) -> None:
    await signed_up(ask)
    payload = await ask.data(SIGN_IN, **{"in": given})
    assert payload == {
        "session": None,
        "userErrors": [
            {"field": [], "code": "INVALID_CREDENTIALS", "message": "The address and the password do not match."}
        ],
    }


async def test_signs_in_with_the_address_in_any_case_and_the_password_in_any_composition(ask: Any) -> None:
    await signed_up(ask, password="Blåbærsyltetøy")
    payload = await ask.data(SIGN_IN, **{"in": {"email": "ANNA@EXAMPLE.ORG", "password": "Bla\u030abærsyltetøy"}})
    assert payload["session"]["user"]["email"] == "anna@example.org"


async def test_a_hash_of_older_parameters_is_replaced_when_its_owner_signs_in(ask: Any) -> None:
    await signed_up(ask)
    pool = ask.app.state.services.pool
    await pool.execute("UPDATE users SET password_hash = $1", PasswordHasher(1, 8, 1).hash(ANNA["password"]))
    given = {"email": "anna@example.org", "password": ANNA["password"]}
    assert (await ask.data(SIGN_IN, **{"in": given}))["session"]
    assert "m=19456,t=2,p=1" in await pool.fetchval("SELECT password_hash FROM users")
    assert (await ask.data(SIGN_IN, **{"in": given}))["session"]


async def test_a_hash_of_older_parameters_does_not_bring_back_a_password_that_was_changed_meanwhile(
    ask: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    await signed_up(ask)
    pool, loop = ask.app.state.services.pool, asyncio.get_running_loop()
    await pool.execute("UPDATE users SET password_hash = $1", PasswordHasher(1, 8, 1).hash(ANNA["password"]))

    def hashed(password: str) -> str:
        asyncio.run_coroutine_threadsafe(pool.execute("UPDATE users SET password_hash = 'another'"), loop).result()
        return passwords.hashed(password)

    monkeypatch.setattr("graph.accounts.service.passwords", SimpleNamespace(**{**vars(passwords), "hashed": hashed}))
    assert (await signed_in(ask, ANNA["password"]))["session"]
    assert await pool.fetchval("SELECT password_hash FROM users") == "another"


async def test_an_account_without_a_password_cannot_sign_in_by_one(ask: Any) -> None:
    await signed_up(ask)
    await ask.app.state.services.pool.execute("UPDATE users SET password_hash = '!'")
    for password in ("!", "", ANNA["password"]):
        payload = await ask.data(SIGN_IN, **{"in": {"email": "anna@example.org", "password": password}})
        assert problems(payload) == [("", "INVALID_CREDENTIALS")]


async def test_a_refresh_token_works_once_and_gives_the_next(ask: Any) -> None:
    first = (await signed_up(ask))["session"]["refreshToken"]
    second = (await refreshed(ask, first))["session"]["refreshToken"]
    third = (await refreshed(ask, second))["session"]["refreshToken"]
    assert len({first, second, third}) == 3


async def used_long_ago(ask: Any) -> None:
    """Whatever was used is out of its grace."""
    await ask.app.state.services.pool.execute("UPDATE refresh_tokens SET used_at = used_at - interval '10 seconds'")


async def test_a_token_presented_twice_ends_the_session_for_whoever_has_it(ask: Any) -> None:
    first = (await signed_up(ask))["session"]["refreshToken"]
    second = (await refreshed(ask, first))["session"]["refreshToken"]
    await used_long_ago(ask)
    assert problems(await refreshed(ask, first)) == [("refreshToken", "INVALID_REFRESH_TOKEN")]
    assert problems(await refreshed(ask, second)) == [("refreshToken", "INVALID_REFRESH_TOKEN")]


async def test_a_copied_token_ends_one_session_and_no_other(ask: Any) -> None:
    first = (await signed_up(ask))["session"]["refreshToken"]
    other = (await ask.data(SIGN_IN, **{"in": {"email": "anna@example.org", "password": ANNA["password"]}}))["session"]
    await refreshed(ask, first)
    await used_long_ago(ask)
    assert problems(await refreshed(ask, first)) == [("refreshToken", "INVALID_REFRESH_TOKEN")]
    assert (await refreshed(ask, other["refreshToken"]))["session"]


async def test_tabs_that_present_one_token_at_once_go_on_with_one_session(ask: Any) -> None:
    first = (await signed_up(ask))["session"]["refreshToken"]
    payloads = await asyncio.gather(*(refreshed(ask, first) for _ in range(5)))
    (second,) = {payload["session"]["refreshToken"] for payload in payloads}
    assert await ask.app.state.services.pool.fetchval("SELECT count(*) FROM refresh_tokens") == 2
    assert (await refreshed(ask, second))["session"]


async def test_a_token_from_whose_successor_somebody_went_on_ends_the_session_at_once(ask: Any) -> None:
    first = (await signed_up(ask))["session"]["refreshToken"]
    second = (await refreshed(ask, first))["session"]["refreshToken"]
    third = (await refreshed(ask, second))["session"]["refreshToken"]
    assert problems(await refreshed(ask, first)) == [("refreshToken", "INVALID_REFRESH_TOKEN")]
    assert problems(await refreshed(ask, third)) == [("refreshToken", "INVALID_REFRESH_TOKEN")]


async def test_an_expired_refresh_token_is_refused(ask: Any) -> None:
    token = (await signed_up(ask))["session"]["refreshToken"]
    await ask.app.state.services.pool.execute("UPDATE refresh_tokens SET expires_at = now() - interval '1 second'")
    assert problems(await refreshed(ask, token)) == [("refreshToken", "INVALID_REFRESH_TOKEN")]


async def test_a_refresh_sees_the_role_that_the_account_has_by_now(ask: Any) -> None:
    token = (await signed_up(ask))["session"]["refreshToken"]
    await ask.app.state.services.pool.execute("UPDATE users SET role = 'artist'")
    assert (await refreshed(ask, token))["session"]["user"]["role"] == "ARTIST"


async def test_refreshing_clears_what_has_expired(ask: Any) -> None:
    token = (await signed_up(ask))["session"]["refreshToken"]
    pool = ask.app.state.services.pool
    token = (await refreshed(ask, token))["session"]["refreshToken"]
    await pool.execute("UPDATE refresh_tokens SET expires_at = now() - interval '1 day' WHERE used_at IS NOT NULL")
    await refreshed(ask, token)
    assert await pool.fetchval("SELECT count(*) FROM refresh_tokens") == 2


async def test_signing_out_ends_the_session(ask: Any) -> None:
    token = (await signed_up(ask))["session"]["refreshToken"]
    given = {"in": {"refreshToken": token}}
    assert (await ask.data(SIGN_OUT, **given))["signedOut"] is True
    assert problems(await refreshed(ask, token)) == [("refreshToken", "INVALID_REFRESH_TOKEN")]
    assert (await ask.data(SIGN_OUT, **given))["signedOut"] is False


async def changed(ask: Any, session: Any, *, current: str = ANNA["password"], new: str = "quite other words") -> Any:
    given = {"in": {"currentPassword": current, "newPassword": new}}
    headers = {"authorization": f"Bearer {session['accessToken']}"}
    response = await ask.client.post("/graphql", json={"query": CHANGE, "variables": given}, headers=headers)
    return response.json()["data"]["changePassword"]


async def signed_in(ask: Any, password: str) -> Any:
    return await ask.data(SIGN_IN, **{"in": {"email": "anna@example.org", "password": password}})


async def test_another_password_ends_every_session_but_the_one_that_it_answers(ask: Any) -> None:
    here, there = (await signed_up(ask))["session"], (await signed_in(ask, ANNA["password"]))["session"]
    payload = await changed(ask, here)
    assert (payload["userErrors"], payload["session"]["user"]) == ([], here["user"])
    for ended in (here, there):
        assert problems(await refreshed(ask, ended["refreshToken"])) == [("refreshToken", "INVALID_REFRESH_TOKEN")]
    assert problems(await refreshed(ask, payload["session"]["refreshToken"])) == []
    assert problems(await signed_in(ask, ANNA["password"])) == [("", "INVALID_CREDENTIALS")]
    assert problems(await signed_in(ask, "quite other words")) == []


async def test_no_session_opens_by_a_password_that_is_being_changed(ask: Any) -> None:
    await signed_up(ask)
    pool = ask.app.state.services.pool
    async with pool.acquire() as changing, changing.transaction():
        await changing.execute("UPDATE users SET password_hash = $1", passwords.hashed("quite other words"))
        signing_in = asyncio.create_task(signed_in(ask, ANNA["password"]))
        assert await waits(pool, signing_in)
    assert problems(await signing_in) == [("", "INVALID_CREDENTIALS")]
    assert await pool.fetchval("SELECT count(*) FROM refresh_tokens") == 1


@pytest.mark.parametrize(
    ("given", "told"),
    [
        pytest.param({"current": "a wrong guess"}, ("currentPassword", "INVALID_CREDENTIALS"), id="a wrong guess"),
        pytest.param({"new": "short"}, ("newPassword", "WEAK_PASSWORD"), id="a weak one"),
        pytest.param({"new": "anna@example.org"}, ("newPassword", "WEAK_PASSWORD"), id="the address"),
        pytest.param({"new": "x1y" * 100}, ("newPassword", "TOO_LONG"), id="one that is too long"),
    ],
)
async def test_a_password_that_is_not_changed_ends_no_session(
    ask: Any, given: dict[str, str], told: tuple[str, str]
) -> None:
    session = (await signed_up(ask))["session"]
    payload = await changed(ask, session, **given)
    assert (payload["session"], problems(payload)) == (None, [told])
    assert problems(await refreshed(ask, session["refreshToken"])) == []
    assert problems(await signed_in(ask, ANNA["password"])) == []


async def test_of_two_who_change_a_password_at_once_one_does(ask: Any) -> None:
    session = (await signed_up(ask))["session"]
    new = ["quite other words", "yet other words"]
    payloads = await asyncio.gather(*(changed(ask, session, new=one) for one in new))
    assert sorted(problems(payload) for payload in payloads) == [[], [("currentPassword", "INVALID_CREDENTIALS")]]
    kept = new[[problems(payload) for payload in payloads].index([])]
    assert problems(await signed_in(ask, kept)) == []


async def test_the_address_of_somebody_else_is_not_shown(ask: Any, add_user: Any) -> None:
    user = (await signed_up(ask))["session"]["user"]
    query = "query($id: ID!) { node(id: $id) { ... on User { email displayName } } }"
    for asking in (None, await add_user(Role.LISTENER), await add_user(Role.ADMIN)):
        assert await ask.data(query, asking, id=user["id"]) == {"email": None, "displayName": "Anna A."}


async def test_nobody_is_no_viewer(ask: Any) -> None:
    assert await ask.data(VIEWER) is None


async def test_an_operation_guesses_one_password(ask: Any) -> None:
    guess = 'signIn(input: {email: "a@b.example", password: "x"}) { userErrors { code } }'
    assert await ask.codes(f"mutation {{ one: {guess} two: {guess} }}") == ["BAD_REQUEST"]


async def test_hashing_does_not_hold_up_the_loop(ask: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    threads = []

    def matches(password: str, stored: str | None) -> bool:
        threads.append(threading.current_thread())
        return passwords.matches(password, stored)

    monkeypatch.setattr("graph.accounts.service.passwords", SimpleNamespace(**{**vars(passwords), "matches": matches}))
    await ask.data(SIGN_IN, **{"in": {"email": "anna@example.org", "password": "wrong words"}})
    (thread,) = threads
    assert thread is not threading.main_thread()

"""`segue user create` and `segue token` on a real database."""

import asyncio
import re
import time
from collections.abc import Iterator
from types import SimpleNamespace

import asyncpg
import click
import pytest
from click.testing import CliRunner, Result

from appliance.cli import segue
from appliance.commands.accounts import AccountRefused, _typed_password
from appliance.identity import NoSuchAccount
from config.settings import Secret
from graph.accounts.passwords import matches
from graph.accounts.tokens import signing_key, verify
from graph.viewer import Role


class Terminal:
    """Runs commands in this process, with the environment of the test."""

    def __init__(self, environment: dict[str, str]) -> None:
        self._environment = environment

    def __call__(self, *arguments: str, given: str = "") -> Result:
        done = CliRunner().invoke(segue, arguments, input=given, env=self._environment)
        if done.exception is not None and not isinstance(done.exception, SystemExit):
            raise done.exception
        return done

    def row(self, email: str) -> asyncpg.Record | None:
        async def fetch() -> asyncpg.Record | None:
            connection = await asyncpg.connect(self._environment["SEGUE_POSTGRES_URL"])
            try:
                return await connection.fetchrow("SELECT * FROM users WHERE email = $1", email)
            finally:
                await connection.close()

        return asyncio.run(fetch())


@pytest.fixture
def terminal(environment: dict[str, str]) -> Iterator[Terminal]:
    return Terminal(environment)


def test_makes_an_account_with_a_password_that_it_draws(terminal: Terminal) -> None:
    done = terminal("user", "create", "Band@Example.com", "--role", "artist")

    row = terminal.row("band@example.com")
    assert row is not None
    assert (row["role"], row["display_name"]) == ("artist", "Band")
    told = re.fullmatch(r"Made band@example\.com, an artist\.\nIts password, shown this once: (\S{20})\n", done.stdout)
    assert told is not None
    assert matches(told[1], row["password_hash"])


def test_takes_the_password_from_standard_input_and_does_not_print_it(terminal: Terminal) -> None:
    done = terminal(
        "user", "create", "ear@example.com", "--role", "listener", "--name", "An Ear", "--password-stdin",
        given="a pass phrase  \n",
    )  # fmt: skip

    row = terminal.row("ear@example.com")
    assert row is not None
    assert matches("a pass phrase  ", row["password_hash"])
    assert row["display_name"] == "An Ear"
    assert done.output == "Made ear@example.com, a listener.\n"


@pytest.mark.parametrize(
    ("email", "given", "reason"),
    [
        pytest.param("nobody", "long enough\n", "This is not an e-mail address", id="an address without a domain"),
        pytest.param("a@example.com", "short\n", "Use 8 characters or more", id="a short password"),
    ],
)
def test_says_which_rule_was_not_kept(terminal: Terminal, email: str, given: str, reason: str) -> None:
    with pytest.raises(AccountRefused, match=f"{email} was not made: {reason}"):
        terminal("user", "create", email, "--role", "artist", "--password-stdin", given=given)

    assert terminal.row(email) is None


def test_an_address_is_taken_once(terminal: Terminal) -> None:
    terminal("user", "create", "a@example.com", "--role", "artist")

    with pytest.raises(AccountRefused, match="exists"):
        terminal("user", "create", "A@example.com", "--role", "admin")


def test_an_empty_standard_input_is_a_mistake_of_usage(terminal: Terminal) -> None:
    done = terminal("user", "create", "a@example.com", "--role", "artist", "--password-stdin")

    assert done.exit_code == 2
    assert "found no password on standard input" in done.output


@pytest.mark.parametrize(
    ("typed", "password"),
    [pytest.param(["a pass phrase"] * 2, "a pass phrase", id="twice the same"), pytest.param([""], "", id="nothing")],
)
def test_asks_for_the_password_on_a_terminal(monkeypatch: pytest.MonkeyPatch, typed: list[str], password: str) -> None:
    asked = at_a_terminal(monkeypatch, typed)

    assert _typed_password(from_stdin=False) == password
    assert len(asked) == len(typed)


def test_a_password_that_was_mistyped_is_a_mistake_of_usage(monkeypatch: pytest.MonkeyPatch) -> None:
    at_a_terminal(monkeypatch, ["a pass phrase", "a pass phrese"])

    with pytest.raises(click.UsageError, match="the two passwords differ"):
        _typed_password(from_stdin=False)


def at_a_terminal(monkeypatch: pytest.MonkeyPatch, typed: list[str]) -> list[str]:
    """Let these lines be typed; the prompts that were shown for them, each without an echo."""
    shown: list[str] = []

    def prompt(text: str, *, hide_input: bool, **_: object) -> str:
        assert hide_input
        shown.append(text)
        return typed[len(shown) - 1]

    monkeypatch.setattr("sys.stdin", SimpleNamespace(isatty=lambda: True))
    monkeypatch.setattr(click, "prompt", prompt)
    return shown


def test_refuses_a_role_that_is_none(terminal: Terminal) -> None:
    done = terminal("user", "create", "a@example.com", "--role", "king")

    assert done.exit_code == 2
    assert "'king' is not one of 'listener', 'artist', 'label', 'admin'" in done.output


@pytest.mark.parametrize("role", ["listener", "artist", "label", "admin"])
def test_prints_a_token_that_the_api_takes(terminal: Terminal, environment: dict[str, str], role: str) -> None:
    terminal("user", "create", "a@example.com", "--role", role)

    done = terminal("token", "A@Example.com")

    key = signing_key(Secret(environment["SEGUE_ACCESS_TOKEN_KEY"]))
    viewer = verify(done.stdout.splitlines()[-1], key=key, now_s=int(time.time()))
    row = terminal.row("a@example.com")
    assert row is not None
    assert (str(viewer.user_id), viewer.role) == (str(row["id"]), Role(role))


def test_a_token_of_nobody_names_the_remedy(terminal: Terminal) -> None:
    with pytest.raises(NoSuchAccount, match=r"no account x@example\.com; make it by `segue user create x@"):
        terminal("token", "x@example.com")

import pytest
from argon2 import extract_parameters

from graph.accounts import passwords
from graph.errors import ProblemCode


@pytest.mark.parametrize(
    "password",
    [
        pytest.param("eight ch", id="the shortest"),
        pytest.param("x1" * 127 + "yz", id="the longest"),
        pytest.param("blåbær 🫐🫐", id="letters and signs of any kind"),
    ],
)
def test_accepts(password: str) -> None:
    assert passwords.weakness(password, email="anna@example.org", display_name="Anna") is None


@pytest.mark.parametrize(
    ("password", "code"),
    [
        pytest.param("seven c", ProblemCode.WEAK_PASSWORD, id="one too short"),
        pytest.param("a\u0308" * 7, ProblemCode.WEAK_PASSWORD, id="long only before it is composed"),
        pytest.param("x1" * 128 + "y", ProblemCode.TOO_LONG, id="one too long"),
        pytest.param("PassWord", ProblemCode.WEAK_PASSWORD, id="the one that everybody tries"),
        pytest.param("aaaabbbb", ProblemCode.WEAK_PASSWORD, id="two letters"),
        pytest.param("Anna@Example.org", ProblemCode.WEAK_PASSWORD, id="the address"),
        pytest.param("ANNA ANDERSSON", ProblemCode.WEAK_PASSWORD, id="the name"),
    ],
)
def test_refuses(password: str, code: ProblemCode) -> None:
    problem = passwords.weakness(password, email="anna@example.org", display_name="Anna Andersson")
    assert problem is not None
    assert (problem.code, problem.field) == (code, ("password",))


def test_a_hash_matches_its_password_in_any_composition_and_no_other() -> None:
    stored = passwords.hashed("blåbærsyltetøy")
    assert passwords.matches("bla\u030abærsyltetøy", stored)
    assert not passwords.matches("blåbærsyltetøY", stored)


@pytest.mark.parametrize("stored", [None, "", "!", "$argon2id$damaged"])
def test_nothing_matches_what_is_no_hash(stored: str | None) -> None:
    assert not passwords.matches("nobody has this password", stored)


def test_two_hashes_of_one_password_differ() -> None:
    assert passwords.hashed("four good words") != passwords.hashed("four good words")


def test_an_account_that_is_not_there_costs_as_much_work_as_one_that_is(monkeypatch: pytest.MonkeyPatch) -> None:
    hasher, verified = passwords.HASHER, []

    class Watched:
        def hash(self, password: str) -> str:
            return hasher.hash(password)

        def verify(self, stored: str, password: str) -> bool:
            verified.append(extract_parameters(stored))
            return hasher.verify(stored, password)

    monkeypatch.setattr("graph.accounts.passwords.HASHER", Watched())
    for stored in (passwords.hashed("four good words"), None, passwords.UNUSABLE):
        assert not passwords.matches("wrong words", stored)
    assert verified == [extract_parameters(hasher.hash("any"))] * 3

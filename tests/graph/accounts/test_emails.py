import pytest
from hypothesis import given
from hypothesis import strategies as st

from graph.accounts.emails import checked
from graph.errors import Refused


@pytest.mark.parametrize(
    ("given_text", "kept"),
    [
        pytest.param(" Anna@Example.ORG\n", "anna@example.org", id="case and white space"),
        pytest.param("a.b+c@x", "a.b+c@x", id="a tag and a host without a dot"),
        pytest.param("o'hara_{x}@a-b.example", "o'hara_{x}@a-b.example", id="signs that RFC 5322 allows"),
        pytest.param("a" * 64 + "@b.example", "a" * 64 + "@b.example", id="the longest local part"),
    ],
)
def test_accepts(given_text: str, kept: str) -> None:
    assert checked(given_text) == kept


@pytest.mark.parametrize(
    "text",
    [
        pytest.param("", id="nothing"),
        pytest.param("anna", id="no host"),
        pytest.param("@example.org", id="no local part"),
        pytest.param("a@b@c", id="two hosts"),
        pytest.param("a..b@c.example", id="two dots"),
        pytest.param("a@-b.example", id="a host that begins with a hyphen"),
        pytest.param("a@b.example.", id="a dot at the end"),
        pytest.param("a b@c.example", id="a space"),
        pytest.param("a\r\nbcc: x@c.example", id="a header"),
        pytest.param("anna@b.example\x00", id="a null character"),
        pytest.param("jürgen@b.example", id="a letter outside ASCII"),
        pytest.param("a" * 65 + "@b.example", id="a local part too long"),
        pytest.param("a@" + ".".join(["b" * 60] * 5), id="too long in all"),
    ],
)
def test_refuses(text: str) -> None:
    with pytest.raises(Refused):
        checked(text)


@given(st.text())
def test_what_is_accepted_is_ascii_and_its_own_lower_case(text: str) -> None:
    try:
        address = checked(text)
    except Refused:
        return
    assert address.isascii()
    assert address == address.lower() == checked(address)


def test_long_hostile_text_is_judged_at_once() -> None:
    with pytest.raises(Refused):
        checked("a." * 50_000)

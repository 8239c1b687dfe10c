from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from edge.errors import InvalidGrant
from edge.terms import MAX_BANDWIDTH_BPS, MAX_CHARACTERS, NO_TERMS, Terms, read, spell

families = st.from_regex(r"[a-z0-9]{1,16}", fullmatch=True)
terms = st.builds(
    Terms,
    codecs=st.none() | st.frozensets(families, min_size=1, max_size=8),
    max_bandwidth_bps=st.none() | st.integers(1, MAX_BANDWIDTH_BPS),
    protection=st.sampled_from(["clear", "protected", "any"]),
)


@given(terms)
def test_what_is_spelled_reads_the_same(given_terms: Terms) -> None:
    text = spell(given_terms)
    assert read(text) == (None if given_terms == NO_TERMS else given_terms)
    assert len(text) <= MAX_CHARACTERS
    assert set(text) <= set("abcdefghijklmnopqrstuvwxyz0123456789-_")


@given(st.lists(st.sampled_from(["codecs", "max", "protected", "any", "clear", "aac", "opus", "-", "_", "0", "7"])))
def test_one_spelling_for_each_value(pieces: list[str]) -> None:
    text = "".join(pieces)
    found = read(text)
    assert found is None or spell(found) == text


def test_stands_readable() -> None:
    assert spell(Terms(codecs=frozenset({"opus", "aac"}), max_bandwidth_bps=160_000)) == "codecs-aac-opus_max-160000"
    assert spell(Terms(protection="protected")) == "protected"
    assert spell(NO_TERMS) == ""


def test_longest_terms_are_as_long_as_paths_have_room_for() -> None:
    longest = Terms(
        codecs=frozenset(f"{index:016}" for index in range(8)),
        max_bandwidth_bps=MAX_BANDWIDTH_BPS,
        protection="protected",
    )
    assert len(spell(longest)) == MAX_CHARACTERS


@pytest.mark.parametrize(
    "changes",
    [
        pytest.param({"codecs": frozenset()}, id="no codec, which would open nothing"),
        pytest.param({"codecs": frozenset("abcdefghi")}, id="nine codecs"),
        pytest.param({"codecs": frozenset({"AAC"})}, id="a codec in capitals"),
        pytest.param({"codecs": frozenset({"mp4a.40.2"})}, id="a codec string in place of a family"),
        pytest.param({"codecs": frozenset({""})}, id="an empty family"),
        pytest.param({"max_bandwidth_bps": 0}, id="a ceiling of zero"),
        pytest.param({"max_bandwidth_bps": MAX_BANDWIDTH_BPS + 1}, id="a ceiling of eleven digits"),
        pytest.param({"protection": "none"}, id="an unknown protection"),
    ],
)
def test_terms_that_no_token_can_say_do_not_exist(changes: dict[str, Any]) -> None:
    with pytest.raises(InvalidGrant):
        Terms(**changes)

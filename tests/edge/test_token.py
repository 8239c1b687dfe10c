import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from edge import errors
from edge.errors import Expired, Forged, InvalidGrant, Malformed, TokenRejected
from edge.terms import MAX_BANDWIDTH_BPS, NO_TERMS, Terms
from edge.token import MAX_EXPIRY_S, Grant, mint, verify

VECTORS = Path(__file__).parent / "vectors"
GENUINE = json.loads((VECTORS / "genuine.json").read_text())
REJECTED = json.loads((VECTORS / "rejected.json").read_text())

SECRET = bytes(range(32))
KEYS = {"k1": SECRET, "k2": bytes(64)}
DIRECTORY = "assets/0192f3a0-7c1e-7b4a-9d55-3f1c2b7a6e01/"
EXPIRY = 1_800_000_000
NOW = EXPIRY - 1
SOME_TERMS = Terms(codecs=frozenset({"aac", "opus"}), max_bandwidth_bps=160_000)

SAFE = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_.~-"

components = st.from_regex(r"[A-Za-z0-9_~-][A-Za-z0-9_.~-]{0,40}", fullmatch=True)
directories = st.lists(components, min_size=1, max_size=4).map(lambda parts: "/".join(parts) + "/")
key_ids = st.from_regex(r"[A-Za-z0-9]{1,32}", fullmatch=True)
secrets = st.binary(min_size=32, max_size=100)
expiries = st.integers(1, MAX_EXPIRY_S)


def token(**changes: Any) -> str:
    return mint(**{"key_id": "k1", "secret": SECRET, "directory": DIRECTORY, "expires_at_s": EXPIRY, **changes})


def refuse(text: str, *, directory: str = DIRECTORY, now_s: int = NOW) -> TokenRejected:
    with pytest.raises(TokenRejected) as raised:
        verify(text, directory=directory, keys=KEYS, now_s=now_s)
    return raised.value


def stated(case: dict[str, Any]) -> Terms:
    terms = case.get("terms", {})
    return Terms(**{name: frozenset(value) if name == "codecs" else value for name, value in terms.items()})


@pytest.mark.parametrize("case", GENUINE, ids=lambda case: case["name"])
def test_mints_and_verifies_what_openssl_computes(case: dict[str, Any]) -> None:
    fields = {name: case[name] for name in ("key_id", "directory", "expires_at_s")} | {"terms": stated(case)}
    secret = bytes.fromhex(case["secret_hex"])
    assert mint(secret=secret, **fields) == case["token"]
    grant = verify(
        case["token"], directory=case["directory"], keys={case["key_id"]: secret}, now_s=case["expires_at_s"] - 1
    )
    assert grant == Grant(**fields)


@pytest.mark.parametrize("case", REJECTED, ids=lambda case: case["name"])
def test_refuses(case: dict[str, str]) -> None:
    assert type(refuse(case["token"])) is getattr(errors, case["error"])


@pytest.mark.parametrize("now_s", [0, EXPIRY - 1], ids=["long before", "the last second"])
def test_is_good_before_its_expiry(now_s: int) -> None:
    assert verify(token(), directory=DIRECTORY, keys=KEYS, now_s=now_s).expires_at_s == EXPIRY


@pytest.mark.parametrize("now_s", [EXPIRY, EXPIRY + 1], ids=["the second of expiry", "a second later"])
def test_is_expired_from_its_expiry_on(now_s: int) -> None:
    assert type(refuse(token(), now_s=now_s)) is Expired


def test_forged_and_expired_is_told_as_forged() -> None:
    text = token()
    changed = text[:-1] + ("A" if text[-1] != "A" else "B")
    assert type(refuse(changed, now_s=EXPIRY)) is Forged


def test_every_configured_key_verifies() -> None:
    for key_id, secret in KEYS.items():
        text = token(key_id=key_id, secret=secret)
        assert verify(text, directory=DIRECTORY, keys=KEYS, now_s=NOW).key_id == key_id


def test_longest_token_is_as_long_as_paths_have_room_for() -> None:
    assert len(token(key_id="k" * 32, expires_at_s=MAX_EXPIRY_S)) == 91
    wordy = Terms(codecs=frozenset(f"{n:016}" for n in range(8)), max_bandwidth_bps=MAX_BANDWIDTH_BPS, protection="any")
    assert len(token(key_id="k" * 32, expires_at_s=MAX_EXPIRY_S, terms=wordy)) == 253


@pytest.mark.parametrize(
    "changes",
    [
        pytest.param({"key_id": ""}, id="an empty key id"),
        pytest.param({"key_id": "a.b"}, id="a dot in the key id"),
        pytest.param({"key_id": "é"}, id="a letter outside of ASCII"),
        pytest.param({"key_id": "k" * 33}, id="a key id that is too long"),
        pytest.param({"secret": bytes(31)}, id="a short secret"),
        pytest.param({"expires_at_s": 0}, id="an expiry of zero"),
        pytest.param({"expires_at_s": -1}, id="a negative expiry"),
        pytest.param({"expires_at_s": MAX_EXPIRY_S + 1}, id="an expiry of twelve digits"),
        *(
            pytest.param({"directory": text}, id=f"the directory {text!r}")
            for text in ("", "/", "a", "/a/", "a//", "a//b/", "../", "a/../", "./", "a/./b/", "a/%2e/", "a b/", "é/")
        ),
        pytest.param({"directory": "a/\n"}, id="a newline behind the directory"),
    ],
)
def test_mints_nothing_outside_of_the_grammar(changes: dict[str, Any]) -> None:
    with pytest.raises(InvalidGrant):
        token(**changes)


def test_verifying_against_no_directory_is_the_callers_mistake() -> None:
    with pytest.raises(InvalidGrant):
        verify(token(), directory="assets/../", keys=KEYS, now_s=NOW)


@given(key_ids, secrets, directories, expiries)
def test_what_is_minted_verifies_and_needs_no_encoding(key_id, secret, directory, expiry) -> None:
    text = mint(key_id=key_id, secret=secret, directory=directory, expires_at_s=expiry)
    assert set(text) <= set(SAFE)
    assert verify(text, directory=directory, keys={key_id: secret}, now_s=expiry - 1) == Grant(
        key_id=key_id, directory=directory, expires_at_s=expiry
    )


def test_a_token_of_the_first_version_has_no_terms() -> None:
    assert verify(token(), directory=DIRECTORY, keys=KEYS, now_s=NOW).terms == NO_TERMS
    assert token(terms=NO_TERMS) == token()


@given(directories)
def test_another_directory_is_refused(directory: str) -> None:
    assume(directory != DIRECTORY)
    assert type(refuse(token(), directory=directory)) is Forged


def test_a_directory_above_or_below_is_refused() -> None:
    for other in ("assets/", f"{DIRECTORY}1/"):
        assert type(refuse(token(), directory=other)) is Forged


@pytest.mark.parametrize("text", [token(), token(terms=SOME_TERMS)], ids=["without terms", "with terms"])
def test_any_single_character_change_is_refused(text: str) -> None:
    for place in range(len(text)):
        for character in {*SAFE, "=", "/", "%", " ", "\n", "é"} - {text[place]}:
            refuse(text[:place] + character + text[place + 1 :])


@pytest.mark.parametrize("text", [token(), token(terms=SOME_TERMS)], ids=["without terms", "with terms"])
def test_any_dropped_added_or_swapped_character_is_refused(text: str) -> None:
    for place in range(len(text)):
        refuse(text[:place] + text[place + 1 :])
        refuse(text[:place])
        refuse(text[place + 1 :])
        for character in ".A0":
            refuse(text[:place] + character + text[place:])
        swapped = text[:place] + text[place : place + 2][::-1] + text[place + 2 :]
        if swapped != text:
            refuse(swapped)
    refuse(text + text)


@given(st.text())
def test_any_text_is_refused_by_a_typed_error(text: str) -> None:
    assert type(refuse(text)) is Malformed

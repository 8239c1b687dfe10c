import base64
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from graph import ids
from graph.errors import ProblemCode, Refused

KEY = UUID("0190a5c4-7d2e-7aaa-8bbb-0123456789ab")


def test_an_id_is_the_type_and_key_in_url_safe_base64() -> None:
    text = ids.encode("Track", KEY)
    assert base64.urlsafe_b64decode(text + "=" * (-len(text) % 4)) == b"Track:0190a5c4-7d2e-7aaa-8bbb-0123456789ab"


@given(st.from_regex(r"[A-Z][A-Za-z]{0,30}", fullmatch=True), st.uuids())
def test_decodes_what_it_encodes(type_name: str, key: UUID) -> None:
    assert ids.decode(ids.encode(type_name, key)) == (type_name, key)


@given(st.text() | st.binary().map(lambda data: base64.urlsafe_b64encode(data).decode()))
def test_any_other_text_is_none_and_never_an_error(text: str) -> None:
    found = ids.decode(text)
    assert found is None or ids.encode(*found) == text


@pytest.mark.parametrize(
    "text",
    [
        pytest.param("", id="nothing"),
        pytest.param(str(KEY), id="a bare key"),
        pytest.param(ids.encode("Track", KEY) + "=", id="the same id with padding"),
        pytest.param(base64.b64encode(b"Track:0190A5C4-7D2E-7AAA-8BBB-0123456789AB").decode(), id="upper-case key"),
        pytest.param("VHJhY2s6" * 100, id="too long"),
        pytest.param("\u0000", id="a control character"),
    ],
)
def test_there_is_one_text_for_an_id(text: str) -> None:
    assert ids.decode(text) is None


def test_an_id_of_another_type_is_not_found() -> None:
    assert ids.find("Album", ids.encode("Track", KEY)) is None


def test_a_mutation_is_told_which_field_holds_no_id() -> None:
    with pytest.raises(Refused) as refusal:
        ids.require("Album", ids.encode("Track", KEY), field="albumId")
    (problem,) = refusal.value.problems
    assert (problem.code, problem.field) == (ProblemCode.NOT_FOUND, ("albumId",))

import pytest
from hypothesis import given
from hypothesis import strategies as st

from graph.errors import ProblemCode, Refused
from graph.names import MAX_LENGTH, clean


@pytest.mark.parametrize(
    ("given_text", "kept"),
    [
        pytest.param("  Sigur \t Rós\n", "Sigur Rós", id="white space"),
        pytest.param("Bjo\u0308rk", "Bj\u00f6rk", id="composed"),
        pytest.param("!!!", "!!!", id="a band of signs"),
        pytest.param("👩\u200d🎤", "👩\u200d🎤", id="an emoji joined of two"),
        pytest.param("x" * MAX_LENGTH, "x" * MAX_LENGTH, id="as long as allowed"),
    ],
)
def test_keeps(given_text: str, kept: str) -> None:
    assert clean(given_text, field="name") == kept


@pytest.mark.parametrize(
    ("text", "code"),
    [
        pytest.param("", ProblemCode.REQUIRED, id="nothing"),
        pytest.param(" \t\n", ProblemCode.REQUIRED, id="white space only"),
        pytest.param("\u200b\u200d", ProblemCode.REQUIRED, id="nothing that can be seen"),
        pytest.param("x" * (MAX_LENGTH + 1), ProblemCode.TOO_LONG, id="one too long"),
        pytest.param("a\x00b", ProblemCode.INVALID_VALUE, id="a null character"),
        pytest.param("a\x1b[31mb", ProblemCode.INVALID_VALUE, id="a terminal sequence"),
        pytest.param("a\u202egpj.exe", ProblemCode.INVALID_VALUE, id="text that turns around"),
        pytest.param("a\ud800", ProblemCode.INVALID_VALUE, id="half a character"),
    ],
)
def test_refuses(text: str, code: ProblemCode) -> None:
    with pytest.raises(Refused) as refusal:
        clean(text, field="title")
    (problem,) = refusal.value.problems
    assert (problem.code, problem.field) == (code, ("title",))


@given(st.text())
def test_what_is_kept_is_storable_and_kept_again(text: str) -> None:
    try:
        kept = clean(text, field="name")
    except Refused:
        return
    assert "\x00" not in kept
    assert kept.encode()
    assert clean(kept, field="name") == kept

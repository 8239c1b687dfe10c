import pytest
from hypothesis import given
from hypothesis import strategies as st

from graph.catalog.isrc import normalise
from graph.errors import ProblemCode, Refused


# The first is the example of the ISRC handbook.
@pytest.mark.parametrize(
    ("text", "code"),
    [
        pytest.param("AA6Q72000047", "AA6Q72000047", id="as it is stored"),
        pytest.param("ISRC AA6Q72000047", "AA6Q72000047", id="as it is displayed"),
        pytest.param("isrc: us-s1z-99-00001", "USS1Z9900001", id="with hyphens, in lower case"),
        pytest.param(" GB\u2011AYE\u201169\u201100531 ", "GBAYE6900531", id="with hyphens that do not break"),
    ],
)
def test_reads(text: str, code: str) -> None:
    assert normalise(text) == code


@pytest.mark.parametrize(
    "text",
    [
        pytest.param("", id="nothing"),
        pytest.param("AA6Q7200004", id="one digit short"),
        pytest.param("AA6Q720000471", id="one digit long"),
        pytest.param("1A6Q72000047", id="a country with a digit"),
        pytest.param("AA6Q7200004X", id="a letter among the digits"),
        pytest.param("AA6Q7200004\u0667", id="a digit that is not of ASCII"),
    ],
)
def test_refuses(text: str) -> None:
    with pytest.raises(Refused) as refusal:
        normalise(text)
    assert refusal.value.problems[0].code is ProblemCode.INVALID_ISRC


@given(st.from_regex(r"[A-Z]{2}[A-Z0-9]{3}[0-9]{7}", fullmatch=True))
def test_every_code_is_kept(code: str) -> None:
    assert normalise(f"{code[:2]}-{code[2:5]}-{code[5:7]}-{code[7:]}") == code

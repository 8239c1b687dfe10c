import pytest
from hypothesis import given
from hypothesis import strategies as st

from origin.tags import YES, Quoted, attribute_tag, extinf, playlist, sayable, tag


def test_attributes_keep_their_order_and_quotes() -> None:
    line = attribute_tag("EXT-X-STREAM-INF", {"BANDWIDTH": 1000, "CODECS": Quoted("mp4a.40.2,fLaC")})
    assert line == '#EXT-X-STREAM-INF:BANDWIDTH=1000,CODECS="mp4a.40.2,fLaC"'


def test_tag_without_a_value_has_no_colon() -> None:
    assert tag("EXT-X-ENDLIST") == "#EXT-X-ENDLIST"
    assert tag("EXT-X-MEDIA-SEQUENCE", 0) == "#EXT-X-MEDIA-SEQUENCE:0"


@pytest.mark.parametrize("text", ['say "x"', "two\nlines", "two\rlines"], ids=["a quote", "a line feed", "a return"])
def test_what_cannot_be_quoted_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="not a quoted-string"):
        Quoted(text)


def test_words_of_the_standard_have_no_quotes() -> None:
    assert attribute_tag("EXT-X-MEDIA", {"DEFAULT": YES}) == "#EXT-X-MEDIA:DEFAULT=YES"


@given(st.text())
def test_any_text_can_be_said(text: str) -> None:
    assert len(sayable(text).text) == len(text)


def test_what_can_be_quoted_is_said_as_it_is() -> None:
    assert sayable("Große Fuge, op. 133 \u2013 I.").text == "Große Fuge, op. 133 \u2013 I."
    assert sayable('12" Mix').text == "12\u201d Mix"


@pytest.mark.parametrize(
    ("microseconds", "line"),
    [(1, "#EXTINF:0.000001,"), (4_017_052, "#EXTINF:4.017052,"), (6_000_000, "#EXTINF:6.000000,")],
)
def test_duration_has_six_decimals(microseconds: int, line: str) -> None:
    assert extinf(microseconds) == line


def test_playlist_starts_with_its_mark_and_ends_its_last_line() -> None:
    assert playlist(["#EXT-X-ENDLIST"]) == b"#EXTM3U\n#EXT-X-ENDLIST\n"

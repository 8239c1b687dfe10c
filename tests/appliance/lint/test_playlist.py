from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from appliance.lint.playlist import Media, Multivariant, NotAPlaylist, Part, read

URL = "https://music.example/a/list.m3u8?token=1"


def media(*lines: str) -> Media:
    found = read("\n".join(("#EXTM3U", *lines)), URL)
    assert isinstance(found, Media)
    return found


def test_urls_are_relative_to_the_playlist() -> None:
    found = media(
        '#EXT-X-MAP:URI="h.mp4"', "#EXTINF:4,", "../b/0.m4s", "#EXTINF:4.5,title", "https://other.example/1.m4s"
    )
    assert [segment.part for segment in found.segments] == [
        Part("https://music.example/b/0.m4s"),
        Part("https://other.example/1.m4s"),
    ]
    assert found.segments[1].header == Part("https://music.example/a/h.mp4")
    assert found.duration_s == Decimal("8.5")


def test_ranges_go_on_where_the_one_before_ended() -> None:
    found = media(
        '#EXT-X-MAP:URI="all.mp4",BYTERANGE="700@0"',
        *("#EXTINF:4,", "#EXT-X-BYTERANGE:1000@700", "all.mp4"),
        *("#EXTINF:4,", "#EXT-X-BYTERANGE:500", "all.mp4"),
        *("#EXTINF:4,", "#EXT-X-BYTERANGE:9", "other.mp4"),
    )
    assert found.segments[0].header == Part("https://music.example/a/all.mp4", 0, 700)
    assert [(segment.part.start, segment.part.length) for segment in found.segments] == [
        (700, 1000),
        (1700, 500),
        (0, 9),
    ]


def test_keys_in_a_row_are_ways_to_one_and_the_next_row_replaces_them() -> None:
    def key(uri: str, key_format: str) -> str:
        return f'#EXT-X-KEY:METHOD=SAMPLE-AES,URI="{uri}",KEYFORMAT="{key_format}"'

    found = media(
        *(key("a", "x"), key("b", "y"), "#EXTINF:4,", "0", "#EXTINF:4,", "1"),
        *(key("c", "x"), "#EXTINF:4,", "2"),
        *("#EXT-X-KEY:METHOD=NONE", "#EXTINF:4,", "3"),
    )
    assert [[each["URI"] for each in segment.keys] for segment in found.segments] == [["a", "b"], ["a", "b"], ["c"], []]


def test_attributes_keep_what_stands_in_quotes() -> None:
    found = read(
        '#EXTM3U\n#EXT-X-STREAM-INF:BANDWIDTH=1000,CODECS="mp4a.40.2,fLaC",AUDIO="a"\n# a comment\n\nv.m3u8\n', URL
    )
    assert isinstance(found, Multivariant)
    (variant,) = found.variants
    assert variant.url == "https://music.example/a/v.m3u8"
    assert variant.attributes == {"BANDWIDTH": "1000", "CODECS": "mp4a.40.2,fLaC", "AUDIO": "a"}
    assert (variant.number("BANDWIDTH"), variant.number("AVERAGE-BANDWIDTH")) == (1000, None)


@pytest.mark.parametrize(
    "text",
    [
        pytest.param("", id="nothing"),
        pytest.param("<html>", id="a page"),
        pytest.param("#EXTM3U\n0.m4s", id="a segment without a duration"),
        pytest.param("#EXTM3U\n#EXTINF:soon,\n0.m4s", id="a duration in words"),
        pytest.param("#EXTM3U\n#EXTINF:-1,\n0.m4s", id="a negative duration"),
        pytest.param("#EXTM3U\n#EXTINF:NaN,\n0.m4s", id="a duration that is no number"),
        pytest.param("#EXTM3U\n#EXTINF:1E999999999,\n0.m4s", id="a duration of a billion digits"),
        pytest.param("#EXTM3U\n#EXTINF:1,\nhttp://[/0.m4s", id="a broken URL"),
        pytest.param("#EXTM3U\n#EXTINF:1,\n#EXT-X-BYTERANGE:a@b\n0.m4s", id="a range in letters"),
        pytest.param("#EXTM3U\n#EXT-X-STREAM-INF:BANDWIDTH=1", id="a variant without a URL"),
    ],
)
def test_refuses(text: str) -> None:
    with pytest.raises(NotAPlaylist):
        read(text, URL)


lines = st.lists(
    st.sampled_from(
        ["#EXTINF:4,", "#EXT-X-STREAM-INF:BANDWIDTH=1", "#EXT-X-MAP:URI", "#EXT-X-KEY:METHOD=NONE", "0.m4s"]
    )
    | st.text(max_size=20)
)


@given(lines)
def test_any_text_is_a_playlist_or_our_error(texts: list[str]) -> None:
    try:
        read("\n".join(("#EXTM3U", *texts)), URL)
    except NotAPlaylist:
        return

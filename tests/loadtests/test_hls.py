"""Playlists of RFC 8216, section 8, and of the origin's golden files; what is none is refused, whatever it is."""

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from loadtests.hls import NotAPlaylist, Segment, Variant, affordable, media_playlist, variants

GOLDEN = Path(__file__).parents[1] / "origin" / "golden" / "a-ladder-of-two-codecs"

# RFC 8216, section 8.4, with the CRLF that section 4.1 allows.
MASTER = b"""#EXTM3U\r
#EXT-X-STREAM-INF:BANDWIDTH=1280000,AVERAGE-BANDWIDTH=1000000\r
http://example.com/low.m3u8\r
#EXT-X-STREAM-INF:BANDWIDTH=2560000,AVERAGE-BANDWIDTH=2000000\r
http://example.com/mid.m3u8\r
#EXT-X-STREAM-INF:BANDWIDTH=7680000,AVERAGE-BANDWIDTH=6000000\r
http://example.com/hi.m3u8\r
#EXT-X-STREAM-INF:BANDWIDTH=65000,CODECS="mp4a.40.5"\r
http://example.com/audio-only.m3u8\r
"""

MEDIA = b"""#EXTM3U
#EXT-X-TARGETDURATION:10
#EXT-X-VERSION:7
#EXT-X-MAP:URI="init,1.mp4",BYTERANGE="100@0"

#EXTINF:9.009,A title, with a comma
first.m4s
#EXT-X-SOMETHING-NEW:1
#EXTINF:3,
# a comment
second.m4s
#EXT-X-ENDLIST
"""


def test_variants_in_their_order() -> None:
    assert [(variant.uri.rpartition("/")[2], variant.bandwidth_bps) for variant in variants(MASTER)] == [
        ("low.m3u8", 1280000),
        ("mid.m3u8", 2560000),
        ("hi.m3u8", 7680000),
        ("audio-only.m3u8", 65000),
    ]


@pytest.mark.parametrize(
    ("bandwidth_bps", "chosen"),
    [
        pytest.param(1, "audio-only", id="nothing fits: the smallest"),
        pytest.param(1_279_999, "audio-only", id="one bit too few"),
        pytest.param(1_280_000, "low", id="exactly enough"),
        pytest.param(10**9, "hi", id="everything fits: the best"),
    ],
)
def test_listener_takes_what_it_can_afford(bandwidth_bps: int, chosen: str) -> None:
    assert affordable(variants(MASTER), bandwidth_bps).uri == f"http://example.com/{chosen}.m3u8"


def test_header_and_segments() -> None:
    playlist = media_playlist(MEDIA)
    assert playlist.header_uri == "init,1.mp4"
    assert playlist.segments == (
        Segment(uri="first.m4s", duration_s=9.009),
        Segment(uri="second.m4s", duration_s=3.0),
    )


def test_reads_what_the_origin_writes() -> None:
    assert variants((GOLDEN / "master.m3u8").read_bytes()) == [
        Variant(uri="aac-96.m3u8", bandwidth_bps=100_604),
        Variant(uri="aac-320.m3u8", bandwidth_bps=335_341),
        Variant(uri="flac.m3u8", bandwidth_bps=900_000),
    ]
    playlist = media_playlist((GOLDEN / "aac-96.m3u8").read_bytes())
    assert playlist.header_uri == "aac-96/header.mp4"
    assert [segment.duration_s for segment in playlist.segments] == [3.993832, 3.993832, 2.239297]


@pytest.mark.parametrize(
    "data",
    [
        pytest.param(b"", id="nothing"),
        pytest.param(b"<html>502 Bad Gateway</html>", id="a proxy's error page"),
        pytest.param(b"\xff\xfe", id="not UTF-8"),
        pytest.param(b"#EXTM3U\n", id="a head alone"),
        pytest.param(b'#EXTM3U\n#EXT-X-STREAM-INF:CODECS="x"\na.m3u8\n', id="a variant without bandwidth"),
        pytest.param(b"#EXTM3U\n#EXT-X-STREAM-INF:BANDWIDTH=lots\na.m3u8\n", id="a bandwidth in words"),
        pytest.param(b"#EXTM3U\n#EXT-X-STREAM-INF:BANDWIDTH=1\n", id="a variant without a URI"),
        pytest.param(b"#EXTM3U\n#EXTINF:4,\na.m4s\n", id="segments without a header"),
        pytest.param(b'#EXTM3U\n#EXT-X-MAP:URI="h.mp4"\n', id="a header without segments"),
        pytest.param(b'#EXTM3U\n#EXT-X-MAP:URI="h.mp4"\n#EXTINF:nan,\na.m4s\n', id="no duration"),
    ],
)
def test_what_is_no_playlist_is_refused(data: bytes) -> None:
    for read in (variants, media_playlist):
        with pytest.raises(NotAPlaylist):
            read(data)


@pytest.mark.parametrize("read", [variants, media_playlist], ids=["variants", "segments"])
@pytest.mark.parametrize("text", [MASTER, MEDIA], ids=["a multivariant playlist", "a media playlist"])
def test_cut_off_anywhere_it_is_read_or_refused(read, text: bytes) -> None:
    for length in range(len(text)):
        try:
            read(text[:length])
        except NotAPlaylist:
            continue


@given(st.binary() | st.text().map(lambda text: f"#EXTM3U\n{text}".encode()))
def test_anything_is_read_or_refused(data: bytes) -> None:
    for read in (variants, media_playlist):
        try:
            read(data)
        except NotAPlaylist:
            continue

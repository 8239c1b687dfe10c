"""Each rule against a stream that keeps all of them but one."""

from collections.abc import Callable
from fractions import Fraction

import pytest

from appliance.lint import playlist
from appliance.lint.findings import Severity
from appliance.lint.rules import RULES, judge
from appliance.lint.stream import Piece, Response, Stream, Unread, rates
from appliance.lint.timing import Header, Span

BASE = "https://music.example/"
MASTER = """#EXTM3U
#EXT-X-INDEPENDENT-SEGMENTS
#EXT-X-MEDIA:TYPE=AUDIO,GROUP-ID="aac",NAME="Stereo",LANGUAGE="und",CHANNELS="2"
#EXT-X-MEDIA:TYPE=AUDIO,GROUP-ID="flac",NAME="Stereo",LANGUAGE="und",CHANNELS="2"
#EXT-X-STREAM-INF:BANDWIDTH=100000,AVERAGE-BANDWIDTH=100000,CODECS="mp4a.40.2",AUDIO="aac"
aac.m3u8
#EXT-X-STREAM-INF:BANDWIDTH=100000,AVERAGE-BANDWIDTH=100000,CODECS="fLaC",AUDIO="flac"
flac.m3u8
"""
MEDIA = """#EXTM3U
#EXT-X-VERSION:6
#EXT-X-TARGETDURATION:6
#EXT-X-PLAYLIST-TYPE:VOD
#EXT-X-MAP:URI="header.mp4"
#EXTINF:6.000000,
0.m4s
#EXTINF:6.000000,
1.m4s
#EXT-X-DISCONTINUITY
#EXT-X-MAP:URI="header2.mp4"
#EXTINF:6.000000,
2.m4s
#EXT-X-ENDLIST
"""
HEADER = Header(48_000, None)


def piece(start_s: Fraction | int, duration_s: Fraction | int = 6, *, byte_length: int = 75_000) -> Piece:
    span = Span(int(start_s * 48_000), int(duration_s * 48_000))
    return Piece(byte_length=byte_length, header=HEADER, span=span)


PIECES = (piece(0), piece(6), piece(0))
ANSWER = Response(content_type="application/vnd.apple.mpegurl", content_encoding="gzip", redirected=False)


def stream(
    *,
    master: str = MASTER,
    aac: str = MEDIA,
    flac: str = MEDIA,
    pieces: tuple[Piece | None, ...] = PIECES,
    answer: Response = ANSWER,
    base: str = BASE,
    unread: tuple[Unread, ...] = (),
) -> Stream:
    medias = {
        f"{base}{name}.m3u8": playlist.read(text, f"{base}{name}.m3u8") for name, text in (("aac", aac), ("flac", flac))
    }
    first = playlist.read(master, f"{base}master.m3u8")
    return Stream(
        multivariant=first,
        medias=medias,
        responses=dict.fromkeys((first.url, *medias), answer),
        pieces={f"{base}aac.m3u8": pieces},
        unread=unread,
    )


def broken(found: Stream) -> list[str]:
    return [finding.rule for finding in judge(found)]


def test_a_stream_that_keeps_the_rules_has_no_findings() -> None:
    assert judge(stream()) == ()


def without(text: str, *parts: str) -> str:
    for part in parts:
        assert part in text
        text = text.replace(part, "", 1)
    return text


def instead(text: str, old: str, new: str, *, count: int = -1) -> str:
    assert old in text
    return text.replace(old, new, count)


BOTH = "AVERAGE-BANDWIDTH=100000,"
BREAKING: dict[str, tuple[str, Callable[[], Stream]]] = {
    "no CODECS": ("9.1", lambda: stream(master=without(MASTER, 'CODECS="fLaC",'))),
    "no BANDWIDTH": ("9.13", lambda: stream(master=without(MASTER, "BANDWIDTH=100000,"))),
    "no AVERAGE-BANDWIDTH": ("9.14", lambda: stream(master=without(MASTER, BOTH))),
    "a peak that is 12 % too low": (
        "1.27",
        lambda: stream(master=instead(MASTER, "INF:BANDWIDTH=100000", "INF:BANDWIDTH=89000", count=1)),
    ),
    "an average that is 12 % too high": (
        "1.26",
        lambda: stream(master=instead(MASTER, "AVERAGE-BANDWIDTH=100000", "AVERAGE-BANDWIDTH=112000", count=1)),
    ),
    "no LANGUAGE": ("8.10", lambda: stream(master=without(MASTER, 'LANGUAGE="und",'))),
    "a group that is not there": (
        "RFC 8216 4.3.4.2",
        lambda: stream(master=instead(MASTER, 'AUDIO="aac"', 'AUDIO="x"')),
    ),
    "no AAC": ("2.3", lambda: stream(master=instead(MASTER, "mp4a.40.2", "Opus"))),
    "HE-AAC at 100 kbit/s": ("2.4", lambda: stream(master=instead(MASTER, "mp4a.40.2", "mp4a.40.5"))),
    "nothing for cellular": (
        "9.21",
        lambda: stream(master=instead(MASTER, "=100000", "=193000"), pieces=(None,) * 3),
    ),
    "a SCORE on one": ("9.19", lambda: stream(master=instead(MASTER, "INF:BAND", "INF:SCORE=1.0,BAND", count=1))),
    "steering without a pathway": (
        "9.18",
        lambda: stream(master=f'{MASTER}#EXT-X-CONTENT-STEERING:SERVER-URI="s.json"\n'),
    ),
    "no TLS": ("12.1", lambda: stream(base="http://music.example/")),
    "no type": ("8.6", lambda: stream(aac=without(MEDIA, "#EXT-X-PLAYLIST-TYPE:VOD\n"))),
    "targets that differ": (
        "8.2",
        lambda: stream(aac=instead(MEDIA, "DURATION:6", "DURATION:7")),
    ),
    "a segment that is too long": (
        "7.7",
        lambda: stream(**dict.fromkeys(("aac", "flac"), instead(MEDIA, "6.000000", "6.600000")), pieces=(None,) * 3),
    ),
    "a longer variant": ("8.3", lambda: stream(flac=instead(MEDIA, "6.000000,\n2", "6.100000,\n2"))),
    "EXTINF that are not true": (
        "8.1",
        lambda: stream(pieces=(piece(0), piece(6), piece(0, Fraction(32, 5)))),
    ),
    "a gap in the timestamps": ("7.3", lambda: stream(pieces=(piece(0), piece(Fraction(601, 100)), piece(0)))),
    "joins at different places": (
        "8.15",
        lambda: stream(flac=instead(instead(MEDIA, "6.000000,\n1", "5.000000,\n1"), "6.000000,\n2", "7.000000,\n2")),
    ),
    "a join less": ("8.15", lambda: stream(flac=without(MEDIA, "#EXT-X-DISCONTINUITY\n"))),
    "no header": ("8.20", lambda: stream(aac=without(MEDIA, '#EXT-X-MAP:URI="header.mp4"\n'))),
    "packed FLAC": (
        "2.25",
        lambda: stream(flac=instead(without(MEDIA, '#EXT-X-MAP:URI="header.mp4"\n'), ".m4s", ".flac")),
    ),
    "xHE-AAC without independence": ("8.23", lambda: stream(master=instead(MASTER, "fLaC", "mp4a.40.42"))),
    "counter mode": (
        "13.11",
        lambda: stream(aac=instead(MEDIA, "#EXTINF", '#EXT-X-KEY:METHOD=SAMPLE-AES-CTR,URI="k"\n#EXTINF', count=1)),
    ),
    "FairPlay of whole segments": (
        "13.2",
        lambda: stream(
            aac=instead(
                MEDIA,
                "#EXTINF",
                '#EXT-X-KEY:METHOD=AES-128,URI="skd://k",KEYFORMAT="com.apple.streamingkeydelivery"\n#EXTINF',
                count=1,
            )
        ),
    ),
    "no target": ("RFC 8216 4.3.3.1", lambda: stream(aac=without(MEDIA, "#EXT-X-TARGETDURATION:6\n"))),
    "plain text": (
        "RFC 8216 4",
        lambda: stream(answer=Response(content_type="text/plain", content_encoding="gzip", redirected=False)),
    ),
    "no compression": (
        "10.1",
        lambda: stream(
            answer=Response(content_type="application/vnd.apple.mpegurl", content_encoding=None, redirected=False)
        ),
    ),
    "a redirect": (
        "8.18",
        lambda: stream(
            answer=Response(content_type="application/vnd.apple.mpegurl", content_encoding="gzip", redirected=True)
        ),
    ),
    "a lost segment": ("7.1", lambda: stream(unread=(Unread(url=f"{BASE}1.m4s", cause="the server answers 404"),))),
}


@pytest.mark.parametrize("name", BREAKING)
def test_finds(name: str) -> None:
    rule, build = BREAKING[name]
    assert rule in broken(build())


def test_another_target_than_six_seconds_is_advice() -> None:
    findings = judge(stream(**dict.fromkeys(("aac", "flac"), instead(MEDIA, "DURATION:6", "DURATION:7"))))
    assert {(finding.rule, finding.severity) for finding in findings} == {("7.5", Severity.SHOULD)}


def test_a_peak_over_twice_the_average_is_found() -> None:
    quiet = piece(0, byte_length=10_000)
    found = stream(pieces=(quiet, piece(6, byte_length=75_000), quiet))
    assert "1.30" in broken(found)


def test_audio_beside_the_variant_counts_into_its_bandwidth() -> None:
    master = instead(MASTER, 'CHANNELS="2"', 'URI="more.m3u8"', count=1)
    with_more = stream(master=master)
    more = f"{BASE}more.m3u8"
    medias = {**with_more.medias, more: playlist.read(MEDIA, more)}
    found = Stream(
        multivariant=with_more.multivariant,
        medias=medias,
        responses=with_more.responses,
        pieces={**with_more.pieces, more: PIECES},
    )
    assert sorted(broken(found)) == ["1.26", "1.27"]


def test_every_rule_is_broken_by_some_stream_here() -> None:
    """A rule that no test can make speak would say nothing in the field either."""
    streams = [build() for _, build in BREAKING.values()]
    streams.append(stream(pieces=(piece(0, byte_length=1), piece(6), piece(0, byte_length=1))))
    assert [rule.__name__ for rule in RULES if not any(list(rule(each)) for each in streams)] == []


def test_a_peak_is_measured_over_half_to_one_and_a_half_targets() -> None:
    text = instead(MEDIA, "6.000000,\n1", "1.000000,\n1")
    pieces = (piece(0), piece(6, 1, byte_length=50_000), piece(0))
    measured = rates(playlist.read(text, f"{BASE}aac.m3u8"), pieces)
    assert measured is not None
    assert measured.average_bps == Fraction(8 * 200_000, 13)
    assert measured.peak_bps == Fraction(8 * 125_000, 7)  # the second alone would be 400 kbit/s, and is too short

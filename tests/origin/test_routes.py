from uuid import UUID

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from origin.errors import Refused
from origin.routes import (
    DashManifest,
    Header,
    MasterPlaylist,
    MediaPlaylist,
    MediaSegment,
    Route,
    WholeFile,
    parse,
)

ASSET = "0192f3a0-7c1e-7b4a-9d55-3f1c2b7a6e01"
TOKEN = "s1.k1.1800000000.fqRXEN9u7_ur2STJCi9Ks7lFi1SNK0p1REjVO0pvkpA"
BASE = f"/{TOKEN}/assets/{ASSET}/3"


@pytest.mark.parametrize(
    ("name", "file"),
    [
        ("master.m3u8", MasterPlaylist()),
        ("manifest.mpd", DashManifest()),
        ("aac-160.m3u8", MediaPlaylist("aac-160")),
        ("flac.m3u8", MediaPlaylist("flac")),
        ("aac-160/header.mp4", Header("aac-160")),
        ("aac-160/0.m4s", MediaSegment("aac-160", 0)),
        ("aac-160/123456789.m4s", MediaSegment("aac-160", 123_456_789)),
        ("aac-160.m4a", WholeFile("aac-160.m4a")),
        ("flac.flac", WholeFile("flac.flac")),
        ("mp3-320.mp3", WholeFile("mp3-320.mp3")),
        ("vorbis-96.ogg", WholeFile("vorbis-96.ogg")),
    ],
)
def test_takes_a_path_apart(name, file) -> None:
    wanted = Route(token=TOKEN, asset_id=UUID(ASSET), revision=3, file=file)
    assert parse(f"{BASE}/{name}".encode()) == wanted


REFUSED = {
    "nothing": "",
    "the root": "/",
    "an asterisk": "*",
    "no token": f"/assets/{ASSET}/3/master.m3u8",
    "a token alone": f"/{TOKEN}",
    "a directory": f"{BASE}/",
    "a directory without its slash": BASE,
    "a slash at the end": f"{BASE}/master.m3u8/",
    "a double slash at the start": f"/{BASE}/master.m3u8",
    "a double slash in the middle": f"/{TOKEN}//assets/{ASSET}/3/master.m3u8",
    "a double slash before the file": f"{BASE}//master.m3u8",
    "a climb": f"{BASE}/../3/master.m3u8",
    "a climb out of the token": f"/{TOKEN}/../assets/{ASSET}/3/master.m3u8",
    "a climb at the end": f"{BASE}/aac-160/..",
    "a dot component": f"{BASE}/./master.m3u8",
    "an encoded climb": f"{BASE}/%2e%2e/3/master.m3u8",
    "a half-encoded climb": f"{BASE}/.%2E/3/master.m3u8",
    "an encoded slash": f"{BASE}%2fmaster.m3u8",
    "an encoded letter": f"{BASE}/%6daster.m3u8",
    "a doubly encoded dot": f"{BASE}/%252e%252e/master.m3u8",
    "a backslash": f"{BASE}/aac-160\\header.mp4",
    "an encoded backslash": f"{BASE}/aac-160%5cheader.mp4",
    "a null": f"{BASE}/master.m3u8\0",
    "a newline": f"{BASE}/master.m3u8\n",
    "a question mark": f"{BASE}/master.m3u8?",
    "a semicolon": f"{BASE}/master.m3u8;v=1",
    "a capital UUID": f"/{TOKEN}/assets/{ASSET.upper()}/3/master.m3u8",
    "a UUID without hyphens": f"/{TOKEN}/assets/{ASSET.replace('-', '')}/3/master.m3u8",
    "revision zero": f"/{TOKEN}/assets/{ASSET}/0/master.m3u8",
    "a revision with a leading zero": f"/{TOKEN}/assets/{ASSET}/03/master.m3u8",
    "a revision of ten digits": f"/{TOKEN}/assets/{ASSET}/1234567890/master.m3u8",
    "an index with a leading zero": f"{BASE}/aac-160/01.m4s",
    "a negative index": f"{BASE}/aac-160/-1.m4s",
    "an index in words": f"{BASE}/aac-160/first.m4s",
    "a rendition in capitals": f"{BASE}/AAC-160.m3u8",
    "a rendition that ends in a hyphen": f"{BASE}/aac-.m3u8",
    "an unknown file": f"{BASE}/asset.json",
    "the track file": f"{BASE}/aac-160.mp4",
    "a whole file in another container": f"{BASE}/vorbis-96.oga",
    "a whole file in a directory": f"{BASE}/vorbis-96/vorbis-96.ogg",
    "the loudness blocks": f"{BASE}/loudness.blocks",
    "another top directory": f"/{TOKEN}/uploads/{ASSET}/3/master.m3u8",
    "two tokens": f"/{TOKEN}{BASE}/master.m3u8",
    "513 bytes": f"{BASE}/{'a' * (513 - len(BASE) - 6)}.m3u8",
    "letters outside of ASCII": f"{BASE}/mäster.m3u8",
}


@pytest.mark.parametrize("path", REFUSED.values(), ids=REFUSED.keys())
def test_refuses_another_shape(path: str) -> None:
    with pytest.raises(Refused) as raised:
        parse(path.encode())
    assert raised.value.reason.startswith("path_")


def test_takes_a_path_of_512_bytes() -> None:
    path = f"{BASE}/{'a' * (512 - len(BASE) - 6)}.m3u8"
    assert isinstance(parse(path.encode()).file, MediaPlaylist)


@settings(deadline=None)  # processors are shared with the services of other tests
@given(st.binary(max_size=600))
def test_any_bytes_are_refused_by_our_error(raw: bytes) -> None:
    with pytest.raises(Refused):
        parse(raw)


pieces = st.sampled_from([
    b"/", b"//", b".", b"..", b"%2e", b"%2f", b"\\", TOKEN.encode(), b"assets", ASSET.encode(), b"1", b"0", b"03",
    b"master.m3u8", b"manifest.mpd", b"aac-160", b".m3u8", b".m4a", b"header.mp4", b"7.m4s", b"?", b"\xc3\xa9",
])  # fmt: skip


@settings(deadline=None)  # processors are shared with the services of other tests
@given(st.lists(pieces, max_size=16).map(b"".join) | st.just(f"{BASE}/aac-160/7.m4s".encode()))
def test_a_value_or_our_error_and_one_spelling_for_each_value(raw: bytes) -> None:
    try:
        route = parse(raw)
    except Refused:
        return
    assert raw == spelled(route)


def spelled(route: Route) -> bytes:
    names = {
        MasterPlaylist: lambda _: "master.m3u8",
        DashManifest: lambda _: "manifest.mpd",
        MediaPlaylist: lambda file: f"{file.rendition}.m3u8",
        Header: lambda file: f"{file.rendition}/header.mp4",
        MediaSegment: lambda file: f"{file.rendition}/{file.index}.m4s",
        WholeFile: lambda file: file.name,
    }
    name = names[type(route.file)](route.file)
    return f"/{route.token}/assets/{route.asset_id}/{route.revision}/{name}".encode()

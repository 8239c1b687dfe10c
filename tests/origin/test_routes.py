from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from origin.errors import Refused
from origin.protection.scheme import Scheme
from origin.routes import (
    DashManifest,
    Header,
    HlsKey,
    License,
    MasterPlaylist,
    MediaPlaylist,
    MediaSegment,
    PresentationRoute,
    Route,
    WholeFile,
    parse,
)
from origin.running_order import Place, spell

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
        ("keys/cbcs/0.key", HlsKey(Scheme.CBCS, 0)),
        ("keys/aes128/12.key", HlsKey(Scheme.AES_128, 12)),
        ("license", License()),
    ],
)
def test_takes_a_path_apart(name, file) -> None:
    wanted = Route(token=TOKEN, asset_id=UUID(ASSET), revision=3, file=file)
    assert parse(f"{BASE}/{name}".encode()) == wanted
    assert wanted.is_protected == isinstance(file, HlsKey | License)


@pytest.mark.parametrize("scheme", Scheme)
@pytest.mark.parametrize(
    ("name", "file"),
    [
        ("master.m3u8", MasterPlaylist()),
        ("manifest.mpd", DashManifest()),
        ("aac-160.m3u8", MediaPlaylist("aac-160")),
        ("aac-160/header.mp4", Header("aac-160")),
        ("aac-160/7.m4s", MediaSegment("aac-160", 7)),
    ],
)
def test_takes_the_path_of_a_protected_file_apart(name, file, scheme) -> None:
    wanted = Route(token=TOKEN, asset_id=UUID(ASSET), revision=3, scheme=scheme, file=file)
    assert parse(f"{BASE}/{scheme.value}/{name}".encode()) == wanted
    assert wanted.is_protected


ORDER = "AZLzoHwee0qdVT8cK3puAQ.3.AZLzoHwee0qdVT8cK3puAg.12"
PRESENTATION = f"/{TOKEN}/presentations/{ORDER}"


@pytest.mark.parametrize(
    ("name", "file"),
    [
        ("master.m3u8", MasterPlaylist()),
        ("manifest.mpd", DashManifest()),
        ("aac-160.m3u8", MediaPlaylist("aac-160")),
    ],
)
def test_takes_the_path_of_several_tracks_apart(name, file) -> None:
    tracks = (Place(UUID(ASSET), 3), Place(UUID("0192f3a0-7c1e-7b4a-9d55-3f1c2b7a6e02"), 12))
    for scheme in (None, *Scheme):
        wanted = PresentationRoute(token=TOKEN, order=tracks, scheme=scheme, file=file)
        folder = PRESENTATION if scheme is None else f"{PRESENTATION}/{scheme.value}"
        assert parse(f"{folder}/{name}".encode()) == wanted


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
    "a whole file in a scheme": f"{BASE}/cbcs/vorbis-96.ogg",
    "a key in a scheme": f"{BASE}/cbcs/keys/cbcs/0.key",
    "a licence in a scheme": f"{BASE}/cenc/license",
    "a scheme in a scheme": f"{BASE}/cbcs/cbcs/master.m3u8",
    "an unknown scheme": f"{BASE}/cens/master.m3u8",
    "a scheme in capitals": f"{BASE}/CBCS/master.m3u8",
    "a key of an unknown scheme": f"{BASE}/keys/cens/0.key",
    "a key without a scheme": f"{BASE}/keys/0.key",
    "a period with a leading zero": f"{BASE}/keys/cbcs/00.key",
    "something behind a licence": f"{BASE}/license/1",
    "another top directory": f"/{TOKEN}/uploads/{ASSET}/3/master.m3u8",
    "two tokens": f"/{TOKEN}{BASE}/master.m3u8",
    "513 bytes": f"{BASE}/{'a' * (513 - len(BASE) - 6)}.m3u8",
    "a segment of several tracks": f"{PRESENTATION}/aac-160/0.m4s",
    "a header of several tracks": f"{PRESENTATION}/aac-160/header.mp4",
    "a whole file of several tracks": f"{PRESENTATION}/aac-160.m4a",
    "several tracks without a file": f"{PRESENTATION}/",
    "several tracks in an unknown scheme": f"{PRESENTATION}/rot13/master.m3u8",
    "the key of several tracks": f"{PRESENTATION}/keys/cbcs/0.key",
    "no tracks": f"/{TOKEN}/presentations/master.m3u8",
    "a track without a revision": f"/{TOKEN}/presentations/AZLzoHwee0qdVT8cK3puAQ/master.m3u8",
    "a track in a second spelling": f"/{TOKEN}/presentations/AZLzoHwee0qdVT8cK3puAR.3/master.m3u8",
    "101 tracks": f"/{TOKEN}/presentations/{'.'.join(['AZLzoHwee0qdVT8cK3puAQ.3'] * 101)}/master.m3u8",
    "a presentation below an asset": f"{BASE}/presentations/{ORDER}/master.m3u8",
    "4097 bytes": f"{PRESENTATION}/{'a' * (4097 - len(PRESENTATION) - 6)}.m3u8",
    "letters outside of ASCII": f"{BASE}/mäster.m3u8",
}


@pytest.mark.parametrize("path", REFUSED.values(), ids=REFUSED.keys())
def test_refuses_another_shape(path: str) -> None:
    with pytest.raises(Refused) as raised:
        parse(path.encode())
    assert raised.value.reason.startswith("path_")


def test_takes_the_path_of_a_hundred_tracks() -> None:
    order = ".".join(["AZLzoHwee0qdVT8cK3puAQ.123456789"] * 100)
    assert len(parse(f"/{TOKEN}/presentations/{order}/master.m3u8".encode()).order) == 100


def test_takes_a_path_of_512_bytes() -> None:
    path = f"{BASE}/{'a' * (512 - len(BASE) - 6)}.m3u8"
    assert isinstance(parse(path.encode()).file, MediaPlaylist)


@given(st.binary(max_size=600))
def test_any_bytes_are_refused_by_our_error(raw: bytes) -> None:
    with pytest.raises(Refused):
        parse(raw)


pieces = st.sampled_from([
    b"/", b"//", b".", b"..", b"%2e", b"%2f", b"\\", TOKEN.encode(), b"assets", ASSET.encode(), b"1", b"0", b"03",
    b"presentations", ORDER.encode(), b"AZLzoHwee0qdVT8cK3puAR", b"cbcs", b"master.m3u8", b"manifest.mpd", b"aac-160",
    b".m3u8", b".m4a", b"header.mp4", b"7.m4s", b"keys", b"7.key", b"license", b"?", b"\xc3\xa9",
])  # fmt: skip


@given(
    st.lists(pieces, max_size=16).map(b"".join)
    | st.sampled_from([f"{BASE}/aac-160/7.m4s".encode(), f"{PRESENTATION}/cbcs/master.m3u8".encode()])
)
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
        HlsKey: lambda file: f"keys/{file.scheme.value}/{file.period}.key",
        License: lambda _: "license",
    }
    name = names[type(route.file)](route.file)
    name = name if route.scheme is None else f"{route.scheme.value}/{name}"
    if isinstance(route, PresentationRoute):
        return f"/{route.token}/presentations/{spell(route.order)}/{name}".encode()
    return f"/{route.token}/assets/{route.asset_id}/{route.revision}/{name}".encode()

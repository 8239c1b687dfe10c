"""shaka-packager beside the origin: the same track files and the same key make the same boxes and the same signalling.

It comes from npm, pinned in tests/e2e/players (`npm ci` there installs it), and is run once a scheme for all codecs.
Where it cuts is its own business, so samples are compared over the whole track.
"""

import platform
import re
import subprocess
import xml.etree.ElementTree as ET
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

import pytest

from origin import dash, hls
from origin.asset import Codec
from origin.presentation import Track
from origin.protection.clear_key import signalling
from origin.protection.headers import protect_header
from origin.protection.keys import content_of
from origin.protection.pssh import common_pssh
from origin.protection.scheme import Scheme
from origin.protection.segments import first_vector, protect_segment

ROOT = Path(__file__).parents[3]
BINARIES = {("Linux", "x86_64"): "linux-x64", ("Linux", "aarch64"): "linux-arm64", ("Darwin", "arm64"): "osx-arm64"}
BINARY = (
    ROOT
    / "tests/e2e/players/node_modules/shaka-packager/bin"
    / (f"packager-{BINARIES.get((platform.system(), platform.machine()), 'none')}")
)
COMMON = [Scheme.CBCS, Scheme.CENC]
CODECS = [Codec.AAC, Codec.OPUS, Codec.FLAC]

ENTRY = "moov/trak/mdia/minf/stbl/stsd/enca"
MP4_PROTECTION = "urn:mpeg:dash:mp4protection:2011"
MPD = "{urn:mpeg:dash:schema:mpd:2011}"

pytestmark = pytest.mark.skipif(
    not BINARY.is_file(), reason="shaka-packager is not installed for this machine (npm ci in tests/e2e/players)"
)


class Packaged(NamedTuple):
    """What shaka-packager made of one scheme, below `folder`."""

    folder: Path

    def header(self, codec: Codec) -> bytes:
        return (self.folder / f"{codec.value}-init.mp4").read_bytes()

    def segments(self, codec: Codec) -> list[bytes]:
        count = len(list(self.folder.glob(f"{codec.value}-*.m4s")))
        return [(self.folder / f"{codec.value}-{number}.m4s").read_bytes() for number in range(1, count + 1)]

    def text(self, name: str) -> str:
        return (self.folder / name).read_text()


def run(*arguments: str) -> None:
    told = subprocess.run([str(BINARY), *arguments], capture_output=True, check=False, timeout=300)
    assert told.returncode == 0, told.stderr.decode()


@pytest.fixture(scope="module")
def theirs(tracks, content_keys, tmp_path_factory) -> Callable[[Scheme], Packaged]:
    made: dict[Scheme, Packaged] = {}

    def packaged(scheme: Scheme) -> Packaged:
        if scheme not in made:
            made[scheme] = package(scheme, tracks, content_keys[0], tmp_path_factory.mktemp(scheme.value))
        return made[scheme]

    return packaged


def package(scheme: Scheme, tracks, key, folder: Path) -> Packaged:
    streams = []
    for codec in CODECS:
        name = folder / codec.value
        Path(f"{name}.mp4").write_bytes(tracks[codec].header + b"".join(tracks[codec].segments))
        output = f"init_segment={name}-init.mp4,segment_template={name}-$Number$.m4s,playlist_name={codec.value}.m3u8"
        streams.append(f"in={name}.mp4,stream=audio,{output}")
    vector = key.iv if scheme is Scheme.CBCS else key.iv[:8]
    run(
        *streams,
        *("--segment_duration", "4", "--clear_lead", "0", "--protection_scheme", scheme.value),
        *("--enable_raw_key_encryption", "--protection_systems", "Common"),
        *("--keys", f"key_id={key.key_id.hex}:key={key.key.hex()}", "--iv", vector.hex(), "--hls_key_uri", "0.key"),
        *("--mpd_output", f"{folder}/manifest.mpd", "--hls_master_playlist_output", f"{folder}/master.m3u8"),
    )
    return Packaged(folder)


class Ours(NamedTuple):
    header: bytes
    segments: list[bytes]


@pytest.fixture
def ours(tracks, content_keys) -> Callable[[Scheme, Codec], Ours]:
    key = content_keys[0]

    def protected(scheme: Scheme, codec: Codec) -> Ours:
        header, segments = tracks[codec]
        return Ours(
            protect_header(header, scheme=scheme, key=key, pssh=[common_pssh([key.key_id])]),
            [
                protect_segment(
                    segment,
                    scheme=scheme,
                    key=key,
                    header_key=key,
                    first_iv=first_vector(rendition_number=0, index=index),
                )
                for index, segment in enumerate(segments)
            ],
        )

    return protected


@pytest.mark.parametrize("scheme", COMMON)
@pytest.mark.parametrize("codec", CODECS)
def test_headers_have_the_same_boxes(ours, theirs, read, codec, scheme) -> None:
    mine, other = ours(scheme, codec).header, theirs(scheme).header(codec)
    # It adds a box of ID3 with its own name, and leaves out an edit list that takes nothing away, as FLAC's does.
    differing = {"moov/meta", "moov/trak/edts", "moov/trak/edts/elst"}
    assert {box.path for box in read.walked(other)} ^ {box.path for box in read.walked(mine)} <= differing
    for path in (f"{ENTRY}/sinf", "moov/pssh"):
        assert read.content_of(mine, path) == read.content_of(other, path)


@pytest.mark.parametrize("scheme", COMMON)
@pytest.mark.parametrize("codec", CODECS)
def test_segments_have_the_same_boxes_in_the_same_order(ours, theirs, read, codec, scheme) -> None:
    # `styp` and `sidx` say what the manifest says; ours leave them out.
    expected = [
        [box.path for box in read.walked(each) if box.path not in ("styp", "sidx")]
        for each in theirs(scheme).segments(codec)
    ]
    found = [[box.path for box in read.walked(each)] for each in ours(scheme, codec).segments]
    assert {tuple(paths) for paths in found} == {tuple(paths) for paths in expected}


@pytest.mark.parametrize("codec", CODECS)
def test_samples_in_cbcs_are_encrypted_alike(ours, theirs, read, codec) -> None:
    found = [sample for segment in ours(Scheme.CBCS, codec).segments for sample in read.stored_samples(segment)]
    assert found == [sample for segment in theirs(Scheme.CBCS).segments(codec) for sample in samples(read, segment)]


@pytest.mark.parametrize("codec", CODECS)
def test_vectors_of_cenc_are_told_alike(ours, theirs, read, codec) -> None:
    """The vectors themselves are anybody's choice; how long they are, and that no sample goes without, is not."""
    assert vectors(read, ours(Scheme.CENC, codec).segments) == vectors(read, theirs(Scheme.CENC).segments(codec))


def vectors(read, segments: list[bytes]) -> tuple[int, set[str], int]:
    """How many samples have one, with which fields before it, and how many bytes all of them take."""
    boxes = [read.content_of(segment, "moof/traf/senc") for segment in segments]
    sizes = {read.content_of(segment, "moof/traf/saiz")[:5].hex() for segment in segments}
    return sum(int.from_bytes(box[4:8]) for box in boxes), sizes, sum(len(box) - 8 for box in boxes)


@pytest.mark.parametrize("scheme", COMMON)
@pytest.mark.parametrize("codec", CODECS)
def test_it_decrypts_ours_to_the_stored_samples(ours, decrypted, stored, codec, scheme) -> None:
    assert decrypted(ours(scheme, codec)) == stored(codec)


@pytest.fixture
def stored(tracks, read) -> Callable[[Codec], list[bytes]]:
    return lambda codec: [each for segment in tracks[codec].segments for each in read.stored_samples(segment)]


@pytest.fixture
def decrypted(content_keys, read, tmp_path) -> Callable[[Ours], list[bytes]]:
    """The samples that shaka-packager finds with the key."""
    key = content_keys[0]

    def packets(track: Ours) -> list[bytes]:
        (tmp_path / "in.mp4").write_bytes(track.header + b"".join(track.segments))
        output = f"init_segment={tmp_path}/aac-init.mp4,segment_template={tmp_path}/aac-$Number$.m4s"
        run(
            f"in={tmp_path}/in.mp4,stream=audio,{output}",
            *("--segment_duration", "4", "--enable_raw_key_decryption"),
            *("--keys", f"key_id={key.key_id.hex}:key={key.key.hex()}"),
        )
        return [each for segment in Packaged(tmp_path).segments(Codec.AAC) for each in samples(read, segment)]

    return packets


def samples(read, segment: bytes) -> list[bytes]:
    """Without the boxes that ours do not have, from which nothing is counted."""
    return read.stored_samples(segment[next(box.start for box in read.walked(segment) if box.path == "moof") :])


@pytest.mark.parametrize("scheme", COMMON)
def test_manifests_signal_the_key_alike(make_asset, make_rendition, content_keys, theirs, scheme) -> None:
    asset, key = make_asset(make_rendition("aac", ticks=(176_400,))), content_keys[0]
    track = Track(asset=asset, signalling=signalling(content_of(asset, scheme, None), [key]))
    mine, other = hls.media_playlist([track], "aac").decode(), theirs(scheme).text("aac.m3u8")
    assert key_tag(mine, "../keys/" + scheme.value + "/0.key") == key_tag(other, "0.key")
    assert order(mine) == order(other) == ["EXT-X-MAP", "EXT-X-KEY"]
    found = protections(dash.manifest([track]).decode())
    assert (
        found == {(MP4_PROTECTION, scheme.value, str(key.key_id))} == protections(theirs(scheme).text("manifest.mpd"))
    )


def key_tag(playlist: str, uri: str) -> dict[str, str]:
    """The attributes of the tag that has the key's address; without a format it is `identity` (RFC 8216, 4.3.2.4)."""
    (line,) = re.findall(f'#EXT-X-KEY:(.*URI="{re.escape(uri)}".*)', playlist)
    attributes = dict(re.findall(r'([A-Z]+)=("[^"]*"|[^,]*)', line))
    return {"KEYFORMAT": '"identity"', **attributes, "URI": ""}


def order(playlist: str) -> list[str]:
    return list(dict.fromkeys(re.findall(r"#(EXT-X-(?:MAP|KEY))", playlist)))


def protections(manifest: str) -> set[tuple[str | None, ...]]:
    """Of the element that names scheme and key; the others are of key systems, which differ."""
    elements = ET.fromstring(manifest).iter(f"{MPD}ContentProtection")
    names = ("schemeIdUri", "value", "{urn:mpeg:cenc:2013}default_KID")
    return {tuple(map(each.get, names)) for each in elements if each.get("schemeIdUri") == MP4_PROTECTION}

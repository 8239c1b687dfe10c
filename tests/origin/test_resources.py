import gzip
from uuid import UUID

import brotli
import msgspec
import pytest

from origin import resources
from origin.encodings import Coding
from origin.errors import NotThere, Refused
from origin.ranges import Span
from origin.reads.block import Block
from origin.resources import Media, Written
from origin.routes import DashManifest, Header, MasterPlaylist, MediaPlaylist, MediaSegment
from origin.selection import EVERYTHING, Selection

DIGESTS = {None: "a" * 32, 0: "0" * 32, 1: "1" * 32, 2: "2" * 32}
SPANS = {
    None: Span(start=0, length=700),
    0: Span(start=700, length=5000),
    1: Span(start=5700, length=6000),
    2: Span(start=11_700, length=3000),
}


@pytest.fixture
def asset(make_asset, make_rendition):
    lengths = (5000, 6000, 3000)
    return make_asset(
        make_rendition(
            "aac-160",
            ticks=(176_128,) * 3,
            header_byte_length=700,
            header_sha256=DIGESTS[None],
            segment_bytes=lengths,
            segment_sha256=tuple(DIGESTS[index] for index in range(3)),
            sha256="ab" * 32,
        ),
        make_rendition("flac", ticks=(176_128,) * 3, sha256="cd" * 32),
    )


def resolve(asset, file, *, selection=EVERYTHING, coding=None):
    return resources.resolve(asset, file, selection=selection, manifest_max_age_s=20, coding=coding)


@pytest.mark.parametrize(
    ("file", "blocks", "etag", "content_type"),
    [
        (Header("aac-160"), (None, 0), "header", "audio/mp4"),
        (MediaSegment("aac-160", 0), (0, 1), "0", "video/iso.segment"),
        (MediaSegment("aac-160", 2), (2,), "2", "video/iso.segment"),
    ],
    ids=["header", "first segment", "last segment"],
)
def test_stored_bytes_are_immutable_and_named_by_the_track_file(asset, file, blocks, etag, content_type) -> None:
    resource = resolve(asset, file)
    key = f"assets/{asset.asset_id}/3/aac-160.mp4"
    assert resource.body == Media(*(Block(key=key, span=SPANS[place], sha256=DIGESTS[place]) for place in blocks))
    assert resource.etag == f'"{"ab" * 16}-{etag}"'
    assert resource.headers["cache-control"] == "public, max-age=31536000, immutable"
    assert resource.content_type == content_type
    assert "vary" not in resource.headers


def test_compression_is_for_manifests_alone(asset) -> None:
    assert resolve(asset, MediaSegment("flac", 0), coding=Coding.GZIP) == resolve(asset, MediaSegment("flac", 0))


@pytest.mark.parametrize(
    ("file", "content_type"),
    [
        (MasterPlaylist(), "application/vnd.apple.mpegurl"),
        (MediaPlaylist("flac"), "application/vnd.apple.mpegurl"),
        (DashManifest(), "application/dash+xml"),
    ],
    ids=["master playlist", "media playlist", "MPD"],
)
def test_manifests_live_for_seconds_and_vary(asset, file, content_type) -> None:
    plain, gzipped, dense = (resolve(asset, file, coding=coding) for coding in (None, Coding.GZIP, Coding.BROTLI))
    for resource in (plain, gzipped, dense):
        assert resource.content_type == content_type
        assert resource.headers["cache-control"] == (
            "public, max-age=20, stale-while-revalidate=30, stale-if-error=3600"
        )
        assert resource.headers["vary"] == "Accept-Encoding"
        assert isinstance(resource.body, Written)
    assert gzip.decompress(gzipped.body.content) == plain.body.content
    assert brotli.decompress(dense.body.content) == plain.body.content
    assert gzipped.etag == f'{plain.etag[:-1]}-gzip"'
    assert dense.etag == f'{plain.etag[:-1]}-br"'


@pytest.mark.parametrize("file", [MediaSegment("flac", 0), MasterPlaylist()], ids=["segment", "manifest"])
def test_caches_learn_what_an_answer_is_of(asset, file) -> None:
    bare = f"asset-{asset.asset_id}"
    assert resolve(asset, file).headers["surrogate-key"] == resolve(asset, file).headers["cache-tag"] == bare
    artist, album = UUID(int=1), UUID(int=2)
    owned = resolve(msgspec.structs.replace(asset, artist_id=artist, album_id=album), file).headers
    assert owned["surrogate-key"] == f"{bare} artist-{artist} album-{album}"
    assert owned["cache-tag"] == f"{bare},artist-{artist},album-{album}"


def test_etags_follow_from_the_content(asset, make_asset, make_rendition) -> None:
    other = make_asset(make_rendition("aac-160", ticks=(1000,), sha256="ef" * 32))
    for file in (Header("aac-160"), MediaSegment("aac-160", 0), MasterPlaylist(), DashManifest()):
        assert resolve(asset, file).etag == resolve(asset, file).etag
    for file in (Header("aac-160"), MediaSegment("aac-160", 0), MediaPlaylist("aac-160"), DashManifest()):
        assert resolve(asset, file).etag != resolve(other, file).etag


def test_every_file_of_an_asset_has_an_etag_of_its_own(asset) -> None:
    files = [MasterPlaylist(), DashManifest()]
    for name in ("aac-160", "flac"):
        files += [MediaPlaylist(name), Header(name), *(MediaSegment(name, index) for index in range(3))]
    assert len({resolve(asset, file).etag for file in files}) == 12


@pytest.mark.parametrize(
    "file",
    [MediaPlaylist("opus"), Header("opus"), MediaSegment("opus", 0), MediaSegment("flac", 3)],
    ids=["playlist of no rendition", "header of no rendition", "segment of no rendition", "segment behind the last"],
)
def test_what_is_not_in_the_asset_is_not_there(asset, file) -> None:
    with pytest.raises(NotThere):
        resolve(asset, file)


@pytest.mark.parametrize(
    "file",
    [MediaPlaylist("flac"), Header("flac"), MediaSegment("flac", 0)],
    ids=["its playlist", "its header", "a segment of it"],
)
def test_a_rendition_outside_of_the_selection_is_refused(asset, file) -> None:
    with pytest.raises(Refused, match="terms"):
        resolve(asset, file, selection=Selection(codecs=frozenset({"aac"})))
    resolve(asset, file, selection=Selection(codecs=frozenset({"flac"})))


def test_manifests_list_what_the_selection_allows(asset) -> None:
    for file in (MasterPlaylist(), DashManifest()):
        everything = resolve(asset, file).body.content
        narrowed = resolve(asset, file, selection=Selection(codecs=frozenset({"flac"}))).body.content
        assert b"aac-160" in everything
        assert b"aac-160" not in narrowed
        assert b"flac" in narrowed


def test_media_playlists_are_the_same_for_whoever_may_have_them(asset) -> None:
    narrow = Selection(codecs=frozenset({"aac"}))
    assert resolve(asset, MediaPlaylist("aac-160"), selection=narrow) == resolve(asset, MediaPlaylist("aac-160"))

import gzip

import pytest

from origin import resources
from origin.errors import NotThere
from origin.ranges import Span
from origin.resources import Stored, Written
from origin.routes import DashManifest, Header, MasterPlaylist, MediaPlaylist, MediaSegment


@pytest.fixture
def asset(make_asset, make_rendition):
    lengths = (5000, 6000, 3000)
    return make_asset(
        make_rendition("aac-160", ticks=(176_128,) * 3, header_bytes=700, segment_bytes=lengths, sha256="ab" * 32),
        make_rendition("flac", ticks=(176_128,) * 3, codec_string="fLaC", sha256="cd" * 32),
    )


def resolve(asset, file, *, compressed=False):
    return resources.resolve(asset, file, manifest_max_age_s=20, compressed=compressed)


@pytest.mark.parametrize(
    ("file", "span", "etag", "content_type"),
    [
        (Header("aac-160"), Span(start=0, length=700), "header", "audio/mp4"),
        (MediaSegment("aac-160", 0), Span(start=700, length=5000), "0", "video/iso.segment"),
        (MediaSegment("aac-160", 2), Span(start=11_700, length=3000), "2", "video/iso.segment"),
    ],
    ids=["header", "first segment", "last segment"],
)
def test_stored_bytes_are_immutable_and_named_by_the_track_file(asset, file, span, etag, content_type) -> None:
    resource = resolve(asset, file)
    key = f"assets/{asset.asset_id}/3/aac-160.mp4"
    assert resource.body == Stored(key=key, span=span)
    assert resource.etag == f'"{"ab" * 16}-{etag}"'
    assert resource.cache_control == "public, max-age=31536000, immutable"
    assert resource.content_type == content_type
    assert not resource.varies


def test_compression_is_for_manifests_alone(asset) -> None:
    assert resolve(asset, MediaSegment("flac", 0), compressed=True) == resolve(asset, MediaSegment("flac", 0))


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
    plain, compressed = resolve(asset, file), resolve(asset, file, compressed=True)
    assert plain.content_type == compressed.content_type == content_type
    assert plain.cache_control == compressed.cache_control == "public, max-age=20"
    assert plain.varies
    assert compressed.varies
    assert isinstance(plain.body, Written)
    assert isinstance(compressed.body, Written)
    assert (plain.encoding, compressed.encoding) == (None, "gzip")
    assert gzip.decompress(compressed.body.content) == plain.body.content
    assert compressed.etag == f'{plain.etag[:-1]}-gzip"'


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

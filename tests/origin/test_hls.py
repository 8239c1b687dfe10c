"""The playlists as another parser reads them (m3u8 from PyPI)."""

import m3u8
import pytest

from origin import hls


@pytest.fixture
def asset(recording):
    return recording.asset


def test_multivariant_playlist_offers_each_rendition_once_by_codec_and_bandwidth(asset) -> None:
    parsed = m3u8.loads(hls.master_playlist(asset).decode())
    assert parsed.is_variant
    assert parsed.is_independent_segments
    assert not parsed.media
    assert [variant.uri for variant in parsed.playlists] == ["aac-96.m3u8", "aac-320.m3u8", "flac.m3u8"]
    for variant in parsed.playlists:
        rendition = asset.rendition(variant.uri.removesuffix(".m3u8"))
        info = variant.stream_info
        assert info.bandwidth == rendition.peak_bandwidth_bps
        assert info.average_bandwidth == rendition.average_bandwidth_bps
        assert info.average_bandwidth <= info.bandwidth
        assert info.codecs == rendition.codec_string
        assert info.stable_variant_id == rendition.name


def test_media_playlists_list_every_segment_with_its_header(asset) -> None:
    for rendition in asset.renditions:
        parsed = m3u8.loads(hls.media_playlist(asset, rendition).decode())
        assert parsed.playlist_type == "vod"
        assert parsed.is_endlist
        assert parsed.is_independent_segments
        assert parsed.media_sequence == 0
        assert parsed.version == 6
        assert [entry.uri for entry in parsed.segment_map] == [f"{rendition.name}/header.mp4"]
        assert [segment.uri for segment in parsed.segments] == [f"{rendition.name}/{index}.m4s" for index in range(3)]
        assert sum(segment.duration for segment in parsed.segments) * rendition.sample_rate_hz == pytest.approx(
            rendition.sample_count, abs=0.1
        )


def test_all_media_playlists_have_one_target_duration_that_holds(asset) -> None:
    parsed = [m3u8.loads(hls.media_playlist(asset, rendition).decode()) for rendition in asset.renditions]
    assert {playlist.target_duration for playlist in parsed} == {4}
    assert all(round(segment.duration) <= 4 for playlist in parsed for segment in playlist.segments)

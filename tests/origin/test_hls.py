"""The playlists as another parser reads them (m3u8 from PyPI)."""

import m3u8
import pytest

from origin import hls
from origin.errors import NotThere
from origin.presentation import Track


@pytest.fixture
def asset(recording):
    return recording.asset


def master(*assets) -> m3u8.M3U8:
    return m3u8.loads(hls.master_playlist([Track(asset=asset) for asset in assets]).decode())


def media(asset, name: str) -> m3u8.M3U8:
    return m3u8.loads(hls.media_playlist([Track(asset=asset)], name).decode())


def test_multivariant_playlist_offers_each_rendition_once_by_codec_and_bandwidth(asset) -> None:
    parsed = master(asset)
    assert parsed.is_variant
    assert parsed.is_independent_segments
    assert [variant.uri for variant in parsed.playlists] == ["aac-96.m3u8", "aac-320.m3u8", "flac.m3u8"]
    for variant in parsed.playlists:
        rendition = asset.rendition(variant.uri.removesuffix(".m3u8"))
        info = variant.stream_info
        listed = [segment.byte_length * 8 for segment in rendition.segments]
        assert info.average_bandwidth == -(-sum(listed) * 44_100 // rendition.sample_count)
        assert info.average_bandwidth <= info.bandwidth <= rendition.peak_bandwidth_bps * 1.01  # of a shorter time
        assert info.codecs == rendition.codec_string
        assert info.stable_variant_id == rendition.name


def test_media_playlists_list_every_segment_with_its_header(asset) -> None:
    for rendition in asset.renditions:
        parsed = media(asset, rendition.name)
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
    parsed = [media(asset, rendition.name) for rendition in asset.renditions]
    assert {playlist.target_duration for playlist in parsed} == {4}
    assert all(round(segment.duration) <= 4 for playlist in parsed for segment in playlist.segments)


def test_each_codec_has_one_audio_group_that_its_variants_name(asset) -> None:
    parsed = master(asset)
    assert [group.group_id for group in parsed.media] == ["aac-2ch", "flac-2ch"]
    for group in parsed.media:
        assert (group.type, group.uri, group.language, group.channels) == ("AUDIO", None, "und", "2")
        assert (group.default, group.autoselect, group.name) == ("YES", "YES", "Stereo")
        assert group.stable_rendition_id == group.group_id
    assert [variant.stream_info.audio for variant in parsed.playlists] == ["aac-2ch", "aac-2ch", "flac-2ch"]


def test_layouts_of_one_codec_are_two_groups(make_asset, make_rendition) -> None:
    asset = make_asset(
        make_rendition("flac", ticks=(44_100,), channels=6),
        make_rendition("flac-stereo", ticks=(44_100,)),
    )
    assert [(group.group_id, group.channels) for group in master(asset).media] == [("flac-2ch", "2"), ("flac-6ch", "6")]


def test_session_data_say_title_and_figures(asset) -> None:
    data = {entry.data_id: entry.value for entry in master(asset).session_data}
    assert data["com.apple.hls.title"] == asset.title
    aac = asset.rendition("aac-96")
    assert data["segue.gapless.aac-96"] == f"sample_rate=44100 priming=1024 padding=0 samples={aac.sample_count}"
    assert data["segue.loudness.aac-96"] == "integrated_lufs=-14.00 true_peak_dbtp=-1.50 gain_db=0.00"
    assert len(data) == 1 + 2 * len(asset.renditions)


def test_tracks_are_joined_at_the_same_places_in_all_variants(make_asset, make_rendition) -> None:
    def asset(*lengths):
        return make_asset(*(make_rendition(name, ticks=lengths) for name in ("aac-96", "aac-320")))

    album = [Track(asset=asset(176_400, 88_200), base="../a/"), Track(asset=asset(44_100), base="../b/")]
    for name in ("aac-96", "aac-320"):
        parsed = m3u8.loads(hls.media_playlist(album, name).decode())
        assert [segment.discontinuity for segment in parsed.segments] == [False, False, True]
        assert [segment.init_section.uri for segment in parsed.segments] == [
            f"../{place}/{name}/header.mp4" for place in "aab"
        ]
        assert [segment.uri for segment in parsed.segments] == [
            f"../{place}.m4s" for place in (f"a/{name}/0", f"a/{name}/1", f"b/{name}/0")
        ]
        assert [segment.duration for segment in parsed.segments] == [4.0, 2.0, 1.0]


def test_several_tracks_offer_what_all_of_them_have(make_asset, make_rendition) -> None:
    ticks = (441_000,)
    first = make_asset(
        make_rendition("aac-96", ticks=ticks, segment_bytes=(90_000 // 8 * 10,)),
        make_rendition("aac-320", ticks=ticks),
        make_rendition("flac", ticks=ticks),
        make_rendition("opus-96", ticks=ticks),
    )
    second = make_asset(
        make_rendition("aac-96", ticks=(882_000,), segment_bytes=(96_000 // 8 * 20,)),
        make_rendition("flac", ticks=ticks, channels=1),
        make_rendition("opus-96", ticks=ticks, sample_rate_hz=48_000),
    )
    parsed = master(first, second)
    assert [variant.uri for variant in parsed.playlists] == ["aac-96.m3u8", "opus-96.m3u8"]
    info = parsed.playlists[0].stream_info
    assert (info.bandwidth, info.average_bandwidth) == (96_000, 94_000)  # 10 s of 90 and 20 s of 96 kbit/s
    with pytest.raises(NotThere):
        hls.media_playlist([Track(asset=first), Track(asset=second)], "flac")


def test_tracks_without_anything_in_common_are_no_presentation(make_asset, make_rendition) -> None:
    with pytest.raises(NotThere):
        master(
            make_asset(make_rendition("aac-96", ticks=(1000,))),
            make_asset(make_rendition("opus-96", ticks=(1000,))),
        )

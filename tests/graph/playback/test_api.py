from datetime import datetime
from uuid import UUID

import pytest

from graph import ids
from graph.viewer import Role
from origin import asset as assets
from origin import layout
from origin.asset import Asset
from tests import described
from tests.described import whole_file

START = """
mutation($track: ID!) {
  startPlayback(input: {trackId: $track}) {
    playback { id track { id title durationMs } hlsUrl dashUrl expiresAt } userErrors { field code }
  }
}
"""


async def test_start_playback(start_graph, api, add_user, add_track, settings) -> None:
    url = start_graph()
    artist, listener = await add_user(Role.ARTIST), await add_user(Role.LISTENER)
    ready = ids.encode("Track", await add_track(artist, ready=180_000))
    unready = ids.encode("Track", await add_track(artist))

    started = await api(url, listener).data(START, track=ready)
    assert started["userErrors"] == []
    playback = started["playback"]
    assert playback["track"] == {"id": ready, "title": "Tune", "durationMs": 180_000}
    assert playback["hlsUrl"].startswith(f"{settings.media.origin_url}/")
    assert playback["dashUrl"].startswith(f"{settings.media.origin_url}/")
    assert datetime.fromisoformat(playback["expiresAt"]).utcoffset() is not None

    assert await api(url, None).codes(START, track=ready) == ["UNAUTHENTICATED"]
    for track, code in ((unready, "NOT_PLAYABLE"), ("no id", "NOT_FOUND")):
        refused = await api(url, listener).data(START, track=track)
        assert refused == {"playback": None, "userErrors": [{"field": ["trackId"], "code": code}]}


FILES = """
mutation($track: ID!) {
  startPlayback(input: {trackId: $track}) {
    playback {
      hlsUrl
      files { quality url mediaType codec bandwidthBps sampleRateHz channels lossless sizeBytes }
    }
  }
}
"""
EVERY_FILE = {"sampleRateHz": 44_100, "channels": 2, "sizeBytes": 5_000_000_000}


@pytest.fixture
async def stored_track(add_user, add_track, pool, store) -> str:
    """A ready track whose descriptor is in the store."""
    track = await add_track(await add_user(Role.ARTIST), ready=180_000)
    asset_id = await pool.fetchval("SELECT asset_id FROM tracks WHERE id = $1", track)
    content = assets.encode(descriptor(asset_id))
    await store.write(layout.descriptor_key(asset_id, 1), content, content_type="application/json")
    return ids.encode("Track", track)


async def test_playback_names_its_whole_files(start_graph, api, add_user, stored_track) -> None:
    started = await api(start_graph(), await add_user(Role.LISTENER)).data(FILES, track=stored_track)

    directory = started["playback"]["hlsUrl"].removesuffix("master.m3u8")
    assert started["playback"]["files"] == [
        {"quality": "flac", "mediaType": "audio/flac", "codec": "flac", "bandwidthBps": 900_000, "lossless": True}
        | {"url": f"{directory}flac.flac"}
        | EVERY_FILE,
        {"quality": "mp3-320", "mediaType": "audio/mpeg", "codec": "mp3", "bandwidthBps": 320_000, "lossless": False}
        | {"url": f"{directory}mp3-320.mp3"}
        | EVERY_FILE,
    ]


FORM = """
mutation($in: StartPlaybackInput!) {
  startPlayback(input: $in) { playback { hlsUrl dashUrl licenseUrl files { quality } } userErrors { field code } }
}
"""


@pytest.mark.parametrize(
    ("form", "qualities"),
    [
        pytest.param({"codecs": ["MP3", "AAC"]}, ["mp3-320"], id="by codec"),
        pytest.param({"maxBandwidthBps": 320_000}, ["mp3-320"], id="at the ceiling"),
        pytest.param({"maxBandwidthBps": 319_999}, [], id="below all of them"),
        pytest.param({"protection": "NONE"}, ["flac", "mp3-320"], id="all"),
        pytest.param({"protection": "CENC"}, [], id="none is protected"),
    ],
)
async def test_files_are_those_that_the_form_allows(ask, add_user, stored_track, form, qualities) -> None:
    wanted = {"trackId": stored_track, **form}

    started = await ask.data(FORM, await add_user(Role.LISTENER), **{"in": wanted})

    assert [file["quality"] for file in started["playback"]["files"]] == qualities


async def test_a_form_is_the_scheme_of_the_urls_and_the_terms_of_the_token(
    ask, add_user, stored_track, settings
) -> None:
    listener = await add_user(Role.LISTENER)
    form = {"codecs": ["OPUS", "AAC"], "maxBandwidthBps": 160_000}

    async def urls(protection: str) -> list[str | None]:
        wanted = {"trackId": stored_track, "protection": protection, **form}
        playback = (await ask.data(FORM, listener, **{"in": wanted}))["playback"]
        return [playback["hlsUrl"], playback["dashUrl"], playback["licenseUrl"]]

    def says(url: str | None, terms: str, ending: str) -> bool:
        return (
            url is not None
            and url.startswith(f"{settings.media.origin_url}/s2.")
            and terms in url
            and url.endswith(ending)
        )

    clear, cbcs, aes = await urls("NONE"), await urls("CBCS"), await urls("AES_128")

    terms = "codecs-aac-opus_max-160000"
    assert says(clear[0], f".{terms}.", "/1/master.m3u8")
    assert says(cbcs[0], f".{terms}_protected.", "/1/cbcs/master.m3u8")
    assert says(cbcs[1], f".{terms}_protected.", "/1/cbcs/manifest.mpd")
    assert says(cbcs[2], f".{terms}_protected.", "/1/license")
    assert says(aes[0], f".{terms}_protected.", "/1/aes128/master.m3u8")
    assert (clear[2], aes[1], aes[2]) == (None, None, None)


async def test_a_form_that_nothing_can_keep_to_is_refused(ask, add_user, stored_track) -> None:
    listener = await add_user(Role.LISTENER)
    for form, field in (({"codecs": []}, "codecs"), ({"maxBandwidthBps": 0}, "maxBandwidthBps")):
        refused = await ask.data(FORM, listener, **{"in": {"trackId": stored_track, **form}})
        assert refused == {"playback": None, "userErrors": [{"field": [field], "code": "INVALID_VALUE"}]}


async def test_files_that_cannot_be_looked_up_leave_the_manifests(start_graph, api, add_user, add_track) -> None:
    """The row is there, and its descriptor is not: as with a store that is away, the field alone fails."""
    track = ids.encode("Track", await add_track(await add_user(Role.ARTIST), ready=180_000))

    answer = await api(start_graph(), await add_user(Role.LISTENER)).answer(FILES, track=track)

    playback = answer["data"]["startPlayback"]["playback"]
    assert playback["hlsUrl"].endswith("/master.m3u8")
    assert playback["files"] is None
    assert [error["path"] for error in answer["errors"]] == [["startPlayback", "playback", "files"]]


def descriptor(asset_id: UUID) -> Asset:
    """A descriptor of two whole files, each of them longer than 32 bits can say."""
    files = (
        whole_file(name, b"", average_bandwidth_bps=bandwidth_bps, byte_length=5_000_000_000)
        for name, bandwidth_bps in (("flac.flac", 900_000), ("mp3-320.mp3", 320_000))
    )
    return described.asset(described.rendition("aac-96"), asset_id=asset_id, revision=1, progressive=tuple(files))

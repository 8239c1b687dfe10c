"""One recording, cut in two tracks of an album: what the API answers for the album is the recording again.

FFmpeg reads the stream, and decrypts it where it is protected; its packets are taken for the reason that
`tests/origin/test_presentations.py` gives.
"""

import io
import math
from typing import Any

import numpy as np
import soundfile as sf

from tests.e2e.test_listening import hls_renditions
from tests.origin.test_presentations import CUT, RATE, played

ALBUM = """
mutation($artist: ID!) {
  createAlbum(input: {artistId: $artist, title: "Two halves"}) { album { id } userErrors { code message } }
}"""
TRACK = """
mutation($artist: ID!, $album: ID!, $number: Int!) {
  createTrack(input: {artistId: $artist, albumId: $album, title: "A half", trackNumber: $number})
    { track { id } userErrors { code message } }
}"""
START = """
mutation($input: StartAlbumPlaybackInput!) {
  startAlbumPlayback(input: $input) {
    playback { hlsUrl dashUrl tracks { trackId startsAtMs } } userErrors { code message }
  }
}"""


def recording() -> np.ndarray:
    """A glide, in which no two places are alike: a sample lost or doubled at the cut shows."""
    time_s = np.arange(9 * RATE + 55) / RATE
    glides = ((200, 90), (3000, -70))
    voices = [np.sin(2 * math.pi * (start * time_s + bend * time_s**2)) for start, bend in glides]
    return np.round(np.stack(voices, axis=1) * 0.4 * 32767).astype(np.int16)


async def ingested(artist: Any, halves: list[np.ndarray]) -> tuple[str, list[str]]:
    """The album's id and its tracks'; the second track is ingested first."""
    owner = await artist.data(
        'mutation { createArtist(input: {name: "Cut in two"}) { artist { id } userErrors { code } } }'
    )
    named = {"artist": owner["artist"]["id"]}
    album = (await artist.data(ALBUM, **named))["album"]["id"]
    tracks = []
    for number in (2, 1):
        track = (await artist.data(TRACK, album=album, number=number, **named))["track"]["id"]
        file = io.BytesIO()
        sf.write(file, halves[number - 1], RATE, format="FLAC", subtype="PCM_16")
        await artist.upload(track, f"{number}.flac", file.getvalue())
        assert (await artist.follow_ingest(track))[-1]["status"] == "READY"
        tracks.insert(0, track)
    return album, tracks


async def test_album_is_heard_without_a_gap(artist, listener) -> None:
    pcm = recording()
    album, tracks = await ingested(artist, [pcm[:CUT], pcm[CUT:]])

    for protection in ("NONE", "AES_128"):
        wanted = {"albumId": album, "codecs": ["FLAC"], "protection": protection}
        playback = (await listener.data(START, input=wanted))["playback"]
        assert [part["trackId"] for part in playback["tracks"]] == tracks
        assert playback["tracks"][1]["startsAtMs"] == round(CUT * 1000 / RATE)

        playlists = hls_renditions(playback["hlsUrl"])
        assert list(playlists) == ["flac"]
        heard = played(playlists["flac"])
        assert [len(part) for part in heard] == [CUT, len(pcm) - CUT]
        np.testing.assert_array_equal(np.concatenate(heard), pcm)

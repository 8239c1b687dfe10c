"""Every rendition of every protocol and scheme, decoded by FFmpeg from the running origin, to the exact sample.

HLS is played through PyAV, DASH by Debian's `ffmpeg`, whose DASH demuxer takes a key. Of HLS in cbcs and cenc, which
FFmpeg's HLS client does not decrypt, the listed segments are put together and decrypted by its MP4 demuxer with the key
that the playlist names. What a decoder gives out is the master and the published padding; FFmpeg 5.1 loses the edit
list behind a manifest, and gives the published priming too.
"""

import asyncio
import io
import re
import shutil
import subprocess
import urllib.request
import xml.etree.ElementTree as ET
from typing import Any
from urllib.parse import urljoin
from uuid import UUID

import av
import m3u8
import numpy as np
import pytest

from config.objects import open_store
from config.settings import s3_settings
from edge.terms import Terms
from origin.asset import Codec
from tests.origin.ingested import RATE, ingested

SAMPLES = 9 * RATE + 1234
CODECS = (Codec.AAC, Codec.OPUS, Codec.FLAC)
RENDITIONS = tuple(codec.value for codec in CODECS)
IN_COMMON = ("cbcs", "cenc")
MPD = "{urn:mpeg:dash:schema:mpd:2011}"

needs_ffmpeg = pytest.mark.skipif(shutil.which("ffmpeg") is None, reason="no `ffmpeg` (Debian's has a DASH demuxer)")


@pytest.fixture(scope="module")
def track(origin) -> Any:
    """The running origin with a track of all three codecs, which is not a whole number of frames long."""
    rng = np.random.default_rng(7)
    pcm = np.round(rng.normal(0, 2000, (SAMPLES, 2))).astype(np.int16)
    recording = ingested(pcm, *CODECS, asset_id=UUID(int=77))

    async def put() -> None:
        async with open_store(s3_settings(origin.environment)) as store:
            for key, content in recording.objects().items():
                await store.write(key, content, content_type="application/octet-stream")

    asyncio.run(put())
    return origin._replace(recording=recording)


def url(track, scheme: str, name: str) -> str:
    path = f"{scheme}/{name}" if scheme else name
    return f"http://{track.host}{track.path(path, terms=Terms(protection='protected' if scheme else 'clear'))}"


def get(address: str) -> bytes:
    with urllib.request.urlopen(address, timeout=60) as answer:
        content: bytes = answer.read()
        return content


def decoded(source: str | io.BytesIO, **options: str) -> np.ndarray:
    """Shape (samples, channels)."""
    with av.open(source, options=options) as container:
        stream = container.streams.audio[0]
        blocks = [frame.to_ndarray() for frame in container.decode(stream)]
        planar = stream.codec_context.format.is_planar
    return np.concatenate([block.T if planar else block.reshape(-1, 2) for block in blocks])


def assert_exact(track, heard: np.ndarray, rendition: str) -> None:
    told = track.recording.asset.rendition(rendition)
    assert told.sample_count == SAMPLES
    assert len(heard) == SAMPLES + told.padding_samples
    if rendition == "flac":
        assert np.array_equal(heard, track.recording.pcm)


@pytest.mark.parametrize("rendition", RENDITIONS)
@pytest.mark.parametrize("scheme", ["", "aes128"], ids=["clear", "aes128"])
def test_hls_is_played_to_the_sample(track, scheme, rendition) -> None:
    assert_exact(track, decoded(url(track, scheme, f"{rendition}.m3u8")), rendition)


@pytest.mark.parametrize("rendition", RENDITIONS)
@pytest.mark.parametrize("scheme", IN_COMMON)
def test_hls_in_common_encryption_decodes_to_the_sample(track, scheme, rendition) -> None:
    playlist = url(track, scheme, f"{rendition}.m3u8")
    parsed = m3u8.loads(get(playlist).decode())
    names = [parsed.segment_map[0].uri, *(segment.uri for segment in parsed.segments)]
    address = next(key.uri for key in parsed.keys if key is not None and key.uri.endswith(".key"))
    file = b"".join(get(urljoin(playlist, name)) for name in names)
    heard = decoded(io.BytesIO(file), decryption_key=get(urljoin(playlist, address)).hex())
    assert_exact(track, heard, rendition)


@needs_ffmpeg
@pytest.mark.parametrize("rendition", RENDITIONS)
@pytest.mark.parametrize("scheme", ["", *IN_COMMON], ids=["clear", *IN_COMMON])
def test_dash_is_played_to_the_sample(track, scheme, rendition) -> None:
    manifest = url(track, scheme, "manifest.mpd")
    ids = [each.attrib["id"] for each in ET.fromstring(get(manifest)).iter(f"{MPD}Representation")]
    assert set(ids) == set(RENDITIONS)
    key = ("-cenc_decryption_key", get(key_address(track, scheme)).hex()) if scheme else ()
    source = ("-i", manifest, "-map", f"0:a:{ids.index(rendition)}")
    command = ["ffmpeg", "-v", "error", *key, *source, "-f", "s16le", "-"]
    played = subprocess.run(command, capture_output=True, check=False, timeout=300)
    assert (played.returncode, played.stderr) == (0, b"")
    heard, told = np.frombuffer(played.stdout, np.int16).reshape(-1, 2), track.recording.asset.rendition(rendition)
    priming = told.priming_samples
    lost_edit_list = len(heard) == priming + SAMPLES + told.padding_samples
    assert_exact(track, heard[priming:] if lost_edit_list else heard, rendition)


def key_address(track, scheme: str) -> str:
    """One key opens all renditions of a scheme, and the playlists of HLS name it."""
    playlist = url(track, scheme, "flac.m3u8")
    (address,) = re.findall(r'URI="([^"]+\.key)"', get(playlist).decode())
    return urljoin(playlist, address)

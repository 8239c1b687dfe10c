"""What players make of it: FFmpeg opens the signed URLs and decodes every rendition."""

import io
import shutil
import subprocess
import urllib.request
import xml.etree.ElementTree as ET
from urllib.parse import urljoin

import av
import numpy as np
import pytest

MPD = {"mpd": "urn:mpeg:dash:schema:mpd:2011"}
FRAME = 1024
RENDITIONS = ["aac-96", "aac-320", "flac"]


def decoded(source) -> np.ndarray:
    """The samples of the first audio stream, shape (samples, channels)."""
    with av.open(source) as container:
        blocks = [frame.to_ndarray() for frame in container.decode(container.streams.audio[0])]
        planar = container.streams.audio[0].codec_context.format.is_planar
    return np.concatenate([block.T if planar else block.reshape(-1, 2) for block in blocks])


def assert_is_the_master(heard: np.ndarray, pcm: np.ndarray, *, lossless: bool) -> None:
    if lossless:
        assert np.array_equal(heard, pcm)
        return
    # FFmpeg trims the priming by the edit list, and not the padding, which is under a frame.
    assert 0 <= len(heard) - len(pcm) < FRAME
    error = heard[: len(pcm)] - pcm / 32768
    assert np.sqrt(np.mean(error**2)) < 0.01  # one sample of offset would make it several times that


@pytest.mark.parametrize("rendition", RENDITIONS)
def test_player_decodes_each_hls_playlist(origin, recording, rendition) -> None:
    heard = decoded(origin.url(f"{rendition}.m3u8"))
    assert_is_the_master(heard, recording.pcm, lossless=rendition == "flac")


def test_player_opens_the_multivariant_playlist(origin, recording) -> None:
    url = origin.url("master.m3u8")
    with av.open(url) as container:
        offered = [(stream.codec_context.name, stream.rate) for stream in container.streams.audio]
    assert offered == [("aac", 44_100), ("aac", 44_100), ("flac", 44_100)]
    assert_is_the_master(decoded(url), recording.pcm, lossless=False)


@pytest.mark.parametrize("rendition", RENDITIONS)
def test_what_the_mpd_lists_decodes(origin, recording, rendition) -> None:
    url = origin.url("manifest.mpd")
    root = ET.fromstring(get(url))
    (template,) = root.findall(f".//mpd:Representation[@id='{rendition}']/mpd:SegmentTemplate", MPD)
    count = sum(1 + int(entry.get("r", "0")) for entry in template.iterfind(".//mpd:S", MPD))
    numbers = range(int(template.attrib["startNumber"]), int(template.attrib["startNumber"]) + count)
    names = [
        template.attrib["initialization"],
        *(template.attrib["media"].replace("$Number$", str(n)) for n in numbers),
    ]
    parts = [get(urljoin(url, name.replace("$RepresentationID$", rendition))) for name in names]
    assert_is_the_master(decoded(io.BytesIO(b"".join(parts))), recording.pcm, lossless=rendition == "flac")


def get(url: str) -> bytes:
    with urllib.request.urlopen(url, timeout=60) as answer:
        content: bytes = answer.read()
        return content


needs_ffmpeg = pytest.mark.skipif(shutil.which("ffmpeg") is None, reason="no `ffmpeg` (Debian's has a DASH demuxer)")


@needs_ffmpeg
@pytest.mark.parametrize("manifest", ["manifest.mpd", "master.m3u8"])
def test_ffmpeg_command_plays_every_stream_of_a_manifest(origin, recording, manifest) -> None:
    for number, rendition in enumerate(RENDITIONS):
        command = ["ffmpeg", "-v", "error", "-i", origin.url(manifest), "-map", f"0:a:{number}", "-f", "s16le", "-"]
        played = subprocess.run(command, capture_output=True, check=False, timeout=60)
        assert (played.returncode, played.stderr) == (0, b"")
        heard = np.frombuffer(played.stdout, np.int16).reshape(-1, 2)
        if rendition == "flac":
            assert np.array_equal(heard, recording.pcm)
        else:
            assert_is_the_master(without_priming(heard, recording.pcm) / 32768, recording.pcm, lossless=False)


def without_priming(heard: np.ndarray, pcm: np.ndarray) -> np.ndarray:
    """FFmpeg 5.1 loses the edit list of a file behind a manifest, and plays the frame of priming."""
    return heard[FRAME:] if len(heard) - len(pcm) >= FRAME else heard

"""Several tracks as one presentation, on the running origin: two halves of one recording have to be the whole again.

The oracle is FFmpeg's HLS client through PyAV. It plays timelines that start again by dropping what lies before the
last timestamp it saw (`AVINDEX_DISCARD_FRAME` in its MP4 demuxer), so the first segment of a second track would not be
heard; the tests take its packets, which are complete and in order, and leave the dropping to nobody.
"""

import asyncio
import math
import shutil
import subprocess
import time
import urllib.request
import xml.etree.ElementTree as ET
from collections.abc import Callable
from typing import Any, NamedTuple
from urllib.parse import urljoin
from uuid import UUID

import av
import m3u8
import numpy as np
import pytest

from config.objects import open_store
from config.settings import origin_settings, s3_settings
from edge.terms import Terms
from edge.token import mint
from origin.layout import asset_directory, revision_directory
from origin.running_order import Place, directory

RATE = 48_000
RENDITIONS = ("aac-160", "opus-96", "flac")
CUT = 5 * RATE + 777
"""In the middle of a wave, a frame and a segment."""

MPD = "{urn:mpeg:dash:schema:mpd:2011}"


class Album(NamedTuple):
    origin: Any
    halves: list[Any]
    pcm: np.ndarray

    def path(self, name: str, *, order: list[Place] | None = None, **changes: Any) -> str:
        key = origin_settings(self.origin.environment).edge_keys[0]
        places = order or [Place(half.asset.asset_id, half.asset.revision) for half in self.halves]
        values = {
            "key_id": key.key_id,
            "secret": bytes.fromhex(key.secret.reveal()),
            "directory": directory(places),
            "expires_at_s": int(time.time()) + 600,
            **changes,
        }
        return f"/{mint(**values)}/{directory(places)}{name}"

    def url(self, name: str, **changes: Any) -> str:
        return f"http://{self.origin.host}{self.path(name, **changes)}"


@pytest.fixture(scope="module")
def album(origin, make_recording: Callable) -> Album:
    """A glide of two voices: no two of its samples are alike for long, so an offset of one sample shows."""
    time_s = np.arange(11 * RATE) / RATE
    left = 0.4 * np.sin(2 * math.pi * (200 * time_s + 90 * time_s**2))
    right = 0.4 * np.sin(2 * math.pi * (3000 * time_s - 70 * time_s**2))
    pcm = np.round(np.stack([left, right], axis=1) * 32767).astype(np.int16)
    halves = [
        make_recording(part, RATE, RENDITIONS, asset_id=UUID(int=number))
        for number, part in enumerate((pcm[:CUT], pcm[CUT:]), start=1)
    ]

    async def put() -> None:
        async with open_store(s3_settings(origin.environment)) as store:
            for half in halves:
                for key, content in half.objects().items():
                    await store.write(key, content, content_type="application/octet-stream")

    asyncio.run(put())
    return Album(origin=origin, halves=halves, pcm=pcm)


def played(url: str) -> list[np.ndarray]:
    """What each track of a media playlist decodes to, with priming and padding; shape (samples, channels)."""
    with av.open(url) as container:
        stream = container.streams.audio[0]
        packets = [(packet.dts, bytes(packet)) for packet in container.demux(stream) if packet.size]
        name, extradata = stream.codec_context.name, stream.codec_context.extradata
    starts = [index for index, (dts, _) in enumerate(packets) if index == 0 or dts < packets[index - 1][0]]
    ends = [*starts[1:], len(packets)]
    return [decoded(name, extradata, packets[start:end]) for start, end in zip(starts, ends, strict=True)]


def decoded(name: str, extradata: bytes, packets: list[tuple[int, bytes]]) -> np.ndarray:
    if name == "opus":  # told of no pre-skip (RFC 7845 section 5.1), the decoder leaves it to us
        extradata = extradata[:10] + bytes(2) + extradata[12:]
    codec = av.CodecContext.create("libopus" if name == "opus" else name, "r")
    codec.extradata, codec.sample_rate, codec.layout = extradata, RATE, "stereo"
    frames = [frame for _, data in packets for frame in codec.decode(av.Packet(data))] + codec.decode(None)
    blocks = [frame.to_ndarray() for frame in frames]
    samples = np.concatenate(
        [b.T if f.format.is_planar else b.reshape(-1, 2) for f, b in zip(frames, blocks, strict=True)]
    )
    return samples if samples.dtype == np.int16 else samples * 32768


def figures(album: Album, number: int, rendition: str) -> dict[str, int]:
    """What the multivariant playlist publishes of a rendition of one track."""
    parsed = m3u8.loads(get(album.url("master.m3u8")).decode())
    (value,) = (data.value for data in parsed.session_data if data.data_id == f"segue.gapless.{number}.{rendition}")
    return {name: int(figure) for name, _, figure in (pair.partition("=") for pair in value.split())}


def get(url: str) -> bytes:
    with urllib.request.urlopen(url, timeout=60) as answer:
        content: bytes = answer.read()
        return content


def test_lossless_halves_are_the_whole_again(album: Album) -> None:
    assert np.array_equal(np.concatenate(played(album.url("flac.m3u8"))), album.pcm)


@pytest.mark.parametrize("rendition", ["aac-160", "opus-96"])
def test_lossy_halves_join_by_the_published_figures(album: Album, rendition: str) -> None:
    tracks = played(album.url(f"{rendition}.m3u8"))
    kept = []
    for number, track in enumerate(tracks):
        told = figures(album, number, rendition)
        assert told["sample_rate"] == RATE
        kept.append(track[told["priming"] :][: told["samples"]])
    joined = np.concatenate(kept)
    assert len(tracks) == 2
    assert joined.shape == album.pcm.shape
    assert lag(joined, album.pcm) == 0
    around = slice(CUT - 480, CUT + 480)
    assert lag(joined[around], album.pcm[around]) == 0
    assert rms(joined[around] - album.pcm[around]) < 0.1 * rms(album.pcm[around])


def lag(heard: np.ndarray, pcm: np.ndarray) -> int:
    """By how many samples the best match of the left voices is off, within 40 of them."""
    shifts = range(-40, 41)
    middle = slice(40, len(pcm) - 40)
    errors = [rms(np.roll(heard[:, 0], shift)[middle] - pcm[middle, 0]) for shift in shifts]
    return list(shifts)[int(np.argmin(errors))]


def rms(samples: np.ndarray) -> float:
    return float(np.sqrt(np.mean(samples.astype(np.float64) ** 2)))


def test_every_url_is_that_of_the_track_alone(album: Album) -> None:
    base = album.url("flac.m3u8")
    parsed = m3u8.loads(get(base).decode())
    files = [urljoin(base, segment.uri) for segment in parsed.segments]
    files += [urljoin(base, segment.init_section.uri) for segment in parsed.segments]
    for url in files:
        token, rest = url.removeprefix(f"http://{album.origin.host}/").split("/", 1)
        (half,) = (half for half in album.halves if rest.startswith(asset_directory(half.asset.asset_id)))
        name = rest.removeprefix(revision_directory(half.asset.asset_id, half.asset.revision))
        number = name.removeprefix("flac/").removesuffix(".m4s")
        wanted = half.header("flac") if name == "flac/header.mp4" else half.segment("flac", int(number))
        assert get(url) == wanted
        assert token.startswith("s1.")


def test_periods_of_the_mpd_list_what_the_tracks_hold(album: Album) -> None:
    url = album.url("manifest.mpd")
    root = ET.fromstring(get(url))
    for period, half in zip(root.iter(f"{MPD}Period"), album.halves, strict=True):
        base = urljoin(url, period.findtext(f"{MPD}BaseURL"))
        for representation in period.iter(f"{MPD}Representation"):
            rendition = half.asset.rendition(representation.attrib["id"])
            durations = [
                int(entry.attrib["d"])
                for entry in representation.iter(f"{MPD}S")
                for _ in range(int(entry.get("r", 0)) + 1)
            ]
            assert sum(durations) == rendition.sample_count == len(half.pcm)
            assert get(urljoin(base, f"{rendition.name}/header.mp4")) == half.header(rendition.name)
            last = len(durations) - 1
            assert get(urljoin(base, f"{rendition.name}/{last}.m4s")) == half.segment(rendition.name, last)


def test_tokens_of_the_tracks_carry_the_terms_and_the_expiry(album: Album) -> None:
    expiry = int(time.time()) + 600
    terms = Terms(codecs=frozenset({"flac"}), max_bandwidth_bps=9_000_000)
    path = album.path("flac.m3u8", terms=terms, expires_at_s=expiry)
    parsed = m3u8.loads(album.origin.ask(path).body.decode())
    tokens = {segment.uri.split("/")[3].rpartition(".")[0] for segment in parsed.segments}
    assert tokens == {f"s2.{path[1:].split('.')[1]}.{expiry}.codecs-flac_max-9000000"}
    other = urljoin(path, parsed.segments[0].uri).replace("/flac/", "/aac-160/")
    assert album.origin.ask(other).status == 403


def test_terms_narrow_the_list_and_refuse_the_rest(album: Album) -> None:
    terms = Terms(codecs=frozenset({"opus"}))
    parsed = m3u8.loads(album.origin.ask(album.path("master.m3u8", terms=terms)).body.decode())
    assert [variant.uri for variant in parsed.playlists] == ["opus-96.m3u8"]
    assert album.origin.ask(album.path("flac.m3u8", terms=terms)).status == 403
    assert album.origin.ask(f"{album.path('master.m3u8', terms=terms)}?codecs=flac").status == 404


def test_no_cache_may_show_one_listeners_manifest_to_another(album: Album) -> None:
    for name in ("master.m3u8", "manifest.mpd", "flac.m3u8"):
        headers = album.origin.ask(album.path(name)).headers
        assert headers["cache-control"] == "private, max-age=10"
        assert headers["surrogate-key"].split() == [f"asset-{half.asset.asset_id}" for half in album.halves]


def test_a_token_opens_its_own_order_alone(album: Album) -> None:
    first, second = (Place(half.asset.asset_id, half.asset.revision) for half in album.halves)
    forward, backward = album.path("flac.m3u8"), album.path("flac.m3u8", order=[second, first])
    assert album.origin.ask(backward).status == 200
    assert album.origin.ask(backward.replace(backward.split("/")[1], forward.split("/")[1])).status == 403


def test_a_queue_of_a_hundred_tracks_is_answered(album: Album) -> None:
    """The longest path that there is, through the real server; a queue may play a track again."""
    order = [Place(half.asset.asset_id, half.asset.revision) for half in album.halves] * 50
    path = album.path("flac.m3u8", order=order)
    parsed = m3u8.loads(album.origin.ask(path).body.decode())
    assert sum(segment.discontinuity for segment in parsed.segments) == 99
    assert len(ET.fromstring(album.origin.ask(album.path("manifest.mpd", order=order)).body)) == 100


def test_a_track_that_is_not_there_is_told(album: Album) -> None:
    order = [Place(album.halves[0].asset.asset_id, 1), Place(UUID(int=99), 1)]
    assert album.origin.ask(album.path("master.m3u8", order=order)).status == 404


def test_encrypted_halves_are_the_whole_again(album: Album) -> None:
    url = album.url("aes128/flac.m3u8", terms=Terms(protection="protected"))
    assert np.array_equal(np.concatenate(played(url)), album.pcm)


def test_protected_tracks_are_opened_by_their_own_keys(album: Album) -> None:
    url = album.url("cbcs/flac.m3u8", terms=Terms(protection="protected"))
    parsed = m3u8.loads(get(url).decode())
    own = [
        key for key in parsed.keys if key is not None and key.uri is not None and key.keyformat in (None, "identity")
    ]
    addresses = {urljoin(url, key.uri) for key in own}
    keys = {get(address) for address in addresses}
    assert {len(key) for key in keys} == {16}
    assert len(keys) == len(addresses) == len(album.halves)
    assert album.origin.ask(album.path("cbcs/flac.m3u8")).status == 403
    assert album.origin.ask(album.path("flac.m3u8", terms=Terms(protection="protected"))).status == 403


needs_ffmpeg = pytest.mark.skipif(shutil.which("ffmpeg") is None, reason="no `ffmpeg` (Debian's has a DASH demuxer)")


FRAME_SAMPLES = {"aac-160": 1024, "opus-96": 960, "flac": 1}


@needs_ffmpeg
@pytest.mark.parametrize("manifest", ["master.m3u8", "manifest.mpd"])
def test_one_half_alone_plays_to_the_sample_in_every_codec(album: Album, manifest: str) -> None:
    """Whole frames come out, with or without the priming: FFmpeg 5.1 loses the edit list of AAC behind a manifest."""
    half = album.halves[0]
    scope = asset_directory(half.asset.asset_id)
    token = album.path("", directory=scope).split("/")[1]
    url = f"http://{album.origin.host}/{token}/{scope}{half.asset.revision}/{manifest}"
    for number, rendition in enumerate(half.asset.renditions):
        command = ["ffmpeg", "-v", "error", "-i", url, "-map", f"0:a:{number}", "-f", "s16le", "-"]
        played_by_it = subprocess.run(command, capture_output=True, check=True, timeout=120)
        heard = np.frombuffer(played_by_it.stdout, np.int16).reshape(-1, 2)
        frame, priming = FRAME_SAMPLES[rendition.name], rendition.priming_samples
        frames = -(-(priming + len(half.pcm)) // frame) * frame
        assert len(heard) in (frames, frames - priming)
        master = heard[priming - (frames - len(heard)) :][: len(half.pcm)]
        assert master.shape == half.pcm.shape
        assert lag(master, half.pcm) == 0
        assert rms(master - half.pcm) <= (0 if rendition.name == "flac" else 0.1 * rms(half.pcm))

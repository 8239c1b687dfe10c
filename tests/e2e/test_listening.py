"""A master goes in, a listener hears it: the whole path on real servers, judged by FFmpeg instead of by ourselves."""

import io
import math
import re
import shutil
import subprocess
import urllib.request
import xml.etree.ElementTree as ET
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import urljoin

import av
import msgspec
import numpy as np
import pytest
import soundfile as sf

from tests.recordings import MUSIC

TARGET_LUFS = -14.0
PEAK_CEILING_DBTP = -1.0
SECONDS = 11
FRAMES = {"aac": 1024, "opus": 960}
"""What a rendition may be longer by: FFmpeg leaves out the priming and plays all of the last frame."""
STREAMED = ("aac-96", "aac-160", "aac-320", "opus-24", "opus-96", "flac")
DRIFT_LU = {"opus-24": 1.0}
"""At 24 kbit/s Opus leaves out what is above 12 kHz; the others keep the loudness within 0.5 LU."""
HALF_POWER = math.sqrt(0.5)
DOWNMIX_5_1 = np.array([(1, 0), (0, 1), (HALF_POWER, HALF_POWER), (0, 0), (HALF_POWER, 0), (0, HALF_POWER)])
"""ITU-R BS.775: centre and surrounds at half power, no LFE."""
DASH = {"mpd": "urn:mpeg:dash:schema:mpd:2011"}


class Master(msgspec.Struct, frozen=True, kw_only=True):
    """A file as an artist has it."""

    file_name: str
    content: bytes
    sample_rate_hz: int
    channels: int
    sample_count: int


def synthesised(file_name: str, sample_rate_hz: int, level: float) -> Master:
    """A chord with a slow swell, 16 bit, not a whole number of frames or segments long."""
    count = SECONDS * sample_rate_hz + 777
    time_s = np.arange(count) / sample_rate_hz
    chord = sum(np.sin(2 * math.pi * hertz * time_s + phase) for hertz, phase in ((220, 0), (277.18, 1), (329.63, 2)))
    swell = 0.6 + 0.4 * np.sin(2 * math.pi * 0.4 * time_s)
    stereo = np.stack([chord * swell, chord * swell[::-1]], axis=1) * (level / 3)
    buffer = io.BytesIO()
    sf.write(buffer, stereo, sample_rate_hz, format=file_name.rsplit(".", 1)[1].upper(), subtype="PCM_16")
    return Master(
        file_name=file_name, content=buffer.getvalue(), sample_rate_hz=sample_rate_hz, channels=2, sample_count=count
    )


def recorded(path: Path) -> Master:
    info = sf.info(path)
    decoded, _ = sf.read(
        path, dtype="float32", always_2d=True
    )  # headers of these recordings may lie about their length
    return Master(
        file_name=path.name,
        content=path.read_bytes(),
        sample_rate_hz=info.samplerate,
        channels=info.channels,
        sample_count=len(decoded),
    )


def masters() -> Iterator[object]:
    yield pytest.param(lambda: synthesised("loud.wav", 48_000, 0.9), id="a loud 48 kHz WAV")
    yield pytest.param(lambda: synthesised("quiet.flac", 44_100, 0.05), id="a quiet 44.1 kHz FLAC")
    for name in ("trombone.wav", "fl_s41.flac", "sp_loop_tabla.flac"):
        path = MUSIC / name
        absent = pytest.mark.skipif(not path.exists(), reason=f"shared/audio/music/{name} is not beside the project")
        yield pytest.param(lambda path=path: recorded(path), id=f"the recording {name}", marks=absent)


class Heard(msgspec.Struct, frozen=True, kw_only=True):
    """What came out of a player: `pcm` has the shape (samples, channels) and the decoder's own type."""

    pcm: np.ndarray
    sample_rate_hz: int
    codec: str


def decode(source: str | io.BytesIO) -> Heard:
    """Decode the first audio stream by FFmpeg."""
    options = {"allowed_extensions": "ALL", "extension_picky": "0"} if isinstance(source, str) else {}
    with av.open(source, options=options) as container:
        stream = container.streams.audio[0]
        blocks = []
        for frame in container.decode(stream):
            block = frame.to_ndarray()
            blocks.append(block.T if frame.format.is_planar else block.reshape(-1, frame.layout.nb_channels))
        return Heard(
            pcm=np.concatenate(blocks),
            sample_rate_hz=stream.rate,
            codec=stream.codec_context.name.removesuffix("float"),
        )


def get(url: str) -> bytes:
    with urllib.request.urlopen(url, timeout=60) as answer:
        content: bytes = answer.read()
        return content


def hls_renditions(master_url: str) -> dict[str, str]:
    """The media playlists that a multivariant playlist names, by their file name."""
    text = get(master_url).decode()
    named = re.findall(r'^(?!#)(\S+)$|URI="([^"]+)"', text, re.MULTILINE)
    urls = {urljoin(master_url, plain or quoted) for plain, quoted in named}
    return {url.rsplit("/", 1)[1].removesuffix(".m3u8"): url for url in urls}


def hls_duration_s(playlist_url: str) -> float:
    return sum(float(number) for number in re.findall(r"#EXTINF:([\d.]+)", get(playlist_url).decode()))


def dash_renditions(mpd_url: str) -> dict[str, bytes]:
    """Header and every segment of each Representation, fetched as a DASH client would and put together."""
    renditions = {}
    for adaptation in ET.fromstring(get(mpd_url)).iterfind(".//mpd:AdaptationSet", DASH):
        for representation in adaptation.iterfind("mpd:Representation", DASH):
            template = representation.find("mpd:SegmentTemplate", DASH)
            if template is None:
                template = adaptation.find("mpd:SegmentTemplate", DASH)
            assert template is not None
            identifier = representation.attrib["id"]
            first = int(template.get("startNumber", "1"))
            count = sum(1 + int(s.get("r", "0")) for s in template.iterfind("mpd:SegmentTimeline/mpd:S", DASH))
            names = [template.attrib["initialization"]]
            names += [template.attrib["media"].replace("$Number$", str(first + index)) for index in range(count)]
            urls = [urljoin(mpd_url, name.replace("$RepresentationID$", identifier)) for name in names]
            renditions[identifier] = b"".join(get(url) for url in urls)
    return renditions


def measured(heard: Heard) -> tuple[float, float]:
    """FFmpeg's integrated loudness in LUFS and true peak in dBTP; mono counts as played on two speakers."""
    floats = heard.pcm.astype(np.float32)
    if np.issubdtype(heard.pcm.dtype, np.integer):
        floats = floats / np.float32(-np.iinfo(heard.pcm.dtype).min)
    layout = "mono" if floats.shape[1] == 1 else "stereo"
    graph = av.filter.Graph()
    source = graph.add_abuffer(format="flt", sample_rate=heard.sample_rate_hz, layout=layout, time_base=None)
    meter = graph.add("ebur128", "metadata=1:peak=true:dualmono=true")
    sink = graph.add("abuffersink")
    source.link_to(meter)
    meter.link_to(sink)
    graph.configure()
    # A second of silence after the end: the filter reports each full 100 ms only, and gating ignores the silence.
    padded = np.concatenate([floats, np.zeros((heard.sample_rate_hz, floats.shape[1]), np.float32)])
    frame = av.AudioFrame.from_ndarray(np.ascontiguousarray(padded.reshape(1, -1)), format="flt", layout=layout)
    frame.sample_rate = heard.sample_rate_hz
    graph.push(frame)
    graph.push(None)
    figures: dict[str, str] = {}
    while True:
        try:
            figures |= graph.pull().metadata  # running figures; the last full 100 ms has the final ones
        except (av.BlockingIOError, av.EOFError):
            break
    peaks = [float(value) for name, value in figures.items() if "true_peaks_ch" in name]
    return float(figures["lavfi.r128.I"]), 20 * math.log10(max(peaks))


@pytest.mark.parametrize("make_master", list(masters()))
async def test_master_is_heard_through_hls_and_dash(artist, listener, make_master) -> None:
    master = make_master()
    track = await artist.create_track(master.file_name)
    await artist.upload(track, master.file_name, master.content)

    events = await artist.follow_ingest(track)
    assert events[-1]["status"] == "READY"
    fractions = [event["fraction"] for event in events]
    assert fractions == sorted(fractions)
    assert fractions[-1] == 1

    playback = await listener.start_playback(track)
    playlists = hls_renditions(playback["hlsUrl"])
    dashed = dash_renditions(playback["dashUrl"])
    assert set(playlists) == set(dashed) == set(STREAMED)
    assert len(decode(playback["hlsUrl"]).pcm) >= master.sample_count
    for name, url in playlists.items():
        rate = 48_000 if name.startswith("opus") else master.sample_rate_hz
        assert round(hls_duration_s(url) * rate) == samples_at(rate, master)
        for heard in (decode(url), decode(io.BytesIO(dashed[name]))):
            assert heard.sample_rate_hz == rate
            assert_is_heard(heard, name, master)


def assert_is_heard(heard: Heard, name: str, master: Master) -> None:
    """Lossless to the bit; lossy as long as the master and a frame at most, and as loud as it is to be."""
    original, _ = sf.read(io.BytesIO(master.content), dtype="int32", always_2d=True)
    if name == "flac":
        assert np.array_equal(heard.pcm.astype(np.int64) << shift(heard.pcm), original)
        return
    assert 0 <= len(heard.pcm) - samples_at(heard.sample_rate_hz, master) < FRAMES[heard.codec]
    mixed = original * 2.0**-31 @ DOWNMIX_5_1 if master.channels == 6 else original
    wanted_lufs = normalised_lufs(Heard(pcm=mixed, sample_rate_hz=master.sample_rate_hz, codec="pcm"))
    assert is_normalised(heard, wanted_lufs, drift_lu=DRIFT_LU.get(name, 0.5)), name


def samples_at(rate: int, master: Master) -> int:
    return -(-master.sample_count * rate // master.sample_rate_hz)


def is_normalised(heard: Heard, wanted_lufs: float, *, drift_lu: float) -> bool:
    """As loud as it is to be, or quieter because the encoder's own peaks touch the ceiling."""
    loudness_lufs, true_peak_dbtp = measured(heard)
    if abs(loudness_lufs - wanted_lufs) <= drift_lu:
        return True
    return loudness_lufs < wanted_lufs and true_peak_dbtp == pytest.approx(PEAK_CEILING_DBTP, abs=0.3)


def shift(pcm: np.ndarray) -> int:
    """Bits from the decoder's sample type up to 32."""
    return 32 - 8 * pcm.dtype.itemsize


def normalised_lufs(master: Heard) -> float:
    """The target, or as near as a constant gain comes without the true peak passing the ceiling."""
    loudness_lufs, true_peak_dbtp = measured(master)
    return loudness_lufs + min(TARGET_LUFS - loudness_lufs, PEAK_CEILING_DBTP - true_peak_dbtp)


@pytest.mark.skipif(shutil.which("ffmpeg") is None, reason="Debian's ffmpeg (with a DASH demuxer) is not installed")
async def test_ffmpeg_command_plays_every_rendition(artist, listener) -> None:
    master = synthesised("dash.wav", 48_000, 0.5)
    track = await artist.create_track(master.file_name)
    await artist.upload(track, master.file_name, master.content)
    assert (await artist.follow_ingest(track))[-1]["status"] == "READY"
    playback = await listener.start_playback(track)
    sources = [(url, 0) for url in hls_renditions(playback["hlsUrl"]).values()]
    sources += [(playback["dashUrl"], number) for number in range(len(STREAMED))]
    assert len(sources) == 2 * len(STREAMED)
    for url, number in sources:
        command = ["ffmpeg", "-v", "error", "-i", url, "-map", f"0:a:{number}", "-f", "s16le", "-"]
        heard = subprocess.run(command, capture_output=True, check=False, timeout=300)
        assert (heard.returncode, heard.stderr) == (0, b""), url
        # FFmpeg 5.1 loses the edit list of a file behind a manifest, and plays the frame of priming.
        assert 0 <= len(heard.stdout) // 4 - master.sample_count < 2 * max(FRAMES.values()), (url, number)


async def test_whole_files_are_exact_and_printed_by_the_command(appliance, artist, listener) -> None:
    master = synthesised("whole.wav", 44_100, 0.5)
    track = await artist.create_track(master.file_name)
    await artist.upload(track, master.file_name, master.content)
    assert (await artist.follow_ingest(track))[-1]["status"] == "READY"
    files = {file["quality"]: file for file in await listener.whole_files(track)}
    assert list(files) == ["aac-160", "flac", "mp3-320", "vorbis-320", "vorbis-160", "vorbis-96"]
    for file in files.values():
        assert_downloads(file, master)

    options = (track, "--protocol", "progressive", "--as", "ears@e2e.example", "--print-url")
    for quality, name in (("auto", "mp3-320.mp3"), ("flac", "flac.flac")):
        (url,) = appliance.segue("play", *options, "--quality", quality).stdout.splitlines()
        assert url.endswith(f"/{name}")
        assert len(decode(url).pcm) == master.sample_count
    refused = appliance.segue("play", *options, "--quality", "mp3-64")
    assert (refused.returncode, refused.stdout) == (1, "")
    assert "no whole file is called 'mp3-64'; there are aac-160, flac," in refused.stderr


def assert_downloads(file: dict[str, Any], master: Master) -> None:
    """As large as promised, and as long as the master to the sample."""
    with urllib.request.urlopen(file["url"], timeout=60) as answer:
        content = answer.read()
        assert (answer.headers["content-type"], len(content)) == (file["mediaType"], int(file["sizeBytes"]))
    heard = decode(io.BytesIO(content))
    if file["lossless"]:
        original, _ = sf.read(io.BytesIO(master.content), dtype="int16", always_2d=True)
        assert np.array_equal(heard.pcm, original)
    # Of an .m4a FFmpeg gives out the padding of the last frame, which its edit list leaves out.
    longest = FRAMES["aac"] if file["quality"].startswith("aac") else 1
    assert 0 <= len(heard.pcm) - master.sample_count < longest, file

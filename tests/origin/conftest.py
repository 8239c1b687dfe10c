"""Assets for the origin's tests: records with chosen numbers, and one real asset that FFmpeg encodes and fragments."""

import asyncio
import hashlib
import http.client
import io
import json
import math
import struct
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from fractions import Fraction
from itertools import pairwise, starmap
from pathlib import Path
from typing import NamedTuple
from uuid import UUID

import av
import numpy as np
import pytest

from config.objects import open_store
from config.settings import origin_settings, s3_settings
from edge.token import mint
from origin import asset as contract
from origin import layout
from origin.asset import Asset, Codec, Loudness, Master, Rendition, Segment

ASSET_ID = UUID("0192f3a0-7c1e-7b4a-9d55-3f1c2b7a6e01")
REVISION = 3
QUIET = Loudness(integrated_lufs=-14.0, true_peak_dbtp=-1.5)
FAMILY = {"mp4a.40.2": Codec.AAC, "Opus": Codec.OPUS, "fLaC": Codec.FLAC}


def build_rendition(
    name: str = "aac-160",
    *,
    ticks: tuple[int, ...],
    codec_string: str = "mp4a.40.2",
    rate: int = 44_100,
    channels: int = 2,
    priming: int = 0,
    padding: int = 0,
    peak: int = 170_000,
    average: int = 160_000,
    header_bytes: int = 700,
    header_sha256: str = "0" * 32,
    segment_bytes: tuple[int, ...] | None = None,
    segment_sha256: tuple[str, ...] | None = None,
    sha256: str | None = None,
) -> Rendition:
    lengths = segment_bytes or tuple(1000 + index for index in range(len(ticks)))
    digests = segment_sha256 or ("0" * 32,) * len(ticks)
    return Rendition(
        name=name,
        codec=FAMILY[codec_string],
        codec_string=codec_string,
        sample_rate_hz=rate,
        channels=channels,
        nominal_bandwidth_bps=average,
        average_bandwidth_bps=average,
        peak_bandwidth_bps=peak,
        priming_samples=priming,
        padding_samples=padding,
        sample_count=sum(ticks) - priming - padding,
        header_byte_length=header_bytes,
        header_sha256=header_sha256,
        segments=tuple(starmap(Segment, zip(lengths, ticks, digests, strict=True))),
        sha256=sha256 or hashlib.sha256(name.encode()).hexdigest(),
        gain_db=0.0,
        loudness=QUIET,
    )


def build_asset(*renditions: Rendition, asset_id: UUID = ASSET_ID, revision: int = REVISION) -> Asset:
    first = renditions[0]
    return Asset(
        asset_id=asset_id,
        revision=revision,
        title="A Test",
        master=Master(
            sample_rate_hz=first.sample_rate_hz,
            channels=first.channels,
            bits_per_sample=16,
            sample_count=first.sample_count,
            loudness=QUIET,
            pcm_sha256="0" * 64,
        ),
        renditions=renditions,
    )


@pytest.fixture(scope="session")
def make_rendition() -> Callable[..., Rendition]:
    return build_rendition


@pytest.fixture(scope="session")
def make_asset() -> Callable[..., Asset]:
    return build_asset


class Recording(NamedTuple):
    """An asset and its track files by the renditions' names; `pcm` is the master, shape (samples, channels)."""

    asset: Asset
    files: dict[str, bytes]
    pcm: np.ndarray

    def segment(self, rendition: str, index: int) -> bytes:
        start, length = self.asset.rendition(rendition).byte_range(index)
        return self.files[rendition][start : start + length]

    def header(self, rendition: str) -> bytes:
        return self.files[rendition][: self.asset.rendition(rendition).header_byte_length]

    def objects(self) -> dict[str, bytes]:
        """What ingest would have stored, by key."""
        place = (self.asset.asset_id, self.asset.revision)
        stored = {layout.track_file_key(*place, name): content for name, content in self.files.items()}
        return {**stored, layout.descriptor_key(*place): contract.encode(self.asset)}


@pytest.fixture(scope="session")
def recording() -> Recording:
    """Ten and a bit seconds of a stereo chord at 44.1 kHz, neither whole frames nor whole segments long."""
    rate, count = 44_100, 10 * 44_100 + 777
    time_s = np.arange(count) / rate
    left = 0.3 * np.sin(2 * math.pi * 220 * time_s) + 0.1 * np.sin(2 * math.pi * 1234 * time_s)
    right = 0.3 * np.sin(2 * math.pi * 330 * time_s)
    pcm = np.round(np.stack([left, right], axis=1) * 32767).astype(np.int16)
    return recorded(pcm, rate, ("aac-96", "aac-320", "flac"))


def recorded(pcm: np.ndarray, rate: int, names: tuple[str, ...], *, asset_id: UUID = ASSET_ID) -> Recording:
    """Encode the master into each of the renditions `names`, which say their codec and kbit/s."""
    files = {name: fragmented(pcm, rate, name) for name in names}
    renditions = [described(name, content, rate, len(pcm)) for name, content in files.items()]
    return Recording(asset=build_asset(*renditions, asset_id=asset_id), files=files, pcm=pcm)


@pytest.fixture(scope="session")
def make_recording() -> Callable[..., Recording]:
    return recorded


class Encoding(NamedTuple):
    """What FFmpeg's encoder of a codec is called and does."""

    encoder: str
    codec_string: str
    sample_format: str
    frame_samples: int
    priming_samples: int


ENCODINGS = {
    "aac": Encoding("aac", "mp4a.40.2", "fltp", 1024, 1024),
    "opus": Encoding("libopus", "Opus", "s16", 960, 312),
    "flac": Encoding("flac", "fLaC", "s16", 4608, 0),
}


def encoding_of(name: str) -> Encoding:
    return ENCODINGS[name.partition("-")[0]]


def fragmented(pcm: np.ndarray, rate: int, name: str) -> bytes:
    """Encode and mux by FFmpeg into a CMAF track file with a fragment about every 4 s."""
    encoding, kilobits = encoding_of(name), name.partition("-")[2]
    file = io.BytesIO()
    options = {"movflags": "cmaf+delay_moov+skip_trailer", "frag_duration": "4000000"}
    with av.open(file, "w", format="mp4", options=options) as container:
        stream = container.add_stream(encoding.encoder, rate=rate, layout="stereo")
        if kilobits:
            stream.bit_rate = int(kilobits) * 1000
        resampler = av.AudioResampler(
            format=encoding.sample_format, layout="stereo", rate=rate, frame_size=encoding.frame_samples
        )
        frame = av.AudioFrame.from_ndarray(np.ascontiguousarray(pcm.reshape(1, -1)), format="s16", layout="stereo")
        frame.sample_rate, frame.pts, frame.time_base = rate, 0, Fraction(1, rate)
        for piece in (*resampler.resample(frame), *resampler.resample(None)):
            container.mux(stream.encode(piece))
        container.mux(stream.encode(None))
    return file.getvalue()


def described(name: str, content: bytes, rate: int, sample_count: int) -> Rendition:
    """The descriptor's record of a track file, from its boxes."""
    moofs = [(start, body) for kind, start, body in boxes(content) if kind == b"moof"]
    starts = [start for start, _ in moofs]
    lengths = tuple(end - start for start, end in pairwise([*starts, len(content)]))
    ticks = tuple(moof_ticks(body) for _, body in moofs)
    encoding = encoding_of(name)
    densest = max(length * 8 * rate / duration for length, duration in zip(lengths, ticks, strict=True))
    return build_rendition(
        name,
        ticks=ticks,
        codec_string=encoding.codec_string,
        rate=rate,
        priming=encoding.priming_samples,
        padding=sum(ticks) - encoding.priming_samples - sample_count,
        peak=math.ceil(densest),
        average=math.ceil(sum(lengths) * 8 * rate / sum(ticks)),
        header_bytes=starts[0],
        header_sha256=contract.block_digest(content[: starts[0]]),
        segment_bytes=lengths,
        segment_sha256=tuple(
            contract.block_digest(content[start : start + length])
            for start, length in zip(starts, lengths, strict=True)
        ),
        sha256=hashlib.sha256(content).hexdigest(),
    )


def boxes(data: bytes) -> Iterator[tuple[bytes, int, bytes]]:
    """The (type, start, body) of each ISO-BMFF box."""
    place = 0
    while place < len(data):
        size, kind = struct.unpack_from(">I4s", data, place)
        yield kind, place, data[place + 8 : place + size]
        place += size


def moof_ticks(moof: bytes) -> int:
    """The duration of a fragment: of its `trun`, with the default duration of its `tfhd`."""
    (traf,) = (body for kind, _, body in boxes(moof) if kind == b"traf")
    parts = {kind: body for kind, _, body in boxes(traf)}
    flags = struct.unpack_from(">I", parts[b"tfhd"])[0] & 0xFFFFFF
    skipped = 8 + 8 * bool(flags & 1) + 4 * bool(flags & 2)
    default = struct.unpack_from(">I", parts[b"tfhd"], skipped)[0] if flags & 8 else None
    flags, count = struct.unpack_from(">II", parts[b"trun"])
    flags &= 0xFFFFFF
    if not flags & 0x100:
        assert default is not None
        return default * count
    width = 4 * (flags & 0xF00).bit_count()
    first = 8 + 4 * bool(flags & 1) + 4 * bool(flags & 4)
    return sum(struct.unpack_from(">I", parts[b"trun"], first + width * index)[0] for index in range(count))


class Answer(NamedTuple):
    status: int
    headers: dict[str, str]
    body: bytes


class Origin(NamedTuple):
    """A running origin, as its clients and its operator see it."""

    environment: dict[str, str]
    process: "subprocess.Popen[bytes]"
    log: Path
    recording: Recording

    @property
    def host(self) -> str:
        return f"127.0.0.1:{self.environment['SEGUE_ORIGIN_PORT']}"

    def ask(self, path: str, *, method: str = "GET", **headers: str) -> Answer:
        """One request with exactly this path: a URL library would tidy it up first."""
        connection = http.client.HTTPConnection(self.host, timeout=120)
        try:
            connection.putrequest(method, path, skip_accept_encoding=True)
            for name, value in headers.items():
                connection.putheader(name.replace("_", "-"), value)
            connection.endheaders()
            answer = connection.getresponse()
            return Answer(answer.status, {k.lower(): v for k, v in answer.getheaders()}, answer.read())
        finally:
            connection.close()

    def path(self, name: str, *, lifetime_s: int = 600, **changes: object) -> str:
        """The signed path of a file of the recording."""
        key = origin_settings(self.environment).edge_keys[0]
        asset = self.recording.asset
        values = {
            "key_id": key.key_id,
            "secret": bytes.fromhex(key.secret.reveal()),
            "directory": layout.asset_directory(asset.asset_id),
            "expires_at_s": int(time.time()) + lifetime_s,
            **changes,
        }
        return f"/{mint(**values)}/{layout.revision_directory(asset.asset_id, asset.revision)}{name}"

    def url(self, name: str) -> str:
        return f"http://{self.host}{self.path(name)}"


@contextmanager
def running_origin(environment: dict[str, str], folder: Path, recording: Recording) -> Iterator[Origin]:
    """Start `origin.server.serve` in a process of its own and end it by SIGTERM."""
    log = folder / "origin.log"
    program = "import json, sys; from origin.server import serve; serve(json.load(sys.stdin))"
    with log.open("wb") as stream:
        process = subprocess.Popen(
            [sys.executable, "-c", program],
            stdin=subprocess.PIPE,
            stdout=stream,
            stderr=stream,
            cwd=Path(__file__).parents[2],
        )
    assert process.stdin is not None
    with process.stdin:
        process.stdin.write(json.dumps(environment).encode())
    origin = Origin(environment=environment, process=process, log=log, recording=recording)
    try:
        wait_until_live(origin)
        yield origin
    finally:
        process.terminate()
        try:
            process.wait(timeout=60)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


def wait_until_live(origin: Origin) -> None:
    deadline = time.monotonic() + 120
    while True:
        try:
            assert origin.ask("/health/live").status == 200
        except OSError:
            assert origin.process.poll() is None, origin.log.read_text()
            assert time.monotonic() < deadline, origin.log.read_text()
            time.sleep(0.02)
        else:
            return


def store_recording(environment: dict[str, str], recording: Recording) -> None:
    """Make the bucket and put there what ingest would have put."""

    async def put() -> None:
        async with open_store(s3_settings(environment)) as store:
            await store.create_bucket()
            for key, content in recording.objects().items():
                await store.write(key, content, content_type="application/octet-stream")

    asyncio.run(put())


@pytest.fixture(scope="session")
def start_origin(recording: Recording) -> Callable[..., object]:
    """Store the recording and give a context manager of a running origin, for tests that harm theirs."""

    def start(environment: dict[str, str], folder: Path) -> object:
        store_recording(environment, recording)
        return running_origin(environment, folder, recording)

    return start


@pytest.fixture(scope="session")
def origin(services, recording: Recording, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Origin]:
    """One origin over real S3 for all tests that only ask."""
    environment = {**services.environment, "SEGUE_S3_BUCKET": "origin-tests"}
    store_recording(environment, recording)
    with running_origin(environment, tmp_path_factory.mktemp("origin"), recording) as started:
        yield started

"""Masters made on the spot, and a queue, a store and worker processes for the tests that want real ones."""

import asyncio
import hashlib
import io
import json
import signal
import struct
import subprocess
import sys
import time
import wave
from collections.abc import AsyncIterator, Callable, Iterator
from fractions import Fraction
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

import asyncpg
import av
import numpy as np
import pytest
import pyvips
import soundfile
from pgqueuer.queries import Queries

from config.objects import ObjectStore, open_store
from config.settings import ingest_settings
from ingest.contract import ENTRYPOINT, UNDATED, Job, encode_job
from origin import asset as assets
from origin import layout
from origin.asset import Asset

ROOT = Path(__file__).parents[2]
LIMIT_S = 180.0


class Masters:
    """Builders of master files; frames are (n, channels) floats with full scale at 1.0."""

    @staticmethod
    def tone(seconds: float, rate: int = 48_000, *, channels: int = 2, dbfs: float = -20.0, hz: float = 997.0) -> Any:
        wave_ = 10 ** (dbfs / 20) * np.sin(2 * np.pi * hz * np.arange(round(seconds * rate)) / rate)
        return np.repeat(wave_[:, None], channels, axis=1)

    @staticmethod
    def music(seconds: float, rate: int = 48_000, *, channels: int = 2, seed: int = 1) -> Any:
        """Chords with a beat and a little noise: something that an encoder has to work on."""
        source = np.random.default_rng(seed)
        time_ = np.arange(round(seconds * rate)) / rate
        chord = sum(np.sin(2 * np.pi * hz * time_ + hz) for hz in (110.0, 220.5, 331.0, 442.0, 1764.0)) / 5
        beat = np.exp(-((time_ * 2) % 1.0) * 6)
        noise = source.normal(size=(len(time_), channels)) * 0.05
        return np.clip(0.6 * (chord * (0.3 + 0.7 * beat))[:, None] + noise * beat[:, None], -1, 1)

    @staticmethod
    def wav(frames: Any, rate: int = 48_000, *, bits: int = 16) -> bytes:
        """Written by the standard library."""
        whole = np.rint(frames * (2 ** (bits - 1) - 1)).astype("<i4")
        packed = np.ascontiguousarray(whole).view(np.uint8).reshape(*whole.shape, 4)[..., : bits // 8]
        buffer = io.BytesIO()
        with wave.open(buffer, "wb") as file:
            file.setnchannels(frames.shape[1])
            file.setsampwidth(bits // 8)
            file.setframerate(rate)
            file.writeframes(packed.tobytes())
        return buffer.getvalue()

    @staticmethod
    def flac(frames: Any, rate: int = 44_100, *, bits: int = 16) -> bytes:
        """Written by libFLAC, through libsndfile."""
        buffer = io.BytesIO()
        soundfile.write(buffer, frames, rate, format="FLAC", subtype=f"PCM_{bits}")
        return buffer.getvalue()

    @staticmethod
    def sndfile(frames: Any, rate: int, *, container: str, subtype: str) -> bytes:
        buffer = io.BytesIO()
        soundfile.write(buffer, frames, rate, format=container, subtype=subtype)
        return buffer.getvalue()

    @staticmethod
    def encoded(frames: Any, rate: int, *, container: str, codec: str, options: dict[str, str] | None = None) -> bytes:
        """Written by FFmpeg; `container` is its muxer's name."""
        layout = {1: "mono", 2: "stereo", 6: "5.1"}[frames.shape[1]]
        buffer = io.BytesIO()
        with av.open(buffer, "w", format=container, options=options or {}) as file:
            stream = file.add_stream(codec, rate=rate, layout=layout)
            form = "s16" if codec in ("flac", "libopus") else stream.codec_context.codec.audio_formats[0].name
            stream.codec_context.format = form
            resampler = av.AudioResampler(format=form, layout=layout, rate=stream.codec_context.sample_rate)
            samples = np.ascontiguousarray(frames.T, dtype=np.float32)
            frame = av.AudioFrame.from_ndarray(samples, format="fltp", layout=layout)
            frame.sample_rate, frame.time_base, frame.pts = rate, Fraction(1, rate), 0
            for piece in [*resampler.resample(frame), *resampler.resample(None)]:
                file.mux(stream.encode(piece))
            file.mux(stream.encode(None))
        return buffer.getvalue()

    @staticmethod
    def samples(master: bytes) -> Any:
        """The integers of an integer master, as libsndfile reads them: left-justified in 32 bits."""
        frames, _ = soundfile.read(io.BytesIO(master), dtype="int32", always_2d=True)
        return frames

    @staticmethod
    def with_cover(flac: bytes) -> bytes:
        """A FLAC file with a front cover of eight pixels, as its format has it (RFC 9639, section 8.8)."""
        picture = pyvips.Image.new_from_array(np.zeros((8, 8, 3), np.uint8)).write_to_buffer(".png")
        texts = [struct.pack(">I", len(text)) + text for text in (b"image/png", b"")]
        block = b"".join([struct.pack(">I", 3), *texts, struct.pack(">5I", 8, 8, 24, 0, len(picture)), picture])
        stream_info = 4 + 4 + 34
        return flac[:stream_info] + struct.pack(">I", 6 << 24 | len(block)) + block + flac[stream_info:]

    @staticmethod
    def riff(*chunks: tuple[bytes, bytes]) -> bytes:
        """A RIFF file of raw chunks, padded as it should be."""
        body = b"".join(
            struct.pack("<4sI", name, len(data)) + data + b"\x00" * (len(data) % 2) for name, data in chunks
        )
        return b"RIFF" + struct.pack("<I", 4 + len(body)) + b"WAVE" + body


@pytest.fixture(scope="session")
def masters() -> type[Masters]:
    return Masters


@pytest.fixture(scope="module", autouse=True)
def loaders_of_libvips() -> Iterator[None]:
    """A child allows libvips the format at hand alone, for good; this process goes on to other modules."""
    yield
    pyvips.block_untrusted_set(False)  # noqa: FBT003 -- libvips' signature
    pyvips.operation_block_set("VipsForeignLoad", False)  # noqa: FBT003 -- libvips' signature


# A complete upload of a track of its own, as graph writes it; the digest is the job's matter.
ANNOUNCE = """
CREATE FUNCTION pg_temp.announce(upload uuid, asset uuid, file_name text, size_bytes bigint) RETURNS void AS $$
    INSERT INTO users (id, email, display_name, password_hash, role)
        VALUES (upload, upload || '@example.org', 'A', 'x', 'artist');
    INSERT INTO artists (id, owner_id, name, search_text) VALUES (upload, upload, 'A', 'a');
    INSERT INTO tracks (id, artist_id, title, search_text, asset_id) VALUES (upload, upload, 'T', 't', asset);
    INSERT INTO uploads (id, user_id, track_id, object_key, file_name, content_type, size_bytes, sha256, expires_at)
        VALUES (upload, upload, upload, 'uploads/' || upload, file_name, 'audio/wav', size_bytes,
                sha256(upload::text::bytea), now() + interval '1 hour');
    INSERT INTO assets (asset_id, revision, upload_id, status) VALUES (asset, 1, upload, 'queued');
$$ LANGUAGE sql
"""


TWO_RUNGS = """
[[rung]]
name = "aac-320"
codec = "aac"
bandwidth_bps = 320000
files = ["cmaf"]

[[rung]]
name = "flac"
codec = "flac"
files = ["cmaf", "flac"]
"""


class Queue:
    """The database and the store of one test, as graph leaves them when an upload is complete."""

    def __init__(self, environment: dict[str, str], connection: asyncpg.Connection, store: ObjectStore) -> None:
        self.environment = environment
        self.connection = connection
        self.store = store

    async def add(
        self, master: bytes, *, file_name: str = "master.wav", stored: bytes | None = None, urgency: int = UNDATED
    ) -> Job:
        """Announce `master`, store it (or `stored` in its place) and enqueue the job."""
        upload = uuid4()
        job = Job(
            asset_id=uuid4(),
            revision=1,
            upload_key=f"uploads/{upload}",
            file_name=file_name,
            size_bytes=len(master),
            sha256=hashlib.sha256(master).hexdigest(),
            title="T",
        )
        await self.connection.execute(
            "SELECT pg_temp.announce($1, $2, $3, $4)", upload, job.asset_id, file_name, len(master)
        )
        await self.store.write(job.upload_key, master if stored is None else stored, content_type="audio/wav")
        await self.enqueue(job, urgency=urgency)
        return job

    async def enqueue(self, job: Job, *, urgency: int = UNDATED) -> None:
        await Queries.from_asyncpg_connection(self.connection).enqueue(ENTRYPOINT, encode_job(job), urgency)

    async def row(self, job: Job) -> asyncpg.Record:
        row = await self.connection.fetchrow("SELECT * FROM assets WHERE asset_id = $1", job.asset_id)
        assert row is not None
        return row

    async def final(self, *jobs: Job, limit_s: float = LIMIT_S) -> list[asyncpg.Record]:
        """The rows, once all of them are final."""
        return [await self.until(job, lambda row: row["status"] in ("ready", "failed"), limit_s) for job in jobs]

    async def until(
        self, job: Job, condition: Callable[[asyncpg.Record], bool], limit_s: float = LIMIT_S
    ) -> asyncpg.Record:
        deadline = time.monotonic() + limit_s
        while not condition(row := await self.row(job)):
            assert time.monotonic() < deadline, f"after {limit_s} s the row is {dict(row)}"
            await asyncio.sleep(0.05)
        return row

    async def queued(self) -> int:
        count: int = await self.connection.fetchval("SELECT count(*) FROM pgqueuer")
        return count

    async def drained(self, limit_s: float = LIMIT_S) -> None:
        """Return once no job is left in the queue."""
        deadline = time.monotonic() + limit_s
        while count := await self.queued():
            assert time.monotonic() < deadline, f"after {limit_s} s {count} jobs are left"
            await asyncio.sleep(0.05)

    async def keys_of(self, asset_id: UUID) -> list[str]:
        return sorted(await self.store.keys(f"assets/{asset_id}/"))

    async def nothing_stored(self, job: Job) -> bool:
        return not await self.keys_of(job.asset_id) and not await self.store.keys(job.upload_key)

    async def descriptor(self, job: Job) -> Asset:
        return assets.decode(await self.store.read(layout.descriptor_key(job.asset_id, job.revision)))

    def climb(self, ladder: str) -> None:
        """Have the workers that are started from now on make this ladder's rungs."""
        path = Path(self.environment["SEGUE_SCRATCH"]).with_name("ladder.toml")
        path.write_text(ladder)
        self.environment["SEGUE_LADDER"] = str(path)


@pytest.fixture
async def queue(environment: dict[str, str], tmp_path: Path) -> AsyncIterator[Queue]:
    settings = {**environment, "SEGUE_SCRATCH": str(tmp_path / "scratch"), "SEGUE_INGEST_HEARTBEAT_TIMEOUT_S": "2"}
    connection = await asyncpg.connect(environment["SEGUE_POSTGRES_URL"])
    await connection.execute(ANNOUNCE)
    async with open_store(ingest_settings(settings).s3) as store:
        yield Queue(settings, connection, store)
    await connection.close()


@pytest.fixture
def small(queue: Queue) -> None:
    """Two rungs: what is tested is the way of a job, not what it makes."""
    queue.climb(TWO_RUNGS)


class Workers:
    """Worker processes, as the command starts them, or such to which something happens (`faulty_worker`)."""

    def __init__(self, environment: dict[str, str], folder: Path) -> None:
        self._environment = environment
        self._folder = folder
        self._gate = folder / "gate"
        self.started: list[subprocess.Popen[bytes]] = []

    def start(self, **settings: str) -> "subprocess.Popen[bytes]":
        return self._run(
            ["-c", "import json, sys; from ingest.worker import main; main(json.load(sys.stdin))"],
            {**self._environment, **settings},
        )

    def start_faulty(
        self, *, place: str | None = None, act: str = "die", s3_timeout_s: float = 10.0, **settings: str
    ) -> "subprocess.Popen[bytes]":
        given = {
            "environment": {**self._environment, **settings},
            "gate": str(self._gate),
            "place": place,
            "act": act,
            "s3_timeout_s": s3_timeout_s,
        }
        return self._run(["-m", "tests.ingest.faulty_worker"], given)

    def let_go_on(self) -> None:
        """End the standing still, of those that are started later too."""
        self._gate.touch()

    def _run(self, arguments: list[str], given: dict[str, Any]) -> "subprocess.Popen[bytes]":
        with (self._folder / f"worker-{len(self.started)}.log").open("wb") as log:
            process = subprocess.Popen(
                [sys.executable, *arguments], cwd=ROOT, stdin=subprocess.PIPE, stdout=log, stderr=log
            )
        assert process.stdin is not None
        with process.stdin:
            process.stdin.write(json.dumps(given).encode())
        self.started.append(process)
        return process

    def logs(self) -> str:
        return "\n".join(path.read_text() for path in sorted(self._folder.glob("worker-*.log")))

    async def logged(self, text: str, limit_s: float = LIMIT_S) -> None:
        """Return once one of them has said so."""
        deadline = time.monotonic() + limit_s
        while text not in (said := self.logs()):
            assert time.monotonic() < deadline, said
            await asyncio.sleep(0.05)

    def end(self) -> None:
        self.let_go_on()
        for process in self.started:
            if process.poll() is None:
                process.send_signal(signal.SIGCONT)
                process.terminate()
        for process in self.started:
            try:
                process.wait(30)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()


@pytest.fixture
def workers(queue: Queue, tmp_path: Path) -> Iterator[Workers]:
    made = Workers(queue.environment, tmp_path)
    yield made
    made.end()

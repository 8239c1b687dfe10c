"""An origin over an object store of its own, without the rest of the appliance: what rows about reading measure.

The store is the embedded one; what lies in it was never music: blocks of noise that a descriptor lists, because a row
about bytes has no use for a decoder.
"""

from __future__ import annotations

import asyncio
import hashlib
import json
import os
import subprocess
import sys
import time
from collections.abc import AsyncIterator, Iterator, Sequence
from contextlib import asynccontextmanager, contextmanager, suppress
from pathlib import Path
from uuid import UUID, uuid4

import aiohttp
import msgspec

from appliance.embedded import s3
from config.objects import open_store
from config.settings import s3_settings
from edge.terms import NO_TERMS, Terms
from edge.token import mint
from loadtests.appliance import ROOT, free_ports
from origin import asset as assets
from origin import layout
from origin.asset import Asset, Codec, Loudness, Master, Rendition, Segment

START_TIMEOUT_S = 60
BUCKET, ACCESS_KEY, SECRET_KEY = "bench", "bench-access-key", "bench-secret-key"
KEY_ID, EDGE_SECRET, CONTENT_SECRET = "bench", "5e" * 32, "c0" * 32
SERVE = "import json, sys; from origin.server import serve; serve(json.load(sys.stdin))"

RATE_HZ = 48_000
SEGMENT_TICKS = 4 * RATE_HZ
HEADER = bytes(700)
SILENT = Loudness(integrated_lufs=None, true_peak_dbtp=None)


class OriginAlone(msgspec.Struct, frozen=True, kw_only=True):
    """A running origin: its settings and its supervising process."""

    environment: dict[str, str]
    pid: int

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.environment['SEGUE_ORIGIN_PORT']}"

    def media_url(self, asset: Asset, name: str, *, terms: Terms = NO_TERMS) -> str:
        """The signed URL of a file of the asset, under these terms."""
        return self.url + self.signed_path(asset, name, terms=terms)

    def signed_path(self, asset: Asset, name: str, *, terms: Terms = NO_TERMS, after_s: int = 0) -> str:
        """The path of that URL; another number of seconds makes another token."""
        token = mint(
            key_id=KEY_ID,
            secret=bytes.fromhex(EDGE_SECRET),
            directory=layout.asset_directory(asset.asset_id),
            expires_at_s=int(time.time()) + 3600 + after_s,
            terms=terms,
        )
        return f"/{token}/{layout.revision_directory(asset.asset_id, asset.revision)}{name}"

    async def store(self, files: Sequence[Sequence[bytes]]) -> Asset:
        """Store an asset with a rendition for each of `files`, which are the segments of one, and list it."""
        asset_id = uuid4()
        renditions = tuple(_rendition(f"noise-{number}", segments) for number, segments in enumerate(files))
        asset = _asset(asset_id, renditions)
        async with open_store(s3_settings(self.environment)) as objects:
            for rendition, segments in zip(renditions, files, strict=True):
                key = layout.track_file_key(asset_id, asset.revision, rendition.name)
                await objects.write(key, HEADER + b"".join(segments), content_type="audio/mp4")
            await objects.write(
                layout.descriptor_key(asset_id, asset.revision), assets.encode(asset), content_type="application/json"
            )
        return asset


@asynccontextmanager
async def origin_alone(folder: Path, **settings: str) -> AsyncIterator[OriginAlone]:
    """Start a store and an origin with these settings, their data in `folder`; both end with the block."""
    s3_port, origin_port = map(int, free_ports(2))
    environment = {
        "SEGUE_S3_ENDPOINT": s3.url(port=s3_port),
        "SEGUE_S3_BUCKET": BUCKET,
        "SEGUE_S3_ACCESS_KEY": ACCESS_KEY,
        "SEGUE_S3_SECRET_KEY": SECRET_KEY,
        "SEGUE_EDGE_KEYS": f"{KEY_ID}:{EDGE_SECRET}",
        "SEGUE_CONTENT_KEY_SECRET": CONTENT_SECRET,
        "SEGUE_ORIGIN_PORT": str(origin_port),
        **settings,
    }
    with _object_store(folder / "s3", s3_port), _origin(environment, folder / "origin.log") as pid:
        started = OriginAlone(environment=environment, pid=pid)
        async with asyncio.timeout(START_TIMEOUT_S), aiohttp.ClientSession() as http:
            while not await _is_ready(http, started.url):  # noqa: ASYNC110 -- another process gives no event to wait for
                await asyncio.sleep(0.02)
        yield started


@contextmanager
def _object_store(folder: Path, port: int) -> Iterator[None]:
    s3.make_bucket(folder, BUCKET)
    command = s3.server_command(folder, port=port, access_key=ACCESS_KEY, secret_key=SECRET_KEY)
    process = subprocess.Popen(  # noqa: S603 -- our own program
        command.guarded(os.getpid()), env=command.environment, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    )
    with _ended(process):
        yield


@contextmanager
def _origin(environment: dict[str, str], log: Path) -> Iterator[int]:
    with log.open("wb") as output:
        process = subprocess.Popen(  # noqa: S603 -- our own program
            [sys.executable, "-c", SERVE], cwd=ROOT, stdin=subprocess.PIPE, stdout=output, stderr=output
        )
    with _ended(process):
        assert process.stdin is not None  # noqa: S101 -- it is a pipe
        with process.stdin:
            process.stdin.write(json.dumps(environment).encode())
        yield process.pid


@contextmanager
def _ended(process: subprocess.Popen[bytes]) -> Iterator[None]:
    try:
        yield
    finally:
        process.terminate()
        process.wait(START_TIMEOUT_S)


async def _is_ready(http: aiohttp.ClientSession, url: str) -> bool:
    with suppress(aiohttp.ClientError):
        async with http.get(f"{url}/health/ready") as answer:
            return answer.status == 200
    return False


def _asset(asset_id: UUID, renditions: tuple[Rendition, ...]) -> Asset:
    first = renditions[0]
    master = Master(
        sample_rate_hz=RATE_HZ,
        channels=2,
        bits_per_sample=16,
        sample_count=first.sample_count,
        loudness=SILENT,
        pcm_sha256="0" * 64,
    )
    return Asset(asset_id=asset_id, revision=1, title="Noise", master=master, renditions=renditions)


def _rendition(name: str, segments: Sequence[bytes]) -> Rendition:
    return Rendition(
        name=name,
        codec=Codec.AAC,
        codec_string="mp4a.40.2",
        sample_rate_hz=RATE_HZ,
        channels=2,
        nominal_bandwidth_bps=160_000,
        average_bandwidth_bps=160_000,
        peak_bandwidth_bps=160_000,
        priming_samples=0,
        padding_samples=0,
        sample_count=SEGMENT_TICKS * len(segments),
        header_byte_length=len(HEADER),
        header_sha256=assets.block_digest(HEADER),
        segments=tuple(Segment(len(data), SEGMENT_TICKS, assets.block_digest(data)) for data in segments),
        sha256=hashlib.sha256(HEADER + b"".join(segments)).hexdigest(),
        gain_db=0.0,
        loudness=SILENT,
    )

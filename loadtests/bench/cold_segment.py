"""Row: a segment that no cache holds, beside the same bytes read from the object store without an origin.

Both are asked over connections that stand, in turns and in alternating order, so that what else the machine does meets
both alike. The baseline checks no token of ours, no digest, and keeps nothing. The segments of a rendition are asked
for from the last to the first, so that none was read ahead.

`python -m loadtests.bench.cold_segment` measures this row alone.
"""

from __future__ import annotations

import asyncio
import tempfile
import time
from pathlib import Path

import aiohttp
import numpy as np

from config.settings import s3_settings
from loadtests.bench.harness import Added, Row, Samples, report
from loadtests.bench.origin_alone import HEADER, OriginAlone, origin_alone
from loadtests.bench.press import LIFETIME_S, signer
from origin.asset import Asset
from origin.layout import track_file_key

SEGMENT_BYTES = 80_000
"""Four seconds at 160 kbit/s."""

RENDITION = "noise-0"
SEGMENTS = 200
"""Of one asset; a p99 wants a few hundred samples."""


async def cold_segment_row(folder: Path, rounds: int) -> Row:
    """Measure `SEGMENTS` segments a round."""
    noise = np.random.default_rng(1)
    ours: list[float] = []
    bare: list[float] = []
    async with origin_alone(folder) as origin, aiohttp.ClientSession(raise_for_status=True) as http:
        for _ in range(rounds):
            asset = await origin.store([[noise.bytes(SEGMENT_BYTES) for _ in range(SEGMENTS)]])
            await _timed(http, origin.media_url(asset, f"{RENDITION}.m3u8"))  # the descriptor is in its cache by now
            presigned = _presigned(origin, asset)
            for index in reversed(range(SEGMENTS)):
                pair = [(ours, origin.media_url(asset, f"{RENDITION}/{index}.m4s"), None), (bare, presigned, index)]
                for samples, url, part in pair if index % 2 else reversed(pair):
                    samples.append(await _timed(http, url, part))
    return Row(
        name="cold segment",
        ours=Samples(label="origin: token, digest, cache", seconds=tuple(ours)),
        baseline=Samples(label="presigned ranged GET at the store", seconds=tuple(bare)),
        goal=Added(median_s=0.002, p99_s=0.010),
    )


def _presigned(origin: OriginAlone, asset: Asset) -> str:
    """The URL of the track file, signed before the clock starts."""
    settings = s3_settings(origin.environment)
    place = {"Bucket": settings.bucket, "Key": track_file_key(asset.asset_id, asset.revision, RENDITION)}
    url: str = signer(settings).generate_presigned_url("get_object", Params=place, ExpiresIn=LIFETIME_S)
    return url


async def _timed(http: aiohttp.ClientSession, url: str, part: int | None = None) -> float:
    """The seconds of one GET, of a whole or of segment `part` of a track file."""
    start = len(HEADER) + (part or 0) * SEGMENT_BYTES
    headers = {} if part is None else {"range": f"bytes={start}-{start + SEGMENT_BYTES - 1}"}
    began = time.perf_counter()
    async with http.get(url, headers=headers) as answer:
        await answer.read()
    return time.perf_counter() - began


if __name__ == "__main__":
    with tempfile.TemporaryDirectory(prefix="segue-cold-") as temporary:
        print(report([asyncio.run(cold_segment_row(Path(temporary), rounds=3))]))  # noqa: T201 -- the report

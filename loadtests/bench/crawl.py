"""Row: the memory of an origin that somebody crawls, beside the size that its caches were given.

The library is several times as large as the caches, and every byte of it is asked for once, by as many at once as a
browser opens connections. What counts is how much the workers grow.

`python -m loadtests.bench.crawl` measures this row alone.
"""

from __future__ import annotations

import asyncio
import tempfile
from collections.abc import Sequence
from pathlib import Path

import aiohttp
import numpy as np

from loadtests.bench.harness import Peak, report
from loadtests.bench.memory import descendants, pss_kilobytes
from loadtests.bench.origin_alone import OriginAlone, origin_alone
from origin.asset import Asset

SEGMENT_CACHE_BYTES = 128 * 1024**2
DESCRIPTOR_CACHE_BYTES = 2 * 1024**2
ALLOWANCE = 1.1

SEGMENTS = 100
SEGMENT_BYTES = (12_000, 48_000, 80_000, 160_000)
"""Of the ladder's renditions: four seconds at 24, 96, 160 and 320 kbit/s."""

TIMES = 2.5
"""The size of the library, in caches."""

CONNECTIONS = 6

PATIENCE_S = 60
"""Memory is measured, not time: no read is given up because the machine is busy."""


async def crawl_row(folder: Path, *, lengths: Sequence[int] = SEGMENT_BYTES, times: float = TIMES) -> Peak:
    """Store the library, in segments of these lengths by turns and `times` the cache, and crawl it."""
    settings = {
        "SEGUE_SEGMENT_CACHE_BYTES": str(SEGMENT_CACHE_BYTES),
        "SEGUE_DESCRIPTOR_CACHE_BYTES": str(DESCRIPTOR_CACHE_BYTES),
        "SEGUE_READ_DEADLINE_S": str(PATIENCE_S),
    }
    noise, bytes_an_asset = np.random.default_rng(1), SEGMENTS * sum(lengths) // len(lengths)
    async with origin_alone(folder, **settings) as origin:
        library = [
            await origin.store([[noise.bytes(lengths[index % len(lengths)]) for index in range(SEGMENTS)]])
            for _ in range(round(times * SEGMENT_CACHE_BYTES / bytes_an_asset))
        ]
        await crawl(origin, library, segments=1)  # what is loaded and connected on first use is no growth
        before = megabytes(origin)
        await crawl(origin, library, segments=SEGMENTS)
        grown = megabytes(origin) - before
    return Peak(
        name="memory of an origin under a crawl",
        label=f"growth, caches of {(SEGMENT_CACHE_BYTES + DESCRIPTOR_CACHE_BYTES) / 1e6:.0f} MB",
        megabytes=grown,
        limit_megabytes=ALLOWANCE * (SEGMENT_CACHE_BYTES + DESCRIPTOR_CACHE_BYTES) / 1e6,
    )


async def crawl(origin: OriginAlone, library: list[Asset], *, segments: int) -> None:
    """Ask for the first `segments` of every asset once."""
    urls = iter([origin.media_url(asset, f"noise-0/{index}.m4s") for asset in library for index in range(segments)])

    async def fetch_on(http: aiohttp.ClientSession) -> None:
        for url in urls:
            async with http.get(url) as answer:
                await answer.read()

    async with aiohttp.ClientSession(raise_for_status=True) as http:
        await asyncio.gather(*(fetch_on(http) for _ in range(CONNECTIONS)))


def megabytes(origin: OriginAlone) -> float:
    return sum(pss_kilobytes(pid) for pid in descendants(origin.pid)) * 1024 / 1e6


if __name__ == "__main__":
    with tempfile.TemporaryDirectory(prefix="segue-crawl-") as temporary:
        print(report([asyncio.run(crawl_row(Path(temporary)))]))  # noqa: T201 -- the report

"""Rows: hot answers of the origin a second, beside nginx that serves the same bytes as a file.

One worker each, on loopback, driven by wrk in turns. Ours checks a token with every answer, counts it for its cache and
logs it; nginx does none of that. The seconds of a sample are those of one answer: one over the rate.

`python -m loadtests.bench.throughput` measures these rows alone.
"""

from __future__ import annotations

import asyncio
import getpass
import re
import shutil
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import aiohttp
import numpy as np

from edge.terms import Terms
from loadtests.appliance import free_ports
from loadtests.bench.harness import Pace, Row, Samples, report
from loadtests.bench.origin_alone import OriginAlone, origin_alone

TOOLS = ("nginx", "wrk")
SEGMENT_BYTES = 80_000
"""Four seconds at 160 kbit/s."""

SEGMENTS = 60
"""A playlist of four minutes."""

WRK = ("wrk", "-t1", "-c16", "-d4s")
SEGMENT_SHARE, PLAYLIST_SHARE, ENCRYPTED_SHARE = 0.4, 0.3, 0.9
"""Of the baseline's rate; a playlist's is 12,000 where nginx answers 40,000."""

NGINX = """
user {user};
worker_processes 1;
pid {folder}/nginx.pid;
error_log {folder}/error.log;
events {{ worker_connections 256; }}
http {{
    access_log off;
    sendfile on;
    tcp_nopush on;
    keepalive_requests 100000000;
    client_body_temp_path {folder};
    server {{ listen 127.0.0.1:{port}; root {folder}/www; }}
}}
"""


def missing_tools() -> str | None:
    """Why there can be no rows on this machine; None when there can."""
    missing = [tool for tool in TOOLS if shutil.which(tool) is None]
    return f"no {' and no '.join(missing)} on the PATH" if missing else None


async def throughput_rows(folder: Path, rounds: int) -> list[Row]:
    """Measure every URL once a round, after one that fills the caches."""
    segments = [np.random.default_rng(1).bytes(SEGMENT_BYTES) for _ in range(SEGMENTS)]
    async with origin_alone(folder) as origin:
        with nginx(folder / "nginx", segments[0]) as file_url:
            urls = {"nginx": file_url, **await _our_urls(origin, segments)}
            taken: dict[str, list[float]] = {name: [] for name in urls}
            for name, url in [*urls.items()] * rounds:
                taken[name].append(await asyncio.to_thread(seconds_of_one, url))
    samples = {name: Samples(label=name, seconds=tuple(seconds)) for name, seconds in taken.items()}
    segment, protected, playlist = (samples[name] for name in samples if name != "nginx")
    return [
        Row(name="hot segment", ours=segment, baseline=samples["nginx"], goal=Pace(times=SEGMENT_SHARE)),
        Row(name="hot encrypted segment", ours=protected, baseline=segment, goal=Pace(times=ENCRYPTED_SHARE)),
        Row(name="media playlist", ours=playlist, baseline=samples["nginx"], goal=Pace(times=PLAYLIST_SHARE)),
    ]


async def _our_urls(origin: OriginAlone, segments: list[bytes]) -> dict[str, str]:
    """What is asked for, by its label, each once so that it is hot."""
    asset = await origin.store([segments])
    protected = Terms(protection="protected")
    urls = {
        "segment of 80 kB, token checked": origin.media_url(asset, "noise-0/0.m4s"),
        "the same by AES-128": origin.media_url(asset, "aes128/noise-0/0.m4s", terms=protected),
        "playlist of 60 segments": origin.media_url(asset, "noise-0.m3u8"),
    }
    async with aiohttp.ClientSession(raise_for_status=True) as http:
        for url in urls.values():
            async with http.get(url) as answer:
                await answer.read()
    return urls


def seconds_of_one(url: str) -> float:
    """What wrk finds, as the seconds of one answer. Raises RuntimeError when any answer was none."""
    printed = subprocess.run([*WRK, url], check=True, capture_output=True, text=True).stdout  # noqa: S603 -- its arguments are ours
    rate = re.search(r"Requests/sec:\s+([0-9.]+)", printed)
    if rate is None or "Non-2xx" in printed or "Socket errors" in printed:
        raise RuntimeError(printed)
    return 1 / float(rate[1])


@contextmanager
def nginx(folder: Path, content: bytes) -> Iterator[str]:
    """One worker of nginx that serves `content`; answers its URL."""
    (folder / "www").mkdir(parents=True)
    (folder / "www" / "0.m4s").write_bytes(content)
    (port,) = free_ports(1)
    settings = folder / "nginx.conf"
    settings.write_text(NGINX.format(folder=folder, port=port, user=getpass.getuser()))
    command = ["nginx", "-c", str(settings), "-e", str(folder / "error.log"), "-g", "daemon off;"]
    process = subprocess.Popen(command)  # noqa: S603 -- its arguments are ours
    try:
        time.sleep(1)  # it tells nobody when it listens
        yield f"http://127.0.0.1:{port}/0.m4s"
    finally:
        process.terminate()
        process.wait()


if __name__ == "__main__":
    with tempfile.TemporaryDirectory(prefix="segue-throughput-") as temporary:
        print(report(asyncio.run(throughput_rows(Path(temporary), rounds=3))))  # noqa: T201 -- the report

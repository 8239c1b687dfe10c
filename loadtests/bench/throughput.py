"""Rows: hot answers of the origin a second, beside nginx that serves the same bytes as files.

One worker each, on loopback, driven by wrk in turns. wrk asks for twenty segments with two hundred tokens, so that no
answer is that of a single entry somewhere; nginx gets the same twenty segments as files, in the same order. Ours checks
a token with every answer, counts it for its cache and logs it; nginx does none of that. The seconds of a sample are
those of one answer: one over the rate.

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
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import aiohttp
import msgspec

from edge.terms import NO_TERMS, Terms
from loadtests.appliance import free_ports
from loadtests.bench.fragments import fragment
from loadtests.bench.harness import Pace, Row, Samples, report
from loadtests.bench.origin_alone import OriginAlone, origin_alone
from origin.asset import Asset

TOOLS = ("nginx", "wrk")
SEGMENT_BYTES = 80_000
"""Four seconds at 160 kbit/s."""

SEGMENTS = 60
"""A playlist of four minutes."""

HOT_SEGMENTS, TOKENS = 20, 200
PROTECTED = Terms(protection="protected")
SCHEMES = {"AES-128": "aes128", "cbcs": "cbcs", "cenc": "cenc"}

WRK = ("wrk", "-t1", "-c16", "-d4s")
SEGMENT_SHARE, PLAYLIST_SHARE, ENCRYPTED_SHARE = 0.4, 0.3, 0.9
"""Of the baseline's rate; a playlist's is 12,000 where nginx answers 40,000."""

SCRIPT = """
local requests, at = {}, 0
function init()
  for path in io.lines("PATHS") do requests[#requests + 1] = wrk.format("GET", path) end
end
function request()
  at = at % #requests + 1
  return requests[at]
end
"""
"""Asks for one path of the file after another."""

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


class Asked(msgspec.Struct, frozen=True):
    """What wrk asks a server for, in turn."""

    label: str
    server: str
    paths: tuple[str, ...]


def missing_tools() -> str | None:
    """Why there can be no rows on this machine; None when there can."""
    missing = [tool for tool in TOOLS if shutil.which(tool) is None]
    return f"no {' and no '.join(missing)} on the PATH" if missing else None


async def throughput_rows(folder: Path, rounds: int) -> list[Row]:
    """Measure everything once a round, after a round that fills the caches."""
    segments = [fragment(number, SEGMENT_BYTES) for number in range(SEGMENTS)]
    async with origin_alone(folder) as origin:
        with nginx(folder / "nginx", segments[:HOT_SEGMENTS]) as files:
            asset = await origin.store([segments])
            clear = _asked(origin, asset, "segment of 80 kB, token checked", "noise-0/{}.m4s")
            playlist = _asked(origin, asset, "playlist of 60 segments", "noise-0.m3u8")
            encrypted = [
                _asked(origin, asset, f"the same by {name}", f"{form}/noise-0/{{}}.m4s", terms=PROTECTED)
                for name, form in SCHEMES.items()
            ]
            await _warm([clear, playlist, *encrypted])
            taken = await _taken(folder, [files, clear, playlist, *encrypted], rounds)
    base, segment = taken[files.label], taken[clear.label]
    return [
        Row(name="hot segment", ours=segment, baseline=base, goal=Pace(times=SEGMENT_SHARE)),
        Row(name="media playlist", ours=taken[playlist.label], baseline=base, goal=Pace(times=PLAYLIST_SHARE)),
        *(
            Row(name=f"hot segment, {name}", ours=taken[one.label], baseline=segment, goal=Pace(times=ENCRYPTED_SHARE))
            for name, one in zip(SCHEMES, encrypted, strict=True)
        ),
    ]


def _asked(origin: OriginAlone, asset: Asset, label: str, name: str, *, terms: Terms = NO_TERMS) -> Asked:
    """The files of the asset that `name` says with the number of a segment, each time with another token."""
    names = [name.format(number % HOT_SEGMENTS) for number in range(TOKENS)]
    paths = [origin.signed_path(asset, name, terms=terms, after_s=number) for number, name in enumerate(names)]
    return Asked(label, origin.url, tuple(paths))


async def _warm(hot: Sequence[Asked]) -> None:
    async with aiohttp.ClientSession(raise_for_status=True) as http:
        for asked in hot:
            for path in asked.paths:
                async with http.get(asked.server + path) as answer:
                    await answer.read()


async def _taken(folder: Path, everything: Sequence[Asked], rounds: int) -> dict[str, Samples]:
    seconds: dict[str, list[float]] = {asked.label: [] for asked in everything}
    for asked in [*everything] * rounds:
        seconds[asked.label].append(await asyncio.to_thread(seconds_of_one, folder, asked))
    return {label: Samples(label=label, seconds=tuple(taken)) for label, taken in seconds.items()}


def seconds_of_one(folder: Path, asked: Asked) -> float:
    """What wrk finds, as the seconds of one answer. Raises RuntimeError when any answer was none."""
    paths, script = folder / "paths.txt", folder / "ask.lua"
    paths.write_text("\n".join(asked.paths))
    script.write_text(SCRIPT.replace("PATHS", str(paths)))
    command = [*WRK, "-s", str(script), asked.server]
    printed = subprocess.run(command, check=True, capture_output=True, text=True).stdout  # noqa: S603 -- its arguments are ours
    rate = re.search(r"Requests/sec:\s+([0-9.]+)", printed)
    if rate is None or "Non-2xx" in printed or "Socket errors" in printed:
        raise RuntimeError(printed)
    return 1 / float(rate[1])


@contextmanager
def nginx(folder: Path, contents: Sequence[bytes]) -> Iterator[Asked]:
    """One worker of nginx that serves these files; answers how they are asked for."""
    (folder / "www").mkdir(parents=True)
    for number, content in enumerate(contents):
        (folder / "www" / f"{number}.m4s").write_bytes(content)
    (port,) = free_ports(1)
    settings = folder / "nginx.conf"
    settings.write_text(NGINX.format(folder=folder, port=port, user=getpass.getuser()))
    command = ["nginx", "-c", str(settings), "-e", str(folder / "error.log"), "-g", "daemon off;"]
    process = subprocess.Popen(command)  # noqa: S603 -- its arguments are ours
    try:
        time.sleep(1)  # it tells nobody when it listens
        yield Asked("nginx", f"http://127.0.0.1:{port}", tuple(f"/{number}.m4s" for number in range(len(contents))))
    finally:
        process.terminate()
        process.wait()


if __name__ == "__main__":
    with tempfile.TemporaryDirectory(prefix="segue-throughput-") as temporary:
        print(report(asyncio.run(throughput_rows(Path(temporary), rounds=3))))  # noqa: T201 -- the report

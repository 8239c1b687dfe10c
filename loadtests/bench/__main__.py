"""`make bench`: prepares one home, starts it several times, and prints the rows.

python -m loadtests.bench [--rounds N] [--json FILE] [--synthetic HOME]
"""

from __future__ import annotations

import argparse
import asyncio
import sys
import tempfile
import time
from pathlib import Path
from uuid import UUID

import aiohttp

from appliance.demo.library import PIECES
from appliance.environment import environment
from appliance.home import open_home, resolve
from config.objects import open_store
from config.settings import s3_settings
from loadtests.appliance import Appliance, running, second_terminal
from loadtests.bench.cold_segment import cold_segment_row
from loadtests.bench.crawl import crawl_row
from loadtests.bench.graph import filled_home, graph_rows
from loadtests.bench.harness import AnyRow, Goal, Load, Peak, Row, Samples, report, to_json
from loadtests.bench.ladder import ladder_row, what_is_missing
from loadtests.bench.loudness import loudness_row
from loadtests.bench.memory import memory_row
from loadtests.bench.press import plain_get, press, signer
from loadtests.bench.startup import bare_postgres
from loadtests.bench.throughput import missing_tools, throughput_rows
from loadtests.bench.wrk import missing_tool
from origin.asset import decode
from origin.layout import descriptor_key

DEMO_TIMEOUT_S = 1800
LISTENER = "listener@bench.example"
FIND_TRACK = """
query($title: String!) {
  search(query: $title, kinds: [TRACK], first: 1) { edges { node { ... on Track { id } } } }
}
"""
DEMO_DONE = "segue play"  # the command to try next, which `segue up` prints when the demo library can be played


def main() -> None:
    parser = argparse.ArgumentParser(prog="make bench", description=__doc__)
    parser.add_argument("--rounds", type=int, default=5, help="starts of the appliance (default 5)")
    parser.add_argument("--json", type=Path, default=Path("bench.json"), help="where the samples go")
    parser.add_argument("--synthetic", type=Path, help="a home that `segue synth` has filled; else one is filled")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="segue-bench-") as folder:
        rows: list[AnyRow] = [*asyncio.run(measure(Path(folder), options.rounds))]
        rows += ingest_rows(Path(folder), options.rounds)
        say("loudness")
        rows.append(loudness_row(Path(folder), options.rounds))
        rows += origin_rows(Path(folder), options.rounds)
        rows += graph_rows_or_reason(Path(folder), options.rounds, home=options.synthetic)
    options.json.write_bytes(to_json(rows))
    print(report(rows))  # noqa: T201 -- the report is what the command is for


async def measure(folder: Path, rounds: int) -> list[Row]:
    """Prepare a home with the demo library, then take every row's samples in turns, so that noise meets all alike."""
    variables = second_terminal(folder / "home", environment())
    home = open_home(folder / "home")
    await prepare(variables, folder)
    ready, bare, pressed, plain = [], [], [], []
    for number in range(rounds):
        say(f"round {number + 1} of {rounds}")
        bare.append(await bare_postgres(home))
        with running(variables, folder / f"up-{number}.log") as appliance:
            ready.append(appliance.ready_after_s)
            presses, gets = await play_everything(appliance)
        pressed += presses
        plain += gets
    return [
        Row(
            name="make up to ready",
            ours=Samples(label="make up, prepared home", seconds=tuple(ready)),
            baseline=Samples(label="PostgreSQL alone, same data folder", seconds=tuple(bare)),
            goal=Goal(percent=100, limit_s=15),
        ),
        Row(
            name="press to first audio",
            ours=Samples(label="startPlayback, two playlists, header, first segment", seconds=tuple(pressed)),
            baseline=Samples(label="presigned GET of the same bytes at the store", seconds=tuple(plain)),
            goal=Goal(percent=95, limit_s=0.2),
        ),
    ]


def ingest_rows(folder: Path, rounds: int) -> list[Row | Peak]:
    """What the ingest takes, in the home that is prepared by now."""
    rows: list[Row | Peak] = []
    with running(second_terminal(folder / "home", environment()), folder / "ingest.log") as appliance:
        missing = what_is_missing()
        if missing is None:
            say("ladder")
            rows.append(ladder_row(appliance, folder, rounds))
        else:
            say(f"ladder: skipped, {missing}; Debian's package ffmpeg has everything")
        say("memory")
        rows.append(memory_row(appliance, folder))
    return rows


def origin_rows(folder: Path, rounds: int) -> list[Row | Peak]:
    """What the origin takes, alone with an object store."""
    say("cold segment")
    rows: list[Row | Peak] = [asyncio.run(cold_segment_row(folder / "cold", rounds))]
    missing = missing_tools()
    if missing is None:
        say("throughput")
        rows += asyncio.run(throughput_rows(folder / "throughput", rounds))
    else:
        say(f"throughput: skipped, {missing}; Debian's packages nginx-light and wrk have everything")
    say("crawl")
    rows.append(asyncio.run(crawl_row(folder / "crawl")))
    return rows


def graph_rows_or_reason(folder: Path, rounds: int, *, home: Path | None) -> list[Load]:
    """What the graph serves on a synthetic catalogue, which takes some minutes to fill if there is none yet."""
    missing = missing_tool()
    if missing is not None:
        say(f"graph: skipped, {missing}; Debian's package wrk has everything")
        return []
    if home is None:
        say("graph: filling a synthetic catalogue")
        home = filled_home(folder / "synthetic", folder / "filling")
    say("graph")
    return graph_rows(home, folder / "graph", rounds)


async def prepare(variables: dict[str, str], folder: Path) -> None:
    """The first start, with the demo library ingested to its last track."""
    say("preparing: first start and demo library")
    log = folder / "prepare.log"
    with running(variables, log):
        deadline = time.monotonic() + DEMO_TIMEOUT_S
        while DEMO_DONE not in log.read_text():
            if time.monotonic() > deadline:
                raise TimeoutError(log.read_text())
            await asyncio.sleep(0.2)


async def play_everything(appliance: Appliance) -> tuple[list[float], list[float]]:
    """Press play once on each demo track and read the same bytes plainly; answers both lists of seconds."""
    token = listener_token(appliance)
    store_settings = s3_settings(resolve(open_home(appliance.home), appliance.environment))
    s3 = signer(store_settings)
    presses, gets = [], []
    tracks = await demo_tracks(appliance, token)
    async with open_store(store_settings) as store:
        for track in tracks:
            seconds, master_url = await press(appliance.graph_url, token, track)
            presses.append(seconds)
            asset = decode(await store.read(descriptor_key(*asset_of(master_url))))
            gets.append(await plain_get(s3, store_settings, asset))
    return presses, gets


def listener_token(appliance: Appliance) -> str:
    appliance.segue("user", "create", LISTENER, "--role", "listener")  # refused in all rounds but the first
    return appliance.segue("token", LISTENER).stdout.splitlines()[-1]


async def demo_tracks(appliance: Appliance, token: str) -> list[str]:
    """The ids of the demo library's tracks, found as a listener finds them."""
    ids = []
    async with aiohttp.ClientSession(raise_for_status=True) as http:
        for piece in PIECES:
            async with http.post(
                f"{appliance.graph_url}/graphql",
                json={"query": FIND_TRACK, "variables": {"title": piece.title}},
                headers={"authorization": f"Bearer {token}"},
            ) as response:
                body = await response.json(content_type=None)
            ids.append(body["data"]["search"]["edges"][0]["node"]["id"])
    return ids


def asset_of(master_url: str) -> tuple[UUID, int]:
    """The asset and revision in `.../assets/{asset}/{revision}/master.m3u8`."""
    *_, asset_id, revision, _name = master_url.split("/")
    return UUID(asset_id), int(revision)


def say(line: str) -> None:
    print(line, file=sys.stderr, flush=True)  # noqa: T201 -- progress for the person who waits


if __name__ == "__main__":
    main()

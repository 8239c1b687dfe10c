"""Rows: what one worker of the graph serves on the catalogue of `segue synth`, over HTTP.

A page of 20 tracks with their artists and albums is measured beside plain Strawberry with DataLoaders on the same
tables (`loadtests.bench.plain_graph`), in turns; the home screen and one like stand alone. PostGraphile, which asks for
Node 22, is not measured.

`python -m loadtests.bench.graph` measures these rows alone, with `--home` on a home folder whose database `segue synth`
has filled; without it, one is made and filled first, which takes some minutes.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from urllib.error import URLError
from urllib.request import urlopen

from appliance.environment import environment
from appliance.home import open_home, resolve
from appliance.identity import find_account, token_source
from loadtests.appliance import ROOT, Appliance, free_ports, running, second_terminal
from loadtests.bench.harness import Load, report
from loadtests.bench.wrk import Ask, Target, answered, in_turns, missing_tool

LISTENERS = 40
"""Accounts that ask in turns; the first ones have the largest libraries."""
OURS = "segue, one worker"
TIMES = 3.0
TOKEN_LIFETIME_S = 4 * 3600
START_TIMEOUT_S = 60
SERVE = [sys.executable, "-m", "loadtests.bench.plain_graph"]

PAGE = """
query Page($after: String) {
  viewer {
    library {
      likedTracks(first: 20, after: $after) {
        edges {
          cursor
          node {
            id title explicit durationMs
            artist { id name }
            album { id title releaseDate }
          }
        }
        pageInfo { hasNextPage endCursor }
      }
    }
  }
}
"""
HOME = """
query Home {
  viewer {
    listening {
      recentlyPlayed(first: 10) { edges { node { id title artist { id name } album { id title } } } }
      topTracks(first: 10) { edges { node { id title artist { id name } } } }
    }
    library {
      likedTracks(first: 10) { edges { node { id title artist { id name } } } }
      savedAlbums(first: 10) { edges { node { id title artist { id name } } } }
      followedArtists(first: 10) { edges { node { id name } } }
    }
    playlists(first: 10) { edges { node { id name } } }
  }
}
"""
LIKE = """
mutation Like($trackId: ID!) {
  likeTrack(input: {trackId: $trackId}) { track { id } userErrors { code } }
}
"""


def graph_rows(home: Path, folder: Path, rounds: int) -> list[Load]:
    """Start the appliance on a filled home, and plain Strawberry beside it."""
    variables = second_terminal(home, environment()) | {"SEGUE_ACCESS_TOKEN_LIFETIME_S": str(TOKEN_LIFETIME_S)}
    folder.mkdir(parents=True, exist_ok=True)
    with running(variables, folder / "up.log", "--no-demo") as appliance:
        settings = resolve(open_home(appliance.home), appliance.environment)
        with plain(settings) as plain_url:
            return asyncio.run(_measure(appliance, plain_url, settings, folder, rounds=rounds))


async def _measure(
    appliance: Appliance, plain_url: str, settings: Mapping[str, str], folder: Path, *, rounds: int
) -> list[Load]:
    tokens = await _tokens(settings)
    first = [Ask(token=token, query=PAGE, variables={"after": None}) for token in tokens]
    pages = [
        Target(label=label, url=url, asks=await _pages(url, first))
        for label, url in ((OURS, appliance.graph_url), ("Strawberry with DataLoaders, one worker", plain_url))
    ]
    alone = [
        Target(label=OURS, url=appliance.graph_url, asks=asks)
        for asks in (
            [Ask(token=token, query=HOME, variables={}) for token in tokens],
            await _likes(appliance.graph_url, first),
        )
    ]
    for target in alone:
        await answered(target.url, target.asks[:LISTENERS])
    ours, theirs = await in_turns(pages, rounds=rounds, folder=folder / "pages")
    home, like = await in_turns(alone, rounds=rounds, folder=folder / "alone")
    return [
        Load(name="page of 20 tracks with artists and albums", ours=ours, baseline=theirs, times=TIMES),
        Load(name="home screen of six connections", ours=home),
        Load(name="one like", ours=like),
    ]


async def _pages(url: str, first: list[Ask]) -> list[Ask]:
    """The first pages and those that follow them, at this server."""
    pages = [data["viewer"]["library"]["likedTracks"] for data in await answered(url, first)]
    following = [
        Ask(token=ask.token, query=PAGE, variables={"after": page["pageInfo"]["endCursor"]})
        for ask, page in zip(first, pages, strict=True)
        if page["pageInfo"]["hasNextPage"]
    ]
    await answered(url, following)
    return [*first, *following]


async def _likes(url: str, first: list[Ask]) -> list[Ask]:
    """Everybody likes what somebody else likes, so that rows are written the first time."""
    pages = [data["viewer"]["library"]["likedTracks"]["edges"] for data in await answered(url, first)]
    tracks = [edge["node"]["id"] for page in pages for edge in page]
    return [Ask(token=ask.token, query=LIKE, variables={"trackId": track}) for track in tracks for ask in first]


async def _tokens(settings: Mapping[str, str]) -> list[str]:
    emails = [f"listener-{number:06}@synth.example" for number in range(LISTENERS)]
    return [token_source(settings, await find_account(settings, email))() for email in emails]


@contextmanager
def plain(settings: Mapping[str, str]) -> Iterator[str]:
    """Plain Strawberry on the same database; answers its address."""
    (port,) = free_ports(1)
    told = {
        "postgres_url": settings["SEGUE_POSTGRES_URL"],
        "access_token_key": settings["SEGUE_ACCESS_TOKEN_KEY"],
        "port": int(port),
    }
    process = subprocess.Popen(SERVE, cwd=ROOT, stdin=subprocess.PIPE, stderr=subprocess.DEVNULL)  # noqa: S603 -- ours
    try:
        assert process.stdin is not None  # noqa: S101 -- it is a pipe
        with process.stdin:
            process.stdin.write(json.dumps(told).encode())
        url = f"http://127.0.0.1:{port}"
        _wait_until_answered(url)
        yield url
    finally:
        process.terminate()
        process.wait(START_TIMEOUT_S)


def _wait_until_answered(url: str) -> None:
    deadline = time.monotonic() + START_TIMEOUT_S
    while time.monotonic() < deadline:
        try:
            urlopen(f"{url}/graphql?query=%7B__typename%7D", timeout=2).close()  # noqa: S310 -- loopback over http
        except (URLError, OSError):
            time.sleep(0.05)
        else:
            return
    raise TimeoutError(url)


def filled_home(home: Path, folder: Path, *options: str) -> Path:
    """A home folder whose database holds a synthetic catalogue of the sizes that `segue synth` is given."""
    variables = second_terminal(home, environment())
    folder.mkdir(parents=True, exist_ok=True)
    with running(variables, folder / "fill.log", "--no-demo") as appliance:
        outcome = appliance.segue("synth", *options)
        if outcome.returncode:
            raise RuntimeError(outcome.stderr)
    return home


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--home", type=Path, help="a home folder that `segue synth` has filled")
    parser.add_argument("--rounds", type=int, default=3)
    options = parser.parse_args()
    if (reason := missing_tool()) is not None:
        sys.exit(reason)
    with tempfile.TemporaryDirectory(prefix="segue-graph-bench-") as temporary:
        chosen = options.home or filled_home(Path(temporary) / "home", Path(temporary))
        print(report(graph_rows(chosen, Path(temporary), options.rounds)))  # noqa: T201 -- the report

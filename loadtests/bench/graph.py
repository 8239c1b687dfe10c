"""Rows: what one worker of the graph serves on the catalogue of `segue synth`, over HTTP.

A page of 20 tracks with their artists and albums is measured beside plain Strawberry with DataLoaders on the same
tables (`loadtests.bench.plain_graph`) and, where npm can install it, PostGraphile (`loadtests.bench.postgraphile`), in
turns; the home screen and one like stand alone.

`python -m loadtests.bench.graph` measures these rows alone, with `--home` on a home folder whose database `segue synth`
has filled; without it, one is made and filled first, which takes some minutes.
"""

from __future__ import annotations

import argparse
import asyncio
import sys
import tempfile
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

import msgspec

from appliance.environment import environment
from appliance.home import open_home, resolve
from appliance.identity import find_account, token_source
from loadtests.appliance import ROOT, Appliance, running, second_terminal
from loadtests.bench import postgraphile as postgraphiles
from loadtests.bench.harness import Load, report
from loadtests.bench.postgraphile import NotInstalled, postgraphile
from loadtests.bench.serving import served
from loadtests.bench.wrk import Ask, Target, answered, in_turns, missing_tool

LISTENERS = 40
"""Accounts that ask in turns; the first ones have the largest libraries."""
OURS = "segue, one worker"
PLAIN = "Strawberry with DataLoaders, one worker"
TIMES = 3.0
TOKEN_LIFETIME_S = 4 * 3600
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


class Peers(msgspec.Struct, frozen=True, kw_only=True):
    """The servers beside ours."""

    plain_url: str
    postgraphile_url: str | None
    absent: str
    """Why there is no PostGraphile."""


def graph_rows(home: Path, folder: Path, rounds: int) -> list[Load]:
    """Start the appliance on a filled home, and plain Strawberry beside it."""
    variables = second_terminal(home, environment()) | {"SEGUE_ACCESS_TOKEN_LIFETIME_S": str(TOKEN_LIFETIME_S)}
    folder.mkdir(parents=True, exist_ok=True)
    with running(variables, folder / "up.log", "--no-demo") as appliance:
        settings = resolve(open_home(appliance.home), appliance.environment)
        with ExitStack() as servers:
            plain_url = servers.enter_context(plain(settings))
            try:
                other, absent = servers.enter_context(postgraphile(settings, folder / "postgraphile")), ""
            except NotInstalled as error:
                other, absent = None, f"{postgraphiles.LABEL}: missing, {error}"
            peers = Peers(plain_url=plain_url, postgraphile_url=other, absent=absent)
            return asyncio.run(_measure(appliance, peers, settings, folder, rounds=rounds))


async def _measure(
    appliance: Appliance, peers: Peers, settings: Mapping[str, str], folder: Path, *, rounds: int
) -> list[Load]:
    tokens = await _tokens(settings)
    first = [Ask(token=token, query=PAGE, variables={"after": None}) for token in tokens]
    pages = [
        Target(label=label, url=url, asks=await _pages(url, first, _liked))
        for label, url in ((OURS, appliance.graph_url), (PLAIN, peers.plain_url))
    ]
    if peers.postgraphile_url is not None:
        pages.append(await _of_postgraphile(peers.postgraphile_url, tokens))
    alone = [
        Target(label=OURS, url=appliance.graph_url, asks=asks)
        for asks in (
            [Ask(token=token, query=HOME, variables={}) for token in tokens],
            await _likes(appliance.graph_url, first),
        )
    ]
    for target in alone:
        await answered(target.url, target.asks[:LISTENERS])
    ours, theirs, *others = await in_turns(pages, rounds=rounds, folder=folder / "pages")
    home, like = await in_turns(alone, rounds=rounds, folder=folder / "alone")
    return [
        Load(
            name="page of 20 tracks with artists and albums",
            ours=ours,
            baseline=theirs,
            times=TIMES,
            beside=tuple(others),
            absent=peers.absent,
        ),
        Load(name="home screen of six connections", ours=home),
        Load(name="one like", ours=like),
    ]


async def _of_postgraphile(url: str, tokens: list[str]) -> Target:
    first = [
        Ask(token=token, query=postgraphiles.PAGE, variables={"user": postgraphiles.user_of(token), "after": None})
        for token in tokens
    ]
    asks = await _pages(url, first, lambda data: data["allLikedTracks"])
    return Target(label=postgraphiles.LABEL, url=url, asks=asks)


def _liked(data: Any) -> Any:
    return data["viewer"]["library"]["likedTracks"]


async def _pages(url: str, first: list[Ask], page_of: Callable[[Any], Any]) -> list[Ask]:
    """The first pages and those that follow them, at this server."""
    pages = [page_of(data) for data in await answered(url, first)]
    following = [
        Ask(token=ask.token, query=ask.query, variables={**ask.variables, "after": page["pageInfo"]["endCursor"]})
        for ask, page in zip(first, pages, strict=True)
        if page["pageInfo"]["hasNextPage"]
    ]
    await answered(url, following)
    return [*first, *following]


async def _likes(url: str, first: list[Ask]) -> list[Ask]:
    """Everybody likes what somebody else likes, so that rows are written the first time."""
    pages = [_liked(data)["edges"] for data in await answered(url, first)]
    tracks = [edge["node"]["id"] for page in pages for edge in page]
    return [Ask(token=ask.token, query=LIKE, variables={"trackId": track}) for track in tracks for ask in first]


async def _tokens(settings: Mapping[str, str]) -> list[str]:
    emails = [f"listener-{number:06}@synth.example" for number in range(LISTENERS)]
    return [token_source(settings, await find_account(settings, email))() for email in emails]


@contextmanager
def plain(settings: Mapping[str, str]) -> Iterator[str]:
    """Plain Strawberry on the same database; answers its address."""
    told = {"postgres_url": settings["SEGUE_POSTGRES_URL"], "access_token_key": settings["SEGUE_ACCESS_TOKEN_KEY"]}
    with served(SERVE, told, folder=ROOT) as url:
        yield url


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

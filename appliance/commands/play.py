"""`segue play`: a signed URL of a track, alone on the last line of standard output, for any player to open."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from typing import TYPE_CHECKING

import click

from appliance.invocation import Invocation, pass_invocation

if TYPE_CHECKING:
    from appliance.client import GraphClient
    from appliance.listening import Track

HLS, DASH, PROGRESSIVE = "hls", "dash", "progressive"
AUTO = "auto"


@click.command
@click.argument("query", required=False, metavar="[QUERY-OR-ID]")
@click.option(
    "--protocol",
    type=click.Choice([HLS, DASH, PROGRESSIVE]),
    default=HLS,
    show_default=True,
    help="Progressive is one whole file, which every player opens.",
)
@click.option(
    "--quality",
    metavar="NAME",
    default=AUTO,
    show_default=True,
    help="Of a progressive file, by its name in the ladder, such as mp3-320. With HLS and DASH the player chooses.",
)
@click.option("--cdn", type=click.Choice(["origin"]), default="origin", show_default=True, help="Who delivers.")
@click.option("--as", "email", metavar="EMAIL", help="The account that listens; without it the demo listener.")
@click.option("--print-url", is_flag=True, help="Print the URL and nothing else.")
@pass_invocation
def play(  # noqa: PLR0917 -- click passes every option by its name
    invocation: Invocation,
    query: str | None,
    protocol: str,
    quality: str,
    cdn: str,  # noqa: ARG001 -- one choice so far; the option is part of the contract with scripts
    email: str | None,
    *,
    print_url: bool,
) -> None:
    """Print a signed URL that any player opens.

    QUERY-OR-ID is what one would type into a search, or a track's id; without it a demo track is taken.
    """
    if quality != AUTO and protocol != PROGRESSIVE:
        raise click.UsageError("--quality goes with --protocol progressive: a player of HLS or DASH chooses by itself.")
    title, url = asyncio.run(_play(invocation.environment, query, email, protocol=protocol, quality=quality))
    if not print_url:
        speaks = "" if protocol == PROGRESSIVE else f" that speaks {protocol.upper()}"
        click.echo(f"{title}. Open this URL in a player{speaks}, such as mpv or VLC:", err=True)
    click.echo(url)


async def _play(
    environment: Mapping[str, str], query: str | None, email: str | None, *, protocol: str, quality: str
) -> tuple[str, str]:
    """What plays, and its URL."""
    from appliance.client import graph_url, open_client
    from appliance.demo.accounts import LISTENER_EMAIL
    from appliance.identity import NoSuchAccount, find_account, token_source
    from appliance.listening import find_track, start_playback, start_whole

    try:
        account = await find_account(environment, email or LISTENER_EMAIL)
    except NoSuchAccount as error:
        if email is not None:
            raise
        raise NoSuchAccount(LISTENER_EMAIL, "name the account that listens by --as EMAIL") from error
    async with open_client(graph_url(environment), token_source(environment, account)) as client:
        track = await find_track(client, query) if query is not None else await _demo_track(client)
        if protocol == PROGRESSIVE:
            file = await start_whole(client, track, None if quality == AUTO else quality)
            return track.described, file.url
        playback = await start_playback(client, track)
    return track.described, playback.hls_url if protocol == HLS else playback.dash_url


async def _demo_track(client: GraphClient) -> Track:
    from appliance.demo.library import PIECES
    from appliance.listening import NothingFound, find_track

    try:
        return await find_track(client, PIECES[0].title)
    except NothingFound as error:
        raise NothingFound("there is no demo library here; name a track by its title or id") from error

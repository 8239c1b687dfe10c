"""`segue play`: a signed URL of a track or an album, alone on the last line of standard output, for any player."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from typing import TYPE_CHECKING

import click
import msgspec

from appliance.invocation import Invocation, pass_invocation

if TYPE_CHECKING:
    from appliance.client import GraphClient
    from appliance.listening import Track

HLS, DASH, PROGRESSIVE = "hls", "dash", "progressive"
AUTO = "auto"
NONE, AES_128 = "none", "aes-128"
PROTECTIONS = (NONE, AES_128, "cbcs", "cenc")
"""The API's names, as a command line spells them."""


class Wish(msgspec.Struct, frozen=True, kw_only=True):
    """What the options ask for; `album` and `query` are words or ids, None for what the demo has."""

    query: str | None
    album: str | None
    protocol: str
    quality: str
    protection: str

    def check(self) -> None:
        """Raise UsageError for options that exclude each other."""
        whole = self.protocol == PROGRESSIVE
        for wrong, message in (
            (
                self.quality != AUTO and not whole,
                "--quality goes with --protocol progressive: a player of HLS or DASH chooses by itself.",
            ),
            (self.album is not None and self.query is not None, "Name a track, or an album by --album, and not both."),
            (self.album is not None and whole, "--album is one stream of all tracks; take --protocol hls or dash."),
            (self.protection != NONE and whole, "Whole files are not protected; take --protocol hls or dash."),
            (
                self.protection == AES_128 and self.protocol == DASH,
                "DASH has no aes-128; take --protection cbcs or cenc.",
            ),
        ):
            if wrong:
                raise click.UsageError(message)

    @property
    def protection_name(self) -> str:
        """As the API calls it."""
        return self.protection.replace("-", "_").upper()


class Found(msgspec.Struct, frozen=True, kw_only=True):
    """What plays, and where."""

    title: str
    url: str
    license_url: str | None = None


@click.command
@click.argument("query", required=False, metavar="[QUERY-OR-ID]")
@click.option("--album", metavar="QUERY-OR-ID", help="A whole album in place of a track, as one stream without a gap.")
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
@click.option(
    "--protection",
    type=click.Choice(PROTECTIONS),
    default=NONE,
    show_default=True,
    help="How the media are encrypted on the way.",
)
@click.option("--cdn", type=click.Choice(["origin"]), default="origin", show_default=True, help="Who delivers.")
@click.option("--as", "email", metavar="EMAIL", help="The account that listens; without it the demo listener.")
@click.option("--print-url", is_flag=True, help="Print the URL and nothing else.")
@pass_invocation
def play(  # noqa: PLR0917 -- click passes every option by its name
    invocation: Invocation,
    query: str | None,
    album: str | None,
    protocol: str,
    quality: str,
    protection: str,
    cdn: str,  # noqa: ARG001 -- one choice so far; the option is part of the contract with scripts
    email: str | None,
    *,
    print_url: bool,
) -> None:
    """Print a signed URL that any player opens.

    QUERY-OR-ID is what one would type into a search, or an id; without it a demo track is taken.
    """
    wish = Wish(query=query, album=album, protocol=protocol, quality=quality, protection=protection)
    wish.check()
    found = asyncio.run(_play(invocation.environment, wish, email))
    if not print_url:
        speaks = "" if protocol == PROGRESSIVE else f" that speaks {protocol.upper()}"
        click.echo(f"{found.title}. Open this URL in a player{speaks}, such as mpv or VLC:", err=True)
        if found.license_url is not None:
            click.echo(f"Its ClearKey licences are at {found.license_url}", err=True)
    click.echo(found.url)


async def _play(environment: Mapping[str, str], wish: Wish, email: str | None) -> Found:
    from appliance.client import graph_url, open_client
    from appliance.demo.accounts import LISTENER_EMAIL
    from appliance.identity import NoSuchAccount, find_account, token_source

    try:
        account = await find_account(environment, email or LISTENER_EMAIL)
    except NoSuchAccount as error:
        if email is not None:
            raise
        raise NoSuchAccount(LISTENER_EMAIL, "name the account that listens by --as EMAIL") from error
    async with open_client(graph_url(environment), token_source(environment, account)) as client:
        return await (_track(client, wish) if wish.album is None else _album(client, wish, wish.album))


async def _track(client: GraphClient, wish: Wish) -> Found:
    from appliance.listening import find_track, start_playback, start_whole

    track = await find_track(client, wish.query) if wish.query is not None else await _demo_track(client)
    if wish.protocol == PROGRESSIVE:
        file = await start_whole(client, track, None if wish.quality == AUTO else wish.quality)
        return Found(title=track.described, url=file.url)
    playback = await start_playback(client, track, wish.protection_name)
    url = _chosen(wish, playback.hls_url, playback.dash_url)
    return Found(title=track.described, url=url, license_url=playback.license_url)


async def _album(client: GraphClient, wish: Wish, words: str) -> Found:
    from appliance.albums import find_album, start_album

    album = await find_album(client, words)
    playback = await start_album(client, album, wish.protection_name)
    return Found(title=album.described, url=_chosen(wish, playback.hls_url, playback.dash_url))


def _chosen(wish: Wish, hls_url: str, dash_url: str | None) -> str:
    """The manifest of the protocol; for one that the scheme does not have, `Wish.check` has refused."""
    return hls_url if wish.protocol == HLS or dash_url is None else dash_url


async def _demo_track(client: GraphClient) -> Track:
    from appliance.demo.library import PIECES
    from appliance.listening import NothingFound, find_track

    try:
        return await find_track(client, PIECES[0].title)
    except NothingFound as error:
        raise NothingFound("there is no demo library here; name a track by its title or id") from error

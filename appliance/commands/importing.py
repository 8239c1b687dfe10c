"""`segue import`: a folder of music goes up the way that every client's upload goes."""

from __future__ import annotations

import asyncio
import sys
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING

import click

from appliance.invocation import Invocation, pass_invocation

if TYPE_CHECKING:
    from appliance.importer.files import Source
    from appliance.importer.outcome import Outcome
    from appliance.importer.report import Report
    from graph.accounts.records import User

PIPE_WIDTH = 120  # a pipe has none, and rich's guess of 80 folds every path
INTERRUPTED = 130  # what a shell reports of a program that Ctrl-C ended


@click.command("import")
@click.argument("paths", nargs=-1, required=True, metavar="PATH...", type=click.Path(exists=True, path_type=Path))
@click.option("--json", "as_json", is_flag=True, help="Print one line of JSON a file, and nothing else.")
@click.option("--as", "email", metavar="EMAIL", help="The account that will own the music; without it the demo artist.")
@pass_invocation
def import_(invocation: Invocation, paths: tuple[Path, ...], email: str | None, *, as_json: bool) -> None:
    """Import files and folders of music.

    Each file is uploaded and followed until listeners can play it. What is there already, as a file or as the same
    audio in another file, is left alone. Run it again after an interruption: it goes on where it stopped, also in the
    middle of a large file.

    The exit status is 0 when everything is there, 1 when a file failed, 2 when there was nothing to import, and 130
    after Ctrl-C.
    """
    from appliance.importer.files import find
    from appliance.importer.outcome import Status

    sources, left = find(paths)
    if left:
        click.echo(f"Left out as no music: {_listed(left)}.", err=True)
    if not sources:
        raise click.UsageError("there is no file to import in what was named")
    report = _report(sources, as_json=as_json)
    began = time.monotonic()
    try:
        outcomes = asyncio.run(_import(invocation.environment, email, sources, report))
    except KeyboardInterrupt:
        click.echo("Stopped. Run the same command again to go on from here.", err=True)
        sys.exit(INTERRUPTED)
    report.summary(outcomes, elapsed_s=time.monotonic() - began)
    sys.exit(1 if any(outcome.status is Status.FAILED for outcome in outcomes) else 0)


async def _import(
    environment: Mapping[str, str], email: str | None, sources: Sequence[Source], report: Report
) -> list[Outcome]:
    from appliance.importer.recognition import ByFingerprint
    from appliance.importer.session import import_as

    account = await _account(environment, email)
    with report, TemporaryDirectory(prefix="segue-import-") as scratch:
        recognition = ByFingerprint(Path(scratch))
        return await import_as(account, sources, environment=environment, report=report, recognition=recognition)


async def _account(environment: Mapping[str, str], email: str | None) -> User:
    from appliance.demo.accounts import ARTIST_EMAIL
    from appliance.identity import NoSuchAccount, find_account

    if email is not None:
        return await find_account(environment, email)
    try:
        return await find_account(environment, ARTIST_EMAIL)
    except NoSuchAccount as error:
        remedy = "name the account that will own the music by --as EMAIL"
        raise NoSuchAccount(ARTIST_EMAIL, remedy) from error


def _report(sources: Sequence[Source], *, as_json: bool) -> Report:
    from rich.console import Console

    from appliance.importer.report import JsonReport, LiveReport, PlainReport

    if as_json:
        return JsonReport()
    sizes = {source.file: _size_bytes(source.file) for source in sources}
    console = Console()
    if not console.is_terminal:
        return PlainReport(Console(width=PIPE_WIDTH), sizes)
    return LiveReport(console, sizes)


def _size_bytes(file: Path) -> int:
    try:
        return file.stat().st_size
    except OSError:  # its own turn will tell
        return 0


def _listed(files: Sequence[Path]) -> str:
    from appliance.importer.files import shown

    named = ", ".join(shown(Path(file.name)) for file in files[:3])
    return named if len(files) <= 3 else f"{named} and {len(files) - 3} more"

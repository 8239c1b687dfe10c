"""`segue jobs list`, `retry` and `drop`: the ingest's jobs, and what became of those that we failed."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Awaitable, Callable, Mapping
from typing import TYPE_CHECKING, Any

import click

from appliance.errors import ApplianceError
from appliance.invocation import Invocation, pass_invocation

if TYPE_CHECKING:
    from rich.table import Table

    from config.postgres import Pool
    from ingest.jobs.quarantine import Entry, Handle

PIPE_WIDTH = 160  # a pipe has none, and rich's guess of 80 folds every line


class JobRefused(ApplianceError):
    """A job that was named cannot be tried again or given up; the message says why."""

    code = "job_refused"


@click.group
def jobs() -> None:
    """Show the ingest's jobs; try quarantined ones again, or give them up.

    A job is quarantined when it failed three times by a fault of ours. Its upload is kept until it is tried again with
    success, dropped, its track gets a later master, or is deleted.
    """


@jobs.command("list")
@click.option("--quarantined", is_flag=True, help="Only those that wait for you.")
@click.option("--json", "as_json", is_flag=True, help="Print one line of JSON a job, and nothing else.")
@pass_invocation
def list_(invocation: Invocation, *, quarantined: bool, as_json: bool) -> None:
    """List the jobs that wait, run or are quarantined, the oldest first."""
    from ingest.jobs.quarantine import unfinished

    found: list[Entry] = asyncio.run(_with_pool(invocation.environment, unfinished))
    shown = [entry for entry in found if entry.state == "quarantined" or not quarantined]
    if as_json:
        for entry in shown:
            click.echo(json.dumps(_record(entry)))
    elif shown:
        _print(_table(shown))
    else:
        click.echo("No job is in quarantine." if quarantined else "No job waits, runs or is in quarantine.")


@jobs.command()
@click.argument("names", nargs=-1, metavar="JOB...")
@click.option("--all", "every", is_flag=True, help="Every quarantined job.")
@pass_invocation
def retry(invocation: Invocation, names: tuple[str, ...], *, every: bool) -> None:
    """Put quarantined jobs back into the queue, in front of the others.

    Mend first what `segue jobs list` tells of them. JOB is as it is listed.
    """
    from ingest.jobs import quarantine

    _apply(invocation, names, quarantine.retry, every=every, done="queued")


@jobs.command()
@click.argument("names", nargs=-1, metavar="JOB...")
@click.option("--all", "every", is_flag=True, help="Every quarantined job.")
@pass_invocation
def drop(invocation: Invocation, names: tuple[str, ...], *, every: bool) -> None:
    """Give quarantined jobs up, for good, and remove their uploads.

    The artist has to upload the file again. JOB is as it is listed.
    """
    from ingest.jobs import quarantine

    _apply(invocation, names, quarantine.drop, every=every, done="dropped")


def _apply(
    invocation: Invocation,
    names: tuple[str, ...],
    change: Callable[[Pool, Handle], Awaitable[None]],
    *,
    every: bool,
    done: str,
) -> None:
    """Change the named jobs, or all that are quarantined, and tell each. Raises JobRefused at the first that is not."""
    from ingest.errors import NotQuarantined
    from ingest.jobs.quarantine import unfinished

    if bool(names) == every:
        raise click.UsageError("name the jobs as `segue jobs list` does, or give --all")
    handles = [_handle(name) for name in names]

    async def apply(pool: Pool) -> None:
        chosen: list[Handle] = handles
        if every:
            chosen = [entry.handle for entry in await unfinished(pool) if entry.state == "quarantined"]
        for handle in chosen:
            try:
                await change(pool, handle)
            except NotQuarantined as error:
                raise JobRefused(str(error)) from error
            click.echo(f"{done} {handle}")

    asyncio.run(_with_pool(invocation.environment, apply))


def _handle(name: str) -> Handle:
    from ingest.jobs.quarantine import Handle

    try:
        return Handle.parse(name)
    except ValueError as error:
        raise click.UsageError(f"{name} is no job; `segue jobs list` names them") from error


async def _with_pool(environment: Mapping[str, str], work: Callable[[Pool], Awaitable[Any]]) -> Any:
    from config.postgres import open_pool
    from config.settings import postgres_settings

    async with open_pool(postgres_settings(environment)) as pool:
        return await work(pool)


def _record(entry: Entry) -> dict[str, object]:
    return {
        "job": str(entry.handle),
        "title": entry.title,
        "artist": entry.artist,
        "state": entry.state,
        "stage": entry.stage,
        "fraction": round(entry.fraction, 3),
        "attempts": entry.attempts,
        "queued_at": entry.queued_at.isoformat(timespec="seconds"),
        "fault": entry.fault,
    }


def _table(entries: list[Entry]) -> Table:
    from rich import box
    from rich.markup import escape
    from rich.table import Table

    table = Table(box=box.SIMPLE_HEAD, pad_edge=False)
    table.add_column("job", no_wrap=True)
    for name in ("track", "state", "step", "tries", "since"):
        table.add_column(name)
    table.add_column("fault", overflow="fold")
    for entry in entries:
        colour = "red" if entry.state == "quarantined" else ""
        table.add_row(
            str(entry.handle),
            escape(f"{entry.artist} - {entry.title}"),
            f"[{colour}]{entry.state}[/]" if colour else entry.state,
            f"{entry.stage} {entry.fraction:.0%}",
            str(entry.attempts),
            f"{entry.queued_at:%Y-%m-%d %H:%M}",
            escape(entry.fault or ""),
        )
    return table


def _print(table: Table) -> None:
    from rich.console import Console

    console = Console()
    (console if console.is_terminal else Console(width=PIPE_WIDTH)).print(table)

"""`segue up`, and each process alone: `graph`, `origin`, `ingest`, `migrate`.

A process alone takes its settings from the variables, and what they leave out from the home folder when there is one.
"""

from __future__ import annotations

import asyncio
import os
import shlex
import sys
from pathlib import Path

import click

from appliance.invocation import Invocation, pass_invocation


@click.command
@click.option(
    "--home",
    type=click.Path(path_type=Path),
    help="The folder of the data and the secrets; made when it is missing.",
)
@click.option("--demo/--no-demo", default=True, help="Import the demo library when it is not there yet.")
@pass_invocation
def up(parent: Invocation, home: Path | None, *, demo: bool) -> None:
    """Run everything on this machine, in the foreground.

    Starts the graph, the origin and an ingest worker, and embedded PostgreSQL, Valkey and S3 for those that no SEGUE_*
    variable points elsewhere. Ctrl-C stops all of it.
    """
    from appliance.up import up as run

    chosen = parent if home is None else parent.on(home)
    asyncio.run(run(chosen.home, chosen.variables, demo=demo, program=_program(chosen), say=click.echo))


def _program(invocation: Invocation) -> str:
    """How to call `segue` again from the same shell on the same home folder."""
    called = os.path.relpath(sys.argv[0]) if Path(sys.argv[0]).name == "segue" else "segue"
    if called.startswith(os.pardir):
        called = sys.argv[0]
    if invocation.home == invocation.default_home:
        return called
    return f"{called} --home {shlex.quote(str(invocation.home.folder))}"


@click.command
@pass_invocation
def graph(parent: Invocation) -> None:
    """Run the GraphQL API alone."""
    from graph.server import serve

    serve(parent.environment)


@click.command
@pass_invocation
def origin(parent: Invocation) -> None:
    """Run the packaging origin alone."""
    from origin.server import serve

    serve(parent.environment)


@click.command
@pass_invocation
def ingest(parent: Invocation) -> None:
    """Run one ingest worker alone."""
    from ingest.worker import main

    main(parent.environment)


@click.command
@pass_invocation
def migrate(parent: Invocation) -> None:
    """Bring the database's schema up to date."""
    from appliance.schema_version import bring_up_to_date

    applied = asyncio.run(bring_up_to_date(parent.environment))
    for name in applied:
        click.echo(f"applied {name}")
    if not applied:
        click.echo("nothing to apply")

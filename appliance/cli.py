"""The `segue` command: the list of its sub-commands, and how each of their errors is told.

A sub-command is imported when it is called, so that `segue --help` answers at once and a process loads only what it
runs. Errors of our packages are one sentence on standard error and exit status 1; a traceback means a bug.

Not here: the sub-commands (`appliance.commands`).
"""

from __future__ import annotations

import importlib
import sys
from pathlib import Path
from typing import Any

import click

from appliance.environment import environment
from appliance.errors import ApplianceError
from appliance.invocation import Invocation
from config.errors import ConfigError

COMMANDS: dict[str, tuple[str, str]] = {
    "up": ("processes:up", "Run everything on this machine, in the foreground; Ctrl-C stops it."),
    "import": ("importing:import_", "Import a folder of music through the upload path of every client."),
    "play": ("play:play", "Print a signed URL that any player opens."),
    "user": ("accounts:user", "Make accounts."),
    "token": ("accounts:token", "Print an access token of an account, for scripts."),
    "doctor": ("doctor:doctor", "Check every connection and say what to mend."),
    "lint": ("lint:lint", "Check any HLS stream against Apple's rules for audio."),
    "jobs": ("jobs:jobs", "List the ingest's jobs; retry or drop quarantined ones."),
    "graph": ("processes:graph", "Run the GraphQL API alone."),
    "origin": ("processes:origin", "Run the packaging origin alone."),
    "ingest": ("processes:ingest", "Run one ingest worker alone."),
    "migrate": ("processes:migrate", "Bring the database's schema up to date."),
    "synth": ("synth:synth", "Fill an empty database with a made-up catalogue."),
    "schema": ("schema:schema", "Print the GraphQL schema; write or check its files and pages."),
}
"""Where each sub-command is, as `module:name` in `appliance.commands`, and what `--help` says of it."""


class LazyGroup(click.Group):
    """A group that knows its commands by :data:`COMMANDS` alone until one is called."""

    def list_commands(self, ctx: click.Context) -> list[str]:  # noqa: ARG002 -- click's signature
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:  # noqa: ARG002 -- click's signature
        if cmd_name not in COMMANDS:
            return None
        module, _, name = COMMANDS[cmd_name][0].partition(":")
        command: click.Command = getattr(importlib.import_module(f"appliance.commands.{module}"), name)
        return command

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:  # noqa: ARG002 -- click's signature
        with formatter.section("Commands"):
            formatter.write_dl([(name, text) for name, (_, text) in COMMANDS.items()])


@click.group(cls=LazyGroup, context_settings={"help_option_names": ["-h", "--help"]})
@click.option(
    "--home",
    type=click.Path(path_type=Path),
    help="The folder of the data and the secrets; SEGUE_HOME, else var, without it.",
)
@click.version_option(package_name="segue")
@click.pass_context
def segue(context: click.Context, home: Path | None) -> None:
    """Run Segue, a music-streaming backend."""
    context.obj = Invocation(folder=home, variables=environment())


def main(arguments: list[str] | None = None) -> Any:
    """Run the command line and exit. Status 0: done; 1: failed, the reason is on standard error; 2: not understood."""
    try:
        segue.main(args=arguments, prog_name="segue")
    except (ApplianceError, ConfigError) as error:
        click.echo(f"segue: {error}", err=True)
        sys.exit(1)

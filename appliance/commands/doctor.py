"""`segue doctor`: one line for each thing that has to work, and exit status 1 when one does not."""

from __future__ import annotations

import asyncio
import sys

import click

from appliance.invocation import Invocation, pass_invocation

WELL, ILL = "ok", "!!"
COLOURS = {WELL: "green", ILL: "red"}


@click.command
@pass_invocation
def doctor(invocation: Invocation) -> None:
    """Check every connection and say what to mend."""
    from appliance.doctor import examine

    findings = asyncio.run(examine(invocation))
    width = max(len(finding.subject) for finding in findings)
    for finding in findings:
        mark = WELL if finding.healthy else ILL
        remedy = f" -- {finding.remedy}" if finding.remedy else ""
        # click leaves the colour out when the output is not a terminal.
        click.echo(f"{click.style(mark, fg=COLOURS[mark])}  {finding.subject:<{width}}  {finding.told}{remedy}")
    if not all(finding.healthy for finding in findings):
        sys.exit(1)

"""`segue lint`: a stream against the rules of Apple's authoring specification that bind audio, ours or anybody's."""

from __future__ import annotations

import asyncio
import sys

import click

COLOURS = {"must": "red", "should": "yellow", "unreadable": "red"}


@click.command
@click.argument("url")
@click.option("--quick", is_flag=True, help="Read the playlists alone, and no segments.")
@click.option("--json", "as_json", is_flag=True, help="Print one line of JSON for each finding.")
def lint(url: str, *, quick: bool, as_json: bool) -> None:
    """Check the HLS stream at URL: a multivariant playlist, or a single media playlist.

    One line for each broken rule, with its number in the authoring specification. Exit status 1 when a rule is broken
    that a stream must keep, or a part of the stream cannot be read.
    """
    import msgspec

    from appliance.lint.collect import collect
    from appliance.lint.findings import Severity
    from appliance.lint.rules import judge

    findings = judge(asyncio.run(collect(url, with_segments=not quick)))
    for finding in findings:
        if as_json:
            click.echo(msgspec.json.encode(finding))
        else:
            severity = finding.severity.value
            mark = click.style(f"{severity:<10}", fg=COLOURS[severity])
            click.echo(f"{mark}  {finding.rule:<8}  {finding.text}\n{'':22}{finding.url}")
    if not as_json:
        click.echo(f"{len(findings)} findings" if findings else "every rule is kept")
    if any(finding.severity is not Severity.SHOULD for finding in findings):
        sys.exit(1)

"""`segue schema`: the printed GraphQL schema, which is kept in the repository and checked against the code.

Two files. `schema.graphql` is what the code prints now. `schema.released.graphql` is what clients were built against:
the code may add to it and deprecate in it, and breaks nothing of it. It is moved by `--release`, with a release, and
with a decision record when something is taken away.
"""

from __future__ import annotations

import difflib
from pathlib import Path

import click

from appliance.errors import SchemaBreaks, SchemaDiffers

SCHEMA_FILE = Path(__file__).parents[2] / "schema.graphql"
RELEASED_FILE = SCHEMA_FILE.with_name("schema.released.graphql")
SHOWN_LINES = 20


@click.command
@click.option(
    "--check", is_flag=True, help="Compare the files with the code; exit 1 when it differs, or breaks a client."
)
@click.option("--write", is_flag=True, help="Write the file.")
@click.option("--release", is_flag=True, help="From now on, clients may count on what the code prints.")
@click.option("--file", "path", type=click.Path(path_type=Path, dir_okay=False), default=SCHEMA_FILE, hidden=True)
@click.option("--released", type=click.Path(path_type=Path, dir_okay=False), default=RELEASED_FILE, hidden=True)
def schema(path: Path, released: Path, *, check: bool, write: bool, release: bool) -> None:
    """Print the GraphQL schema."""
    from graph.schema import schema as built

    printed = built().as_str().rstrip("\n") + "\n"
    if check:
        _compare(path, printed)
        _keep(released, printed)
    elif write or release:
        (released if release else path).write_text(printed, encoding="utf-8")
    else:
        click.echo(printed, nl=False)


def _compare(path: Path, printed: str) -> None:
    kept = path.read_text(encoding="utf-8") if path.exists() else ""
    if kept == printed:
        return
    lines = difflib.unified_diff(kept.splitlines(), printed.splitlines(), path.name, "the code", lineterm="")
    click.echo("\n".join([*lines][:SHOWN_LINES]))
    raise SchemaDiffers(path)


def _keep(released: Path, printed: str) -> None:
    """Raises SchemaBreaks when a client of the released schema could fail with the printed one."""
    from graphql import build_schema
    from graphql.utilities import find_breaking_changes

    before = build_schema(released.read_text(encoding="utf-8"))
    broken = [change.description for change in find_breaking_changes(before, build_schema(printed))]
    if broken:
        raise SchemaBreaks(released, broken)

"""`segue schema`: the printed GraphQL schema, which is kept in the repository and checked against the code."""

from __future__ import annotations

import difflib
from pathlib import Path

import click

from appliance.errors import SchemaDiffers

SCHEMA_FILE = Path(__file__).parents[2] / "schema.graphql"
SHOWN_LINES = 20


@click.command
@click.option("--check", is_flag=True, help="Compare the file with the code; exit 1 when they differ.")
@click.option("--write", is_flag=True, help="Write the file.")
@click.option("--file", "path", type=click.Path(path_type=Path, dir_okay=False), default=SCHEMA_FILE, hidden=True)
def schema(path: Path, *, check: bool, write: bool) -> None:
    """Print the GraphQL schema."""
    from graph.schema import schema as built

    printed = built().as_str().rstrip("\n") + "\n"
    if check:
        _compare(path, printed)
    elif write:
        path.write_text(printed, encoding="utf-8")
    else:
        click.echo(printed, nl=False)


def _compare(path: Path, printed: str) -> None:
    kept = path.read_text(encoding="utf-8") if path.exists() else ""
    if kept == printed:
        return
    lines = difflib.unified_diff(kept.splitlines(), printed.splitlines(), path.name, "the code", lineterm="")
    click.echo("\n".join([*lines][:SHOWN_LINES]))
    raise SchemaDiffers(path)

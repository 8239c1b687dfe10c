"""`segue schema`: the printed GraphQL schema and its pages, kept in the repository and checked against the code.

`schema.graphql` is what the code prints now. `schema.released.graphql` is what clients were built against: the code may
add to it and deprecate in it, and breaks nothing of it. It is moved by `--release`, with a release, and with a decision
record when something is taken away. Two pages follow from the two: a reference, and what has changed between them.
"""

from __future__ import annotations

import difflib
from datetime import UTC, datetime
from pathlib import Path

import click

from appliance.errors import SchemaBreaks, SchemaDiffers

ROOT = Path(__file__).parents[2]
PRINTED, RELEASED = "schema.graphql", "schema.released.graphql"
REFERENCE, CHANGELOG = "docs/reference.md", "docs/changelog-of-the-schema.md"
SHOWN_LINES = 20


@click.command
@click.option(
    "--check", is_flag=True, help="Compare the files with the code; exit 1 when one differs, or breaks a client."
)
@click.option("--write", is_flag=True, help="Write the schema and its pages.")
@click.option("--release", is_flag=True, help="From now on, clients may count on what the code prints.")
@click.option("--root", type=click.Path(path_type=Path, file_okay=False), default=ROOT, hidden=True)
def schema(root: Path, *, check: bool, write: bool, release: bool) -> None:
    """Print the GraphQL schema."""
    from graph.schema import schema as built

    printed = built().as_str().rstrip("\n") + "\n"
    if check:
        _keep(root / RELEASED, printed)
        for name, text in _files(root, printed).items():
            _compare(root / name, text)
    elif write:
        _write(root, _files(root, printed))
    elif release:
        _release(root, printed)
    else:
        click.echo(printed, nl=False)


def _files(root: Path, printed: str) -> dict[str, str]:
    """What each file should hold, by its name below the root."""
    from graphql import build_schema

    from appliance.published.changelog import changes, with_pending
    from appliance.published.reference import reference

    now = build_schema(printed)
    released = build_schema((root / RELEASED).read_text(encoding="utf-8"))
    return {
        PRINTED: printed,
        REFERENCE: reference(now),
        CHANGELOG: with_pending(_text(root / CHANGELOG), changes(released, now)),
    }


def _release(root: Path, printed: str) -> None:
    from graphql import build_schema

    from appliance.published.changelog import changes, released_on

    lines = changes(build_schema(_text(root / RELEASED) or printed), build_schema(printed))
    page = released_on(_text(root / CHANGELOG), lines, f"{datetime.now(UTC):%Y-%m-%d}")
    _write(root, {RELEASED: printed, CHANGELOG: page})


def _write(root: Path, files: dict[str, str]) -> None:
    for name, text in files.items():
        (root / name).parent.mkdir(exist_ok=True)
        (root / name).write_text(text, encoding="utf-8")


def _compare(path: Path, text: str) -> None:
    kept = _text(path)
    if kept == text:
        return
    lines = difflib.unified_diff(kept.splitlines(), text.splitlines(), path.name, "the code", lineterm="")
    click.echo("\n".join([*lines][:SHOWN_LINES]))
    raise SchemaDiffers(path)


def _keep(released: Path, printed: str) -> None:
    """Raises SchemaBreaks when a client of the released schema could fail with the printed one."""
    from graphql import build_schema

    from appliance.published.breaking import breaches

    broken = breaches(build_schema(released.read_text(encoding="utf-8")), build_schema(printed))
    if broken:
        raise SchemaBreaks(released, broken)


def _text(path: Path) -> str:
    """Empty when there is no such file."""
    return path.read_text(encoding="utf-8") if path.exists() else ""

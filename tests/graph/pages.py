"""Pages of `docs/` for those who build on the API: what is printed there is run, since it is what they copy."""

import json
import re
from pathlib import Path
from typing import Any, NamedTuple

DOCS = Path(__file__).parents[2] / "docs"
BLOCK = re.compile(r"^```(graphql|json)\n(.*?)^```$", re.MULTILINE | re.DOTALL)


class Example(NamedTuple):
    """An operation, and what the page shows below it."""

    document: str
    shown: tuple[Any, ...]


class Page:
    """The operations of a page by their names; `left` are those that have not been taken to be run."""

    def __init__(self, name: str) -> None:
        self.text = (DOCS / name).read_text()
        self._examples: dict[str, Example] = {}
        for language, block in BLOCK.findall(self.text):
            if language == "graphql":
                operation = re.split(r"[\s({]", block, maxsplit=2)[1]
                assert operation not in self._examples, f"{name} has two operations of the name {operation}"
                self._examples[operation] = Example(block, ())
            else:
                operation, example = next(reversed(self._examples.items()))
                self._examples[operation] = Example(example.document, (*example.shown, json.loads(block)))
        self.left = set(self._examples)

    def take(self, operation: str) -> Example:
        self.left.discard(operation)
        return self._examples[operation]

    def document(self, operation: str) -> str:
        return self.take(operation).document

    def rows(self, heading: str) -> list[list[str]]:
        """The cells of every table whose head begins with this."""
        tables = re.findall(rf"^\| {re.escape(heading)} \|.*\n\|[-|]+\n((?:\|.*\n)+)", self.text, re.MULTILINE)
        return [
            [cell.strip() for cell in row.strip("|").split(" | ")] for table in tables for row in table.splitlines()
        ]


def shape(value: Any) -> Any:
    """What a value is made of, without the values themselves; of a list, each form that its items have."""
    if isinstance(value, dict):
        return {name: shape(one) for name, one in value.items()}
    if isinstance(value, list):
        forms = [shape(one) for one in value]
        return [form for place, form in enumerate(forms) if form not in forms[:place]]
    return type(value).__name__

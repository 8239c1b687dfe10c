"""Drawn operations, answered by our executor and by Strawberry's own: the same JSON, the same errors.

Operations are drawn from a seed: fields under aliases, relations and connections in one another, fragments with and
without a name, directives with constants and variables, resolvers that fail and nulls where none may be. A response
key tells the field and its arguments, so that whatever is drawn may be merged, as GraphQL merges it.
"""

import json
import random
from collections.abc import Iterator
from typing import Any

import pytest
from graphql import parse, validate

DRAWN = 10
"""Operations of a seed."""
DEEPEST = 4
VARIABLES = {"few": 2, "many": 40, "yes": True, "no": False}
HEAD = "query($few: Int!, $many: Int!, $yes: Boolean!, $no: Boolean!)"
DIRECTIVES = ["", "", "", "", " @include(if: $yes)", " @skip(if: $no)", " @include(if: $no)", " @skip(if: true)"]
LEAVES = {
    "Book": [
        *("id", "__typename", "title", "year", "place", "genre", "tags", "label", "later", "promised", "doubted"),
        *("shout", "few: shout(times: $few)", "again: title"),
    ],
    "Shelf": ["id", "__typename", "name", "again: name"],
}
RELATIONS = {"Book": ["shelf", "same: shelf", "twin"], "Shelf": ["best", "better: best"]}
PAGES = {
    "Shelf": {
        "books(first: $few)": "Book",
        "last: books(last: 3)": "Book",
        "newest: books(first: $many, orderBy: NEWEST)": "Book",
        "wrong: books(first: 0)": "Book",
    }
}
PARTS = {"Book": "Shelf", "Shelf": "Book"}
"""The other type that stands behind a relation."""


class Draws:
    """What is drawn of one operation."""

    def __init__(self, seed: int) -> None:
        self._chance = random.Random(seed)  # noqa: S311 -- chance is seeded
        self._fragments: list[str] = []

    def operation(self) -> str:
        size = self._chance.choice(["$few", "$many", "7"])
        body = self._selection("Book", DEEPEST)
        page = f"edges {{ cursor node {body} }} pageInfo{self._directive()} {{ hasNextPage endCursor }}"
        stands = f"stand {{ book {self._selection('Book', 2)} }}"
        # Every variable has to be used.
        used = "few: books(first: $few) @skip(if: $no) @include(if: $yes) { totalCount }"
        used += " many: books(first: $many) { __typename }"
        return "\n".join([f"{HEAD} {{ books(first: {size}) {{ {page} }} {stands} {used} }}", *self._fragments])

    def _selection(self, kind: str, depth: int) -> str:
        parts = [part for _ in range(self._chance.randint(1, 4)) for part in self._part(kind, depth)]
        # One leaf is never left out, so that no selection is empty.
        return f"{{ {' '.join([self._chance.choice(LEAVES[kind]), *parts])} }}"

    def _part(self, kind: str, depth: int) -> Iterator[str]:
        drawn = self._chance.random()
        if depth == 0 or drawn < 0.45:
            yield self._chance.choice(LEAVES[kind]) + self._directive()
        elif drawn < 0.65:
            relation = self._chance.choice(RELATIONS[kind])
            other = "Book" if relation == "twin" else PARTS[kind]
            yield f"{relation}{self._directive()} {self._selection(other, depth - 1)}"
        elif drawn < 0.75 and kind in PAGES:
            page, other = self._chance.choice(list(PAGES[kind].items()))
            if drawn < 0.69:
                yield f"{page} {{ __typename }}"
                return
            yield f"{page} {{ totalCount edges {{ node {self._selection(other, depth - 2 if depth > 1 else 0)} }} }}"
        elif drawn < 0.9:
            condition = self._chance.choice([f" on {kind}", ""])
            yield f"...{condition}{self._directive()} {self._selection(kind, depth - 1)}"
        else:
            yield "... on Node { id }"
            yield f"...{self._fragment(kind, depth - 1)}{self._directive()}"

    def _fragment(self, kind: str, depth: int) -> str:
        body = self._selection(kind, depth)
        name = f"F{len(self._fragments)}"
        self._fragments.append(f"fragment {name} on {kind} {body}")
        return name

    def _directive(self) -> str:
        return self._chance.choice(DIRECTIVES)


@pytest.mark.parametrize("seed", range(4))
async def test_drawn_operations_are_answered_as_by_the_executor(library: Any, seed: int) -> None:
    library.stands[:] = [book.id for book in library.books[:10]]
    told = 0
    for number in range(DRAWN):
        text = Draws(seed * DRAWN + number).operation()
        assert validate(library.schema._schema, parse(text)) == [], text
        own, plain = [
            await chosen.execute(text, variable_values=VARIABLES, context_value=library.asker())
            for chosen in (library.schema, library.plain)
        ]
        assert json.dumps(own.data) == json.dumps(plain.data), text
        assert _told(own.errors) == _told(plain.errors), text
        told += len(own.errors or ())
    assert told > 0, "errors and nulls have to be among what is drawn"


def _told(errors: Any) -> list[tuple[Any, ...]]:
    return sorted(((error.path, error.message, error.locations) for error in errors or ()), key=repr)

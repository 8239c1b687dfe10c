"""Answers that are written out are those of Strawberry's own executor, byte for byte, errors included."""

import json
from typing import Any

import pytest

PAGE = "edges { cursor node { id title year } } pageInfo { hasNextPage startCursor endCursor } totalCount"
NODE = "title year id place genre tags label __typename shout(times: $n) twice: shout best: shelf { name }"
DOCUMENTS = {
    "everything": f"""query($n: Int!) {{
        books(first: 9) {{ {PAGE} edges {{ __typename node {{ {NODE} }} }} __typename }}
    }}""",
    "merged aliases": """query($n: Int!) { books(first: 9) { edges { node { a: title ...F shelf { name } } } } }
        fragment F on Book { shelf { id books(first: $n) { totalCount edges { node { ...G } } } } b: title }
        fragment G on Node { __typename ... on Shelf { name } ... on Book { year } }""",
    "asynchronous fields": """query($n: Int!) {
        books(first: 30) { edges { node { title later shelf { name } shout(times: $n) } } }
    }""",
    "coroutines of plain resolvers": "query($n: Int!) { books(first: $n) { edges { node { promised title } } } }",
    "errors of resolvers": """query($n: Int!) {
        books(first: 100) { edges { node { shout(times: $n) shelf { name } } } }
    }""",
    "nulls that must not be": "query($n: Int!) { books(first: 100) { edges { node { doubted shout(times: $n) } } } }",
    "nulls that must not be, within a list": """query($n: Int!) { stand { book { doubted twin { doubted } } }
        books(first: $n) { totalCount } }""",
    "wrong arguments": """query($n: Int!) {
        books(first: $n) { edges { node { shelf { books(first: 0) { totalCount } name } } } }
    }""",
    "left out": """query($n: Int!) {
        books(first: $n) { edges { node { title @skip(if: true) ... @include(if: false) { year } } } }
    }""",
}


@pytest.mark.parametrize("name", DOCUMENTS)
async def test_answers_are_those_of_the_executor(library: Any, name: str) -> None:
    library.stands[:] = [book.id for book in library.books]
    own, plain = [
        await chosen.execute(DOCUMENTS[name], variable_values={"n": 3}, context_value=library.asker())
        for chosen in (library.schema, library.plain)
    ]
    assert json.dumps(own.data) == json.dumps(plain.data)
    assert _told(own.errors) == _told(plain.errors)


def _told(errors: Any) -> list[tuple[Any, ...]]:
    return sorted((error.path, error.message, error.locations) for error in errors or ())


async def test_below_a_root_no_field_is_executed_by_itself(library: Any) -> None:
    library.executor.executed = 0
    await library.data(DOCUMENTS["merged aliases"], n=3)
    assert library.executor.executed == 1

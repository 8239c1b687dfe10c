"""Operations with very long variables, such as a delivery of 10,000 tracks: they begin in a thread.

graphql-core checks every value of every row against its type before anything runs: two seconds, in which the loop would
serve nobody else. In a thread the interpreter gives others their turn every few milliseconds. What begins there are
coroutines; they run in the loop, like those of every other operation.
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from functools import partial
from inspect import isawaitable
from typing import Any

from graphql import DocumentNode, GraphQLSchema
from graphql.execution import experimental_execute_incrementally

LONG = 500
"""Entries of one list. Each takes a fifth of a millisecond; lists of every other operation are shorter."""


def is_long(value: object, *, depth: int = 3) -> bool:
    """Whether a list of so many entries stands in variables, at most some levels below them."""
    if isinstance(value, list):
        return len(value) > LONG
    return isinstance(value, Mapping) and depth > 0 and any(is_long(one, depth=depth - 1) for one in value.values())


def execute(schema: GraphQLSchema, document: DocumentNode, **arguments: Any) -> Any:
    """What graphql-core's function answers; an awaitable of it where variables are long."""
    begin = partial(experimental_execute_incrementally, schema, document, **arguments)
    return _begun_elsewhere(begin) if is_long(arguments.get("variable_values") or {}) else begin()


async def _begun_elsewhere(begin: partial[Any]) -> Any:
    begun = await asyncio.to_thread(begin)
    return await begun if isawaitable(begun) else begun

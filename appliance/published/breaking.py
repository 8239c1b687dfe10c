"""What a client of one schema could fail with when it meets another.

graphql-core finds most of it. It compares types and says nothing of what else a client was built against: the root
types, defaults on which a client relies that leaves something out, inputs that take exactly one field from now on, and
scalars that have come to mean something else. What is added is no breach, also where graphql-core calls it dangerous: a
client has to bear a new value of an enum, a new member of a union and a new type of an interface (docs/protocol.md).

Pure.
"""

from __future__ import annotations

from collections.abc import Iterator

from graphql import GraphQLInputObjectType, GraphQLScalarType, GraphQLSchema
from graphql.type import GraphQLNamedType
from graphql.utilities import find_breaking_changes

from appliance.published.elements import elements


def breaches(before: GraphQLSchema, after: GraphQLSchema) -> list[str]:
    """One sentence for each; none when every client of `before` may go on."""
    known = [change.description for change in find_breaking_changes(before, after)]
    return [*known, *_roots(before, after), *_defaults(before, after), *_meanings(before, after)]


def _roots(before: GraphQLSchema, after: GraphQLSchema) -> Iterator[str]:
    pairs = {
        "query": (before.query_type, after.query_type),
        "mutation": (before.mutation_type, after.mutation_type),
        "subscription": (before.subscription_type, after.subscription_type),
    }
    for operation, (old, new) in pairs.items():
        if old is not None and (new is None or new.name != old.name):
            yield f"The type of every {operation} was {old.name}."


def _defaults(before: GraphQLSchema, after: GraphQLSchema) -> Iterator[str]:
    now = elements(after)
    for coordinate, old in elements(before).items():
        if coordinate in now and now[coordinate].default != old.default:
            yield f"{coordinate} had the default {old.default or 'null'}."


def _meanings(before: GraphQLSchema, after: GraphQLSchema) -> Iterator[str]:
    for name, old in before.type_map.items():
        new = after.type_map.get(name)
        if _is_one_of(new) and isinstance(old, GraphQLInputObjectType) and not old.is_one_of:
            yield f"{name} took several fields at once."
        if isinstance(new, GraphQLScalarType) and _specification(old) not in (None, _specification(new)):
            yield f"{name} was specified by {_specification(old)}."


def _is_one_of(kind: GraphQLNamedType | None) -> bool:
    return isinstance(kind, GraphQLInputObjectType) and kind.is_one_of


def _specification(kind: GraphQLNamedType) -> str | None:
    """The document that says what a scalar is; which part of it is read may be told better at any time."""
    url = kind.specified_by_url if isinstance(kind, GraphQLScalarType) else None
    return None if url is None else url.partition("#")[0]

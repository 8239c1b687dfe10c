"""A schema as a flat list: every type, field, argument, input field and enum value by its coordinate.

Coordinates are those of the specification (September 2025, "Schema Coordinates"): `Album`, `Album.title`,
`Query.album(id:)`, `Role.ADMIN`. Directives are left out, for all that we have are GraphQL's own.

Pure.
"""

from __future__ import annotations

from collections.abc import Iterator

import msgspec
from graphql import (
    GraphQLArgument,
    GraphQLEnumType,
    GraphQLField,
    GraphQLInputField,
    GraphQLInputObjectType,
    GraphQLInterfaceType,
    GraphQLNamedType,
    GraphQLObjectType,
    GraphQLSchema,
    GraphQLUnionType,
    is_introspection_type,
    is_specified_scalar_type,
    print_ast,
)
from graphql.utilities import get_default_value_ast


class Element(msgspec.Struct, frozen=True, kw_only=True):
    """One thing that clients may name."""

    coordinate: str
    inside: str | None = None
    """The coordinate of what it is part of."""
    type: str = ""
    """Of a field, an argument or an input field; of a type what it implements, of a union its members."""
    default: str = ""
    """As the definition language has it; empty: none, which is as good as null."""
    description: str = ""
    deprecated: str | None = None
    """Why, and what to use instead."""


def own_types(schema: GraphQLSchema) -> list[GraphQLNamedType]:
    """The types that are not GraphQL's own, by name."""
    return [
        kind
        for _, kind in sorted(schema.type_map.items())
        if not is_introspection_type(kind) and not is_specified_scalar_type(kind)
    ]


def elements(schema: GraphQLSchema) -> dict[str, Element]:
    """All of them by coordinate; a thing stands before its parts."""
    return {element.coordinate: element for kind in own_types(schema) for element in _of_type(kind)}


def default_of(argument: GraphQLArgument | GraphQLInputField) -> str:
    """What is taken when nothing is given; empty when that is nothing, too."""
    tree = get_default_value_ast(argument)
    text = "" if tree is None else print_ast(tree)
    return "" if text == "null" else text


def _of_type(kind: GraphQLNamedType) -> Iterator[Element]:
    yield Element(coordinate=kind.name, type=_shape(kind), description=kind.description or "")
    if isinstance(kind, GraphQLObjectType | GraphQLInterfaceType):
        for name, field in kind.fields.items():
            yield from _of_field(kind.name, name, field)
    elif isinstance(kind, GraphQLInputObjectType):
        for name, given in kind.fields.items():
            yield _of_input(f"{kind.name}.{name}", kind.name, given)
    elif isinstance(kind, GraphQLEnumType):
        for name, value in kind.values.items():
            yield Element(
                coordinate=f"{kind.name}.{name}",
                inside=kind.name,
                description=value.description or "",
                deprecated=value.deprecation_reason,
            )


def _shape(kind: GraphQLNamedType) -> str:
    if isinstance(kind, GraphQLUnionType):
        return " | ".join(sorted(member.name for member in kind.types))
    if isinstance(kind, GraphQLObjectType | GraphQLInterfaceType):
        return " & ".join(sorted(interface.name for interface in kind.interfaces)) or "no interface"
    return ""


def _of_field(owner: str, name: str, field: GraphQLField) -> Iterator[Element]:
    coordinate = f"{owner}.{name}"
    yield Element(
        coordinate=coordinate,
        inside=owner,
        type=str(field.type),
        description=field.description or "",
        deprecated=field.deprecation_reason,
    )
    for argument, given in field.args.items():
        yield _of_input(f"{coordinate}({argument}:)", coordinate, given)


def _of_input(coordinate: str, inside: str, given: GraphQLArgument | GraphQLInputField) -> Element:
    return Element(
        coordinate=coordinate,
        inside=inside,
        type=str(given.type),
        default=default_of(given),
        description=given.description or "",
        deprecated=given.deprecation_reason,
    )

"""Ways into the schema that begin at a node, drawn one by one. A document selects one value, so that nothing else keeps
its answer true."""

from __future__ import annotations

from collections.abc import Iterator
from random import Random

from graphql import GraphQLField, GraphQLObjectType, GraphQLSchema, get_named_type, is_leaf_type, is_required_argument

NODES = ("Album", "Artist", "Genre", "Image", "Playlist", "Track", "User")
"""What anybody may see by its id."""
DEEPEST = 3
"""Objects below the node: an album, its tracks, the artist of each, and that artist's name."""


def path(random: Random, schema: GraphQLSchema, type_name: str) -> str:
    """A document that asks for one value of a node, or below it."""
    selection = _selection(random, schema.type_map[type_name], DEEPEST)
    return f"query Path($id: ID!) {{ node(id: $id) {{ ... on {type_name} {{ {selection} }} }} }}"


def _selection(random: Random, kind: object, depth: int) -> str:
    assert isinstance(kind, GraphQLObjectType)
    ways = list(_ways(kind, depth))
    if not ways:
        return "__typename"
    name, field = random.choice(ways)
    answered = get_named_type(field.type)
    if is_leaf_type(answered):
        return name
    if not (isinstance(answered, GraphQLObjectType) and "edges" in answered.fields):
        return f"{name} {{ {_selection(random, answered, depth - 1)} }}"
    if random.random() < 0.2:
        return f"{name} {{ totalCount }}"
    # A page that is cut shows what stands behind a row that comes or goes.
    page = "(last: 2)" if "last" in field.args else ""
    edge = get_named_type(answered.fields["edges"].type)
    return f"{name}{page} {{ edges {{ {_selection(random, edge, depth)} }} }}"


def _ways(kind: GraphQLObjectType, depth: int) -> Iterator[tuple[str, GraphQLField]]:
    """The fields that need no arguments, and lead not too deep."""
    for name, field in kind.fields.items():
        answered = get_named_type(field.type)
        is_object = isinstance(answered, GraphQLObjectType) and depth > 0
        if (is_object or is_leaf_type(answered)) and not any(map(is_required_argument, field.args.values())):
            yield name, field

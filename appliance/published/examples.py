"""The smallest document worth sending for each field of the root types, made from the schema.

Required arguments are variables; of an answer the id and what it is called are asked, of a connection one page with
what the next one needs, of a mutation also what is wrong with its input. A document that shows more than that would be
a guess at what somebody builds: `docs/api.md` shows whole screens.

Pure.
"""

from __future__ import annotations

from graphql import (
    GraphQLAbstractType,
    GraphQLField,
    GraphQLNamedType,
    GraphQLObjectType,
    GraphQLSchema,
    get_named_type,
    is_abstract_type,
    is_leaf_type,
    is_required_argument,
    parse,
    print_ast,
)

TELLING = ("id", "name", "title", "displayName", "url", "code")
"""What a frontend shows first of most things."""
AROUND = {"edges", "pageInfo", "userErrors", "query"}
"""Of connections and payloads; whatever else stands there is what they are about."""
DEPTH = 4
"""A payload's object's connection's node; what lies deeper is a document of its own."""


def example(schema: GraphQLSchema, operation: str, name: str, field: GraphQLField) -> str:
    """A document for one field of `query`, `mutation` or `subscription`, as graphql-core prints it."""
    required = {key: given for key, given in field.args.items() if is_required_argument(given)}
    variables = ", ".join(f"${key}: {given.type}" for key, given in required.items())
    arguments = ", ".join(f"{key}: ${key}" for key in required)
    title = f"{operation} {name[0].upper()}{name[1:]}" + (f"({variables})" if variables else "")
    selected = f"{name}({arguments})" if arguments else name
    return print_ast(parse(f"{title} {{ {selected} {_selection(schema, get_named_type(field.type))} }}"))


def _selection(schema: GraphQLSchema, kind: GraphQLNamedType, depth: int = DEPTH) -> str:
    """What is asked of a value; empty for a leaf."""
    if is_leaf_type(kind):
        return ""
    if is_abstract_type(kind):
        return _abstract(kind)
    assert isinstance(kind, GraphQLObjectType)  # noqa: S101 -- an output that is neither a leaf nor abstract
    if "edges" in kind.fields:
        edges = _selection(schema, get_named_type(kind.fields["edges"].type), depth - 1)
        return f"{{ edges {edges} pageInfo {{ hasNextPage endCursor }} }}"
    if "userErrors" in kind.fields:
        about = _parts(schema, kind, depth)
        return f"{{ {about} userErrors {{ field message code }} }}"
    return f"{{ {_parts(schema, kind, depth)} }}"


def _abstract(kind: GraphQLAbstractType) -> str:
    has_id = "id" in getattr(kind, "fields", {})
    return "{ __typename id }" if has_id else "{ __typename }"


def _parts(schema: GraphQLSchema, kind: GraphQLObjectType, depth: int) -> str:
    """What a thing is called, or else its first plain field, or what it holds."""
    plain = [name for name in kind.fields if _is_plain(kind.fields[name])]
    telling = [name for name in TELLING if name in plain]
    if telling or (plain and not depth):
        return " ".join(telling or plain[:1])
    held = [name for name, field in kind.fields.items() if name not in AROUND and _may_stand(field)]
    inside = [name for name in held if not is_leaf_type(get_named_type(kind.fields[name].type))][:1]
    shown = [*plain[:2], *inside] or ["__typename"]
    return " ".join(
        f"{name} {_selection(schema, get_named_type(kind.fields[name].type), depth - 1)}" if name in inside else name
        for name in shown
    )


def _is_plain(field: GraphQLField) -> bool:
    return is_leaf_type(get_named_type(field.type)) and _may_stand(field)


def _may_stand(field: GraphQLField) -> bool:
    return field.deprecation_reason is None and not any(map(is_required_argument, field.args.values()))

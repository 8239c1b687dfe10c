"""The reference of the API as one page of Markdown, written from the schema and from nothing else.

First the fields of the root types, each with its arguments and a document to begin with; then the types, of which every
name is a link. Errors have their own tables in `docs/api.md`, which a test compares with the registries.

Pure.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator

from graphql import (
    GraphQLArgument,
    GraphQLEnumType,
    GraphQLField,
    GraphQLInputField,
    GraphQLInputObjectType,
    GraphQLInterfaceType,
    GraphQLNamedType,
    GraphQLObjectType,
    GraphQLScalarType,
    GraphQLSchema,
    GraphQLType,
    GraphQLUnionType,
    get_named_type,
    is_specified_scalar_type,
)

from appliance.published.elements import default_of, own_types
from appliance.published.examples import example

TITLE = """# Reference of the API

Every operation and every type of the schema, written by `segue schema --write` from the descriptions in it. How
requests are sent is told in [protocol.md](protocol.md), whole screens and the codes of errors in [api.md](api.md), what
is new in [changelog-of-the-schema.md](changelog-of-the-schema.md). The schema itself is served at `/schema.graphql`. A
`!` means that a value is never null, or that an argument has to be given.
"""


Table = Callable[[GraphQLSchema, GraphQLNamedType], Iterator[str]]


def reference(schema: GraphQLSchema) -> str:
    """The whole page."""
    roots = {"query": schema.query_type, "mutation": schema.mutation_type, "subscription": schema.subscription_type}
    lines = [TITLE, *_contents(schema, roots)]
    for operation, root in roots.items():
        if root is not None:
            lines += [f"## {root.name}", "", _text(root.description), ""]
            for name, field in sorted(root.fields.items()):
                lines += _root_field(schema, operation, f"{root.name}.{name}", name, field)
    rest = [kind for kind in own_types(schema) if kind not in roots.values()]
    for heading, is_one, table in SECTIONS:
        lines += [f"## {heading}", ""]
        for kind in filter(is_one, rest):
            lines += [f"### {kind.name}", "", _text(kind.description), "", *table(schema, kind), ""]
    return "\n".join(lines).rstrip() + "\n"


def _contents(schema: GraphQLSchema, roots: dict[str, GraphQLObjectType | None]) -> Iterator[str]:
    for root in roots.values():
        if root is not None:
            links = (f"[{name}](#{_anchor(f'{root.name}.{name}')})" for name in sorted(root.fields))
            yield f"- **{root.name}**: {', '.join(links)}"
    for heading, is_one, _ in SECTIONS:
        number = sum(is_one(kind) for kind in own_types(schema) if kind not in roots.values())
        yield f"- [{heading}](#{_anchor(heading)}): {number}"
    yield ""


def _root_field(
    schema: GraphQLSchema, operation: str, coordinate: str, name: str, field: GraphQLField
) -> Iterator[str]:
    yield from (f"### {coordinate}", "", _text(field.description), "")
    if field.deprecation_reason is not None:
        yield from (f"**Deprecated.** {_text(field.deprecation_reason)}", "")
    yield from (f"Answers {_type(field.type)}.", "")
    if field.args:
        yield from ("| argument | type | meaning |", "|---|---|---|")
        yield from (_input_row(key, given) for key, given in field.args.items())
        yield ""
    yield from ("```graphql", example(schema, operation, name, field), "```", "")


def _fields(schema: GraphQLSchema, kind: GraphQLNamedType) -> Iterator[str]:
    assert isinstance(kind, GraphQLObjectType | GraphQLInterfaceType)  # noqa: S101 -- chosen by the section
    if kind.interfaces:
        yield from (f"Implements {', '.join(map(_type, kind.interfaces))}.", "")
    if isinstance(kind, GraphQLInterfaceType):
        yield from (f"Implemented by {', '.join(map(_type, schema.get_implementations(kind).objects))}.", "")
    yield from ("| field | type | meaning |", "|---|---|---|")
    for name, field in kind.fields.items():
        given = "".join(f"<br>`{key}`: {_type(of.type)}. {_meaning(of)}" for key, of in field.args.items())
        yield f"| `{name}` | {_type(field.type)} | {_meaning(field)}{given} |"


def _inputs(_: GraphQLSchema, kind: GraphQLNamedType) -> Iterator[str]:
    assert isinstance(kind, GraphQLInputObjectType)  # noqa: S101 -- chosen by the section
    if kind.is_one_of:
        yield from ("Exactly one of these fields is given.", "")
    yield from ("| field | type | meaning |", "|---|---|---|")
    yield from (_input_row(name, given) for name, given in kind.fields.items())


def _values(_: GraphQLSchema, kind: GraphQLNamedType) -> Iterator[str]:
    assert isinstance(kind, GraphQLEnumType)  # noqa: S101 -- chosen by the section
    yield from ("| value | meaning |", "|---|---|")
    yield from (f"| `{name}` | {_meaning(value)} |" for name, value in kind.values.items())


def _members(_: GraphQLSchema, kind: GraphQLNamedType) -> Iterator[str]:
    assert isinstance(kind, GraphQLUnionType)  # noqa: S101 -- chosen by the section
    yield f"One of {', '.join(_type(member) for member in kind.types)}."


def _specification(_: GraphQLSchema, kind: GraphQLNamedType) -> Iterator[str]:
    url = kind.specified_by_url if isinstance(kind, GraphQLScalarType) else None
    if url is not None:
        yield f"Specified by <{url}>."


def _input_row(name: str, given: GraphQLArgument | GraphQLInputField) -> str:
    default = default_of(given)
    left_out = f" Left out, it is `{default}`." if default else ""
    return f"| `{name}` | {_type(given.type)} | {_meaning(given)}{left_out} |"


def _meaning(of: GraphQLField | GraphQLArgument | GraphQLInputField | object) -> str:
    """A description for a cell of a table."""
    reason = getattr(of, "deprecation_reason", None)
    text = _text(getattr(of, "description", None)).replace("|", "\\|")
    return text if reason is None else f"**Deprecated.** {_text(reason)} {text}"


def _type(kind: GraphQLType) -> str:
    """A type as the definition language has it, its name linked to where it is described."""
    named = get_named_type(kind)
    before, _, after = str(kind).partition(named.name)
    link = named.name if is_specified_scalar_type(named) else f"[{named.name}](#{_anchor(named.name)})"
    return f"{before}{link}{after}"


def _anchor(heading: str) -> str:
    """As GitHub makes it of a heading."""
    return heading.lower().replace(".", "").replace(" ", "-")


def _text(description: str | None) -> str:
    return " ".join((description or "").split())


SECTIONS: tuple[tuple[str, Callable[[GraphQLNamedType], bool], Table], ...] = (
    ("Objects", lambda kind: isinstance(kind, GraphQLObjectType), _fields),
    ("Interfaces", lambda kind: isinstance(kind, GraphQLInterfaceType), _fields),
    ("Unions", lambda kind: isinstance(kind, GraphQLUnionType), _members),
    ("Inputs", lambda kind: isinstance(kind, GraphQLInputObjectType), _inputs),
    ("Enums", lambda kind: isinstance(kind, GraphQLEnumType), _values),
    ("Scalars", lambda kind: isinstance(kind, GraphQLScalarType), _specification),
)

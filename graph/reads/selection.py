"""What an operation selects below one of its fields, as a tree: rows with columns, relations and pages of connections.

Pure. Works on the syntax tree as graphql-core's executor will: fragments are entered where their type condition holds,
`@skip` and `@include` are kept, fields of one response key are one field. A relation that is selected under several
aliases is read once with everything that is selected below any of them, for its value is one attribute of its object. A
connection is read once for each set of arguments, and found again by the syntax nodes that ask for it. What `@defer`
leaves for later is no part of a selection of rows, unless the answer is given whole (`Document.in_parts`).

Not here: SQL (`graph.reads.statements`), and where shapes come from (`graph.reads.models`).
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from enum import Enum
from typing import Any

import msgspec
from graphql import (
    BooleanValueNode,
    DirectiveNode,
    FieldNode,
    FragmentDefinitionNode,
    FragmentSpreadNode,
    GraphQLField,
    InlineFragmentNode,
    SelectionSetNode,
    VariableNode,
    print_ast,
)
from graphql.execution.values import VariableValues, get_argument_values

from graph.reads.declarations import Entity


class Field(msgspec.Struct, frozen=True, kw_only=True):
    """A field of the schema; the last three are of connections alone."""

    name: str
    """Its Python name."""
    definition: GraphQLField
    arguments: Mapping[str, str]
    """Names of the arguments: in GraphQL, in Python."""
    connection: type | None = None
    edge: type | None = None
    edge_fields: Mapping[str, str] = {}
    """Names of the edge's fields: in GraphQL, in Python."""


class Shape(msgspec.Struct, frozen=True, kw_only=True):
    """A type of the schema that is an entity."""

    entity: Entity
    fields: Mapping[str, Field]
    """By GraphQL name."""
    conditions: frozenset[str]
    """Type conditions that hold for it: itself, its interfaces, the unions that it is in."""


class Document(msgspec.Struct, frozen=True, kw_only=True):
    """What a selection depends on beside its own nodes."""

    fragments: Mapping[str, FragmentDefinitionNode]
    variables: Mapping[str, Any]
    """Coerced, by name."""
    in_parts: bool = False
    """Whether the answer is given in parts: deferred fragments on rows are read after what stands around them."""


class Rows(msgspec.Struct, frozen=True, kw_only=True):
    """What is read of rows of an entity."""

    type_name: str
    columns: tuple[str, ...] = ()
    with_id: bool = False
    """Whether the global id is selected, which is made of the key."""
    relations: Mapping[str, Rows] = {}
    listings: tuple[Listing, ...] = ()


class Listing(msgspec.Struct, frozen=True, kw_only=True):
    """One connection of an entity with one set of arguments."""

    field: Field
    nodes: tuple[FieldNode, ...]
    """Those that ask for it, all with the same arguments."""
    page: PageOf


class PageOf(msgspec.Struct, frozen=True, kw_only=True):
    """What is read of a page."""

    rows: Rows
    edges: bool = False
    node: bool = False
    cursor: bool = False
    edge_columns: tuple[str, ...] = ()
    page_info: bool = False
    total_count: bool = False


def rows_under(nodes: Iterable[FieldNode], type_name: str, shapes: Mapping[str, Shape], document: Document) -> Rows:
    """What is selected of an entity where `nodes` select it."""
    return rows_of(_at_once(tuple(nodes), document, shapes[type_name].conditions), type_name, shapes, document)


def rows_of(
    selected: Mapping[str, Sequence[FieldNode]], type_name: str, shapes: Mapping[str, Shape], document: Document
) -> Rows:
    """What these fields, by name, select of an entity."""
    shape = shapes[type_name]
    entity = shape.entity
    columns: dict[str, None] = {}
    relations: dict[str, Rows] = {}
    listings: list[Listing] = []
    for name, group in selected.items():
        if name in ("__typename", "id"):
            continue
        field = shape.fields[name]
        if field.name in entity.columns:
            columns[field.name] = None
        elif field.name in entity.one:
            relations[field.name] = rows_under(group, entity.one[field.name].entity, shapes, document)
        elif field.name in entity.many:
            other = entity.many[field.name].entity
            listings.extend(_listings(field, group, other, shapes=shapes, document=document))
        else:
            columns.update(dict.fromkeys(entity.computed[field.name]))
    return Rows(
        type_name=type_name,
        columns=tuple(columns),
        with_id="id" in selected,
        relations=relations,
        listings=tuple(listings),
    )


def page_under(
    nodes: Iterable[FieldNode], field: Field, type_name: str, shapes: Mapping[str, Shape], document: Document
) -> PageOf:
    """What is selected of a connection of `type_name` where `nodes` select it."""
    of_page = fields_under(nodes, document)
    of_edges = fields_under(of_page.get("edges", ()), document)
    own = (field.edge_fields[name] for name in of_edges if name not in ("__typename", "cursor", "node"))
    return PageOf(
        rows=rows_under(of_edges.get("node", ()), type_name, shapes, document),
        edges="edges" in of_page,
        node="node" in of_edges,
        cursor="cursor" in of_edges,
        edge_columns=tuple(own),
        page_info="pageInfo" in of_page,
        total_count="totalCount" in of_page,
    )


def arguments_of(field: Field, node: FieldNode, document: Document) -> dict[str, Any]:
    """The arguments of a field by their Python names, with defaults; enums by their values."""
    given = get_argument_values(field.definition, node, VariableValues({}, dict(document.variables)))
    return {field.arguments[name]: _plain(value) for name, value in given.items()}


def descend(nodes: Iterable[FieldNode], path: Iterable[str], document: Document) -> tuple[FieldNode, ...]:
    """The nodes that select what stands below `nodes` along a path of field names, under whatever alias."""
    found = tuple(nodes)
    for name in path:
        found = tuple(fields_under(found, document).get(name, ()))
    return found


def fields_under(
    nodes: Iterable[FieldNode], document: Document, *, conditions: frozenset[str] | None = None
) -> dict[str, list[FieldNode]]:
    """The fields that are selected below `nodes`, by name, in the order of the document.

    Without `conditions` every fragment is entered: at a type that is no entity, validation has seen that it fits.
    """
    found: dict[str, list[FieldNode]] = {}
    for node in nodes:
        if node.selection_set is not None:
            for field in _entered(node.selection_set, document, conditions, set()):
                found.setdefault(field.name.value, []).append(field)
    return found


def key_of(node: FieldNode) -> str:
    """The name under which a field is answered."""
    return (node.alias or node.name).value


def answers_under(
    nodes: Iterable[FieldNode], document: Document, *, conditions: frozenset[str]
) -> dict[str, list[FieldNode]]:
    """The fields that are selected below `nodes`, by the key under which they are answered."""
    found: dict[str, list[FieldNode]] = {}
    for node in nodes:
        if node.selection_set is not None:
            for field in _entered(node.selection_set, document, conditions, set()):
                found.setdefault(key_of(field), []).append(field)
    return found


def _at_once(
    nodes: Sequence[FieldNode], document: Document, conditions: frozenset[str]
) -> Mapping[str, Sequence[FieldNode]]:
    """The fields that are read together: all of them, or those outside deferred fragments.

    A field that stands inside such a fragment as well is one field, and its value is read with all that is selected of
    it: what is left for later of a page is taken from the page.
    """
    selected = fields_under(nodes, document, conditions=conditions)
    if not document.in_parts:
        return selected
    keys = {key_of(node) for group in selected.values() for node in group}
    whole = fields_under(nodes, msgspec.structs.replace(document, in_parts=False), conditions=conditions)
    return {name: [node for node in whole[name] if key_of(node) in keys] for name in selected}


def _entered(
    selections: SelectionSetNode, document: Document, conditions: frozenset[str] | None, seen: set[str]
) -> Iterator[FieldNode]:
    for node in selections.selections:
        if not _included(node.directives or (), document.variables):
            continue
        if isinstance(node, FieldNode):
            yield node
            continue
        if document.in_parts and conditions is not None and _deferred(node.directives or (), document.variables):
            continue
        fragment: FragmentDefinitionNode | InlineFragmentNode | None = None
        if isinstance(node, InlineFragmentNode):
            fragment = node
        elif isinstance(node, FragmentSpreadNode) and node.name.value not in seen:
            seen.add(node.name.value)
            fragment = document.fragments[node.name.value]
        if fragment is not None and _holds(fragment, conditions):
            yield from _entered(fragment.selection_set, document, conditions, seen)


def _holds(fragment: FragmentDefinitionNode | InlineFragmentNode, conditions: frozenset[str] | None) -> bool:
    condition = fragment.type_condition
    return conditions is None or condition is None or condition.name.value in conditions


def _included(directives: Sequence[DirectiveNode], variables: Mapping[str, Any]) -> bool:
    return all(_asked(one, variables) is (one.name.value == "include") for one in directives if _conditional(one))


def _deferred(directives: Sequence[DirectiveNode], variables: Mapping[str, Any]) -> bool:
    """Whether `@defer` stands there and is not switched off."""
    return any(_switched_on(one, variables) for one in directives if one.name.value == "defer")


def _switched_on(directive: DirectiveNode, variables: Mapping[str, Any]) -> bool:
    given = next((one.value for one in directive.arguments or () if one.name.value == "if"), None)
    if isinstance(given, VariableNode):
        # A variable that is not given leaves the argument's default, and null is as good as absent.
        return variables.get(given.name.value) is not False
    return not isinstance(given, BooleanValueNode) or given.value


def _conditional(directive: DirectiveNode) -> bool:
    return directive.name.value in ("skip", "include")


def _asked(directive: DirectiveNode, variables: Mapping[str, Any]) -> bool:
    """The value of `if`, which validation has seen to be there and boolean."""
    value = (directive.arguments or ())[0].value
    if isinstance(value, VariableNode):
        return bool(variables[value.name.value])
    return isinstance(value, BooleanValueNode) and value.value


def _listings(
    field: Field, nodes: Iterable[FieldNode], type_name: str, *, shapes: Mapping[str, Shape], document: Document
) -> Iterator[Listing]:
    groups: dict[frozenset[str], list[FieldNode]] = {}
    for node in nodes:
        # As they are written: what a variable holds is not known yet, so that a plan serves every page.
        groups.setdefault(frozenset(map(print_ast, node.arguments or ())), []).append(node)
    for group in groups.values():
        yield Listing(field=field, nodes=tuple(group), page=page_under(group, field, type_name, shapes, document))


def _plain(value: Any) -> Any:
    if isinstance(value, Enum):
        return value.value
    return [_plain(one) for one in value] if isinstance(value, list) else value

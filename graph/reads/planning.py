"""Plans, remembered: the one of a field of a document is made once, or once for each way that its directives go.

A field is known by the identity of its syntax nodes. Documents are remembered by their text
(`graph.execution.documents`), so a client that repeats itself has the same nodes. A plan keeps its nodes alive, so that
no other can take their identity.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable, Iterable, Iterator
from typing import Any, Generic, TypeVar

import msgspec
import strawberry
from graphql import DirectiveNode, FieldNode, FragmentSpreadNode, Node, VariableNode

from graph.reads.declarations import Many
from graph.reads.models import Models, models_of
from graph.reads.plans import PagePlan, RowsPlan, page_plan, rows_plan, statement_of
from graph.reads.selection import Document, Field, descend, page_under, rows_under
from graph.reads.statements import Statement

CAPACITY = 1024
"""Plans of a process: some for each of the documents that are remembered."""
LONGEST_SOURCE = 32 * 1024
"""Characters. A plan keeps its document in memory; longer ones are planned each time, as they are parsed each time."""

V = TypeVar("V")


class Recent(Generic[V]):
    """The values that were made last, by key."""

    def __init__(self, capacity: int = CAPACITY) -> None:
        self._capacity = capacity
        self._values: OrderedDict[object, V] = OrderedDict()

    def __len__(self) -> int:
        return len(self._values)

    def get(self, key: object, make: Callable[[], V]) -> V:
        found = self._values.get(key)
        if found is None:
            found = self._values[key] = make()
            if len(self._values) > self._capacity:
                self._values.popitem(last=False)
        else:
            self._values.move_to_end(key)
        return found


class Spot:
    """Syntax nodes that select something, known by their identities."""

    def __init__(self, nodes: tuple[FieldNode, ...], document: Document, models: Models) -> None:
        self.nodes = nodes
        self.document = document
        self.models = models
        self.identity = tuple(map(id, nodes))

    @property
    def memorable(self) -> bool:
        location = self.nodes[0].loc
        return location is None or len(location.source.body) <= LONGEST_SOURCE


class Place(Spot):
    """Where an object or a connection stands in an operation."""

    def __init__(self, info: strawberry.Info[Any, Any], under: tuple[str, ...]) -> None:
        raw = info._raw_info  # noqa: SLF001 -- the only way to the document
        self._parent_type = raw.parent_type.name
        self._path = (raw.field_name, *under)
        document = Document(fragments=raw.fragments, variables=info.variable_values)
        nodes = descend(raw.field_nodes, under, document) if under else tuple(raw.field_nodes)
        super().__init__(nodes, document, models_of(info.schema))

    @property
    def field(self) -> Field:
        return self.models.field_at(self._parent_type, self._path)


names: Recent[tuple[tuple[FieldNode, ...], tuple[str, ...]]] = Recent()
rows: Recent[tuple[tuple[FieldNode, ...], RowsPlan, Statement]] = Recent()
pages: Recent[tuple[tuple[FieldNode, ...], PagePlan]] = Recent()


def rows_at(place: Place, type_name: str) -> tuple[RowsPlan, Statement]:
    """The plan for objects of a type at a place, and the statement that reads them by their keys."""

    def make() -> tuple[tuple[FieldNode, ...], RowsPlan, Statement]:
        selected = rows_under(place.nodes, type_name, place.models, place.document)
        plan = rows_plan(selected, place.models, place.models.made_of)
        return place.nodes, plan, statement_of(plan)

    return remembered(rows, place, type_name, make)[1:]


def page_at(place: Place, many: Many) -> PagePlan:
    """The plan for a connection at a place."""

    def make() -> tuple[tuple[FieldNode, ...], PagePlan]:
        field = place.field
        selected = page_under(place.nodes, field, many.entity, place.models, place.document)
        return place.nodes, page_plan(many, field, selected, place.models, place.models.made_of)

    return remembered(pages, place, id(many), make)[1]


def remembered(recent: Recent[V], place: Spot, of: object, make: Callable[[], V]) -> V:
    """What is made for a place once for each `of`, and for each way that the directives below it go."""
    if not place.memorable:
        return make()
    _, used = names.get(place.identity, lambda: (place.nodes, tuple(_variables(place.nodes, place.document))))
    given = place.document.variables
    variables = repr([given.get(name, msgspec.UNSET) for name in used]) if used else ""
    return recent.get((place.identity, of, variables), make)


def _variables(nodes: Iterable[FieldNode], document: Document) -> dict[str, None]:
    """The variables of directives below fields: on those of arguments no plan depends."""
    found: dict[str, None] = {}
    entered: set[str] = set()
    left: list[Node] = [node.selection_set for node in nodes if node.selection_set is not None]
    while left:
        node = left.pop()
        if isinstance(node, DirectiveNode):
            values = (argument.value for argument in node.arguments or ())
            found.update((value.name.value, None) for value in values if isinstance(value, VariableNode))
        elif isinstance(node, FragmentSpreadNode) and node.name.value not in entered:
            entered.add(node.name.value)
            left.append(document.fragments[node.name.value])
        left.extend(_children(node))
    return found


def _children(node: Node) -> Iterator[Node]:
    for name in node.keys:
        value = getattr(node, name, None)
        if isinstance(value, Node):
            yield value
        elif isinstance(value, tuple | list):
            yield from (one for one in value if isinstance(one, Node))

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
from graph.reads.selection import Document, Field, Rows, descend, page_under, rows_of, rows_under
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
        self.hits = 0
        self.misses = 0

    def __len__(self) -> int:
        return len(self._values)

    def get(self, key: object, make: Callable[[], V]) -> V:
        found = self._values.get(key)
        if found is None:
            self.misses += 1
            found = self._values[key] = make()
            if len(self._values) > self._capacity:
                self._values.popitem(last=False)
        else:
            self.hits += 1
            self._values.move_to_end(key)
        return found


class Spot:
    """Syntax nodes that select something, known by their identities."""

    def __init__(self, nodes: tuple[FieldNode, ...], document: Document, models: Models) -> None:
        self.nodes = nodes
        self.document = document
        self.models = models
        self.identity = tuple(map(id, nodes))

    def rows(self, type_name: str) -> Rows:
        """What the nodes select of an entity that they answer."""
        return rows_under(self.nodes, type_name, self.models, self.document)

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
        parts = raw.context.in_parts
        document = Document(fragments=raw.fragments, variables=info.variable_values, in_parts=parts)
        nodes = descend(raw.field_nodes, under, document) if under else tuple(raw.field_nodes)
        super().__init__(nodes, document, models_of(info.schema))

    @property
    def field(self) -> Field:
        return self.models.field_at(self._parent_type, self._path)


class Later(Spot):
    """Fields of a row that are read after the row's others: the nodes are their own, not that of the row."""

    def __init__(self, nodes: tuple[FieldNode, ...], document: Document, models: Models) -> None:
        super().__init__(nodes, document, models)
        self.identity = (0, *self.identity)  # the same nodes may also be the place of an object

    def rows(self, type_name: str) -> Rows:
        selected: dict[str, list[FieldNode]] = {}
        for node in self.nodes:
            selected.setdefault(node.name.value, []).append(node)
        return rows_of(selected, type_name, self.models, self.document)


names: Recent[tuple[tuple[FieldNode, ...], tuple[str, ...]]] = Recent()
rows: Recent[tuple[tuple[FieldNode, ...], RowsPlan, Statement | None]] = Recent()
pages: Recent[tuple[tuple[FieldNode, ...], PagePlan]] = Recent()


def rows_at(place: Spot, type_name: str, *, own: bool = False) -> tuple[RowsPlan, Statement | None]:
    """The plan for objects of a type at a place, and the statement that reads them by their keys.

    An entity without columns is a part of another one's row, and needs no statement. Nor does the asker's `own` row
    where nothing is selected of it but what follows from its key.
    """

    def make() -> tuple[tuple[FieldNode, ...], RowsPlan, Statement | None]:
        plan = rows_plan(place.rows(type_name), place.models, place.models.made_of)
        told = not plan.entity.columns or (own and plan.is_told_by_key)
        return place.nodes, plan, None if told else statement_of(plan)

    return remembered(rows, place, (type_name, own), make)[1:]


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
    return recent.get((place.identity, of, variables, place.document.in_parts), make)


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

"""Every connection that the graph declares, in every order and direction, as the statements that read it.

Those of entities are found in the entities, those of the root in the modules that declare them. Nothing is listed here,
so what is declared tomorrow is measured, and explained in the tests, without anybody's thinking of it.
"""

from __future__ import annotations

import importlib
import pkgutil
from collections.abc import Iterator, Mapping
from types import ModuleType

import msgspec
from graphql import GraphQLNonNull

import graph
from graph.reads import statements
from graph.reads.declarations import Entity, Many, Order
from graph.reads.models import models_of
from graph.reads.statements import Part, Statement, by_keys
from graph.schema import schema

__all__ = ["Connection", "Entity", "by_keys", "connections", "entities"]

READS = ("reads", "queries", "service")
"""The modules of a noun that declare what is read."""


class Connection(msgspec.Struct, frozen=True, kw_only=True):
    """One connection in one order."""

    name: str
    """Such as `Album.tracks by number`."""
    many: Many
    node: Entity
    parent: Entity | None
    order: Order
    filters: Mapping[str, object] = {}
    """Of arguments that are never null, with their defaults; the others are left out."""

    def page(self, *, after: bool = False, backward: bool = False) -> Statement:
        """A page with everything that can be selected of its rows, from one of its ends or from a place."""
        part = Part(
            order=self.order,
            backward=backward,
            after=after and not backward,
            before=after and backward,
            filters=tuple(self.filters),
            places=True,
        )
        return statements.page(self.many, self.node, [*self.node.columns.values(), *self.many.edge.values()], part=part)

    def count(self) -> Statement:
        return statements.count(self.many, self.node, part=Part(order=self.order, filters=tuple(self.filters)))

    @property
    def values(self) -> dict[str, object]:
        """What the statements are passed for the filters."""
        return {statements.filter_parameter(name): value for name, value in self.filters.items()}


def connections() -> list[Connection]:
    """All of them, by name."""
    found = {connection.name: connection for connection in _connections()}
    return [found[name] for name in sorted(found)]


def entities() -> Mapping[str, Entity]:
    """Every declared type, by name."""
    return {value.type_name: value for _, value in _values() if isinstance(value, Entity)}


def _connections() -> Iterator[Connection]:
    declared = entities()
    of_types = [(f"{one.type_name}.{name}", many, one) for one in declared.values() for name, many in one.many.items()]
    held = {id(many) for _, many, _ in of_types}
    # A module that imports another's connection has it under the same name of its own; one of both is enough.
    of_modules = {id(value): (name, value, None) for name, value in _values() if isinstance(value, Many)}
    of_roots = [found for key, found in of_modules.items() if key not in held]
    for name, many, parent in [*of_types, *of_roots]:
        for order_name, order in many.orders.items():
            yield Connection(
                name=f"{name} by {order_name}",
                many=many,
                node=declared[many.entity],
                parent=parent,
                order=order,
                filters={} if parent is None else _always_given(parent.type_name, name, many),
            )


def _always_given(type_name: str, field_name: str, many: Many) -> dict[str, object]:
    fields = models_of(schema())[type_name].fields.values()
    field = next(field for field in fields if f"{type_name}.{field.name}" == field_name)
    given = ((field.arguments[name], argument) for name, argument in field.definition.args.items())
    return {
        name: argument.default_value.value
        for name, argument in given
        if name in many.filters and isinstance(argument.type, GraphQLNonNull)
    }


def _values() -> Iterator[tuple[str, object]]:
    for module in _modules():
        for name, value in vars(module).items():
            yield f"{module.__name__.removeprefix('graph.')}.{name}", value


def _modules() -> Iterator[ModuleType]:
    for found in pkgutil.walk_packages(graph.__path__, "graph."):
        if found.name.rpartition(".")[2] in READS:
            yield importlib.import_module(found.name)

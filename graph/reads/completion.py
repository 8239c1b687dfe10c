"""Answers of objects that are read: all that is below them is there already, so one compiled function writes it out.

graphql-core's executor asks of every field of every object whether its value can be awaited, where it stands and who
would resolve it. Of what the reader has made all that is known before: a field is an attribute, or a resolver that does
not wait. What is compiled here gives what the executor would, or gives up (:class:`Unsettled`) and leaves the object to
it: on a null where none may be, a value that is not of its type, an error of a resolver, a field that is resolved
asynchronously. So an error is always the executor's own, with its path and its rules of null.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable
from inspect import iscoroutine
from typing import Any, Protocol

from graphql import (
    FieldNode,
    GraphQLEnumType,
    GraphQLField,
    GraphQLList,
    GraphQLNonNull,
    GraphQLObjectType,
    GraphQLOutputType,
    GraphQLResolveInfo,
    GraphQLScalarType,
    Undefined,
)
from strawberry.types.field import StrawberryField

from graph.reads.models import Models
from graph.reads.plans import PAGES
from graph.reads.selection import Document, answers_under


class Operation(Protocol):
    """The operation that is executed, as far as resolvers ask for it."""

    def info(self, field: GraphQLField, nodes: list[FieldNode], kind: GraphQLObjectType) -> GraphQLResolveInfo[Any]: ...

    def arguments(self, field: GraphQLField, node: FieldNode) -> dict[str, Any]: ...


Get = Callable[[Any, Operation], Any]
"""The value of a field of an object."""
Write = Callable[[Any, Operation], Any]
"""The answer of a value that is not null. Raises Unsettled."""

PLAIN = {"String": str, "ID": str, "URL": str, "ISRC": str, "CountryCode": str, "Boolean": bool}
"""Scalars, and the class of which every value is its own answer."""
INT_LIMIT = 2**31


class Unsettled(Exception):
    """Not everything below an object can be written out; leave it to the executor."""


def impossible(_value: Any, _operation: Operation) -> Any:
    """What stands for an object that never can be written out."""
    raise Unsettled


class Compiler:
    """Compiles the answers of a document's selections."""

    def __init__(self, models: Models, document: Document) -> None:
        self._models = models
        self._document = document

    def of_object(self, kind: GraphQLObjectType, nodes: Iterable[FieldNode]) -> Write:
        """What is selected of an object type. Raises Unsettled."""
        selected = answers_under(nodes, self._document, conditions=self._models.conditions(kind.name))
        entries = [self._entry(kind, key, group) for key, group in selected.items()]

        def write(value: Any, operation: Operation) -> Any:
            answer: dict[str, Any] = {}
            members = value.__dict__
            for key, attribute, get, plain, complete, required in entries:
                found = members[attribute] if get is None else get(value, operation)
                if found.__class__ is plain:
                    answer[key] = found
                elif found is not None:
                    answer[key] = complete(found, operation)
                elif required:
                    raise Unsettled
                else:
                    answer[key] = None
            return answer

        return write

    def _entry(
        self, kind: GraphQLObjectType, key: str, nodes: list[FieldNode]
    ) -> tuple[str, str, Get | None, type | None, Write, bool]:
        """The answer's key, the attribute or else what gets the value, and what becomes of it."""
        name = nodes[0].name.value
        if name == "__typename":
            return key, name, lambda _value, _operation: kind.name, str, impossible, True
        field = kind.fields[name]
        required = isinstance(field.type, GraphQLNonNull)
        inner = field.type.of_type if isinstance(field.type, GraphQLNonNull) else field.type
        plain = PLAIN.get(inner.name) if isinstance(inner, GraphQLScalarType) else None
        declared = self._models.python_field(kind.name, name)
        get = None if declared.is_basic_field else self._get(declared, kind, field, nodes)
        return key, declared.python_name, get, plain, self._complete(inner, nodes), required

    def _get(
        self, declared: StrawberryField, kind: GraphQLObjectType, field: GraphQLField, nodes: list[FieldNode]
    ) -> Get:
        """A page that the reader has read, or a resolver that does not wait."""
        if getattr(declared.base_resolver.wrapped_func if declared.base_resolver else None, "is_listing", False):
            return _page(id(nodes[0]))
        resolve = field.resolve
        if declared.is_async or declared.extensions or resolve is None:
            raise Unsettled

        def get(value: Any, operation: Operation) -> Any:
            found = resolve(value, operation.info(field, nodes, kind), **operation.arguments(field, nodes[0]))
            if iscoroutine(found):
                found.close()  # the executor asks again, and waits for it
                raise Unsettled
            return found

        return get

    def _complete(self, kind: GraphQLOutputType, nodes: list[FieldNode]) -> Write:
        """What becomes of a value of a type that may be null."""
        if isinstance(kind, GraphQLScalarType):
            return _scalar(kind)
        if isinstance(kind, GraphQLEnumType):
            return _enum(kind)
        if isinstance(kind, GraphQLList):
            return self._list(kind, nodes)
        if isinstance(kind, GraphQLObjectType):
            return self.of_object(kind, nodes)
        return self._abstract(nodes)

    def _list(self, kind: GraphQLList[Any], nodes: list[FieldNode]) -> Write:
        required = isinstance(kind.of_type, GraphQLNonNull)
        complete = self._complete(kind.of_type.of_type if required else kind.of_type, nodes)

        def write(values: Any, operation: Operation) -> Any:
            if values.__class__ is not list or (required and None in values):
                raise Unsettled
            return [None if value is None else complete(value, operation) for value in values]

        return write

    def _abstract(self, nodes: list[FieldNode]) -> Write:
        """Of an interface or a union: by the type of the object that is met."""
        known: dict[type, Write] = {}

        def write(value: Any, operation: Operation) -> Any:
            made_of = value.__class__
            if made_of not in known:
                known[made_of] = self.of_object(self._models.object_type(made_of), nodes)
            return known[made_of](value, operation)

        return write


def _page(asked_by: int) -> Get:
    """The page that stands under the identity of the node that asks for it."""

    def get(value: Any, _operation: Operation) -> Any:
        found = value.__dict__[PAGES][asked_by]
        if isinstance(found, Exception):
            raise Unsettled
        return found

    return get


def _scalar(kind: GraphQLScalarType) -> Write:
    def write(value: Any, _operation: Operation) -> Any:
        answer = kind.coerce_output_value(value)
        if answer is None or answer is Undefined:
            raise Unsettled
        return answer

    def write_int(value: Any, operation: Operation) -> Any:
        return value if value.__class__ is int and -INT_LIMIT <= value < INT_LIMIT else write(value, operation)

    def write_float(value: Any, operation: Operation) -> Any:
        return value if value.__class__ is float and math.isfinite(value) else write(value, operation)

    return {"Int": write_int, "Float": write_float}.get(kind.name, write)


def _enum(kind: GraphQLEnumType) -> Write:
    known: dict[Any, str] = {}

    def write(value: Any, _operation: Operation) -> Any:
        if value not in known:
            known[value] = kind.coerce_output_value(value)
        return known[value]

    return write

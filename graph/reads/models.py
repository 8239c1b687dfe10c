"""The types of a Strawberry schema that are entities: their shapes, and the classes of which the reader makes objects.

A class with `entity: ClassVar[Entity]` is read by `graph.reads`. Every field of it has to stand in its declaration, for
what is not declared could not be read: a class that forgets one is refused when the schema is looked at.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from functools import cache
from typing import Any

import strawberry
from graphql import (
    GraphQLAbstractType,
    GraphQLField,
    GraphQLInterfaceType,
    GraphQLObjectType,
    GraphQLUnionType,
    get_named_type,
)
from strawberry.types.base import StrawberryObjectDefinition
from strawberry.types.field import StrawberryField

from graph.reads.declarations import Entity
from graph.reads.selection import Field, Shape


class Undeclared(Exception):
    """A type of the schema and its declaration differ.

    Add the fields to the entity: in `columns`, `one`, `many`, or
    `computed` when they have a resolver of their own.
    """

    def __init__(self, type_name: str, fields: set[str]) -> None:
        super().__init__(f"{type_name}: {', '.join(sorted(fields))} not declared in its Entity")


class Models(Mapping[str, Shape]):
    """The entities of one schema, by type name."""

    def __init__(self, schema: strawberry.Schema) -> None:
        self._schema = schema
        self._graphql = schema._schema  # noqa: SLF001 -- Strawberry has no other way to the schema of graphql-core
        self._fields: dict[tuple[str, str], Field] = {}
        self._shapes = {name: self._shape(entity) for name, entity in self._entities()}

    def __getitem__(self, type_name: str) -> Shape:
        return self._shapes[type_name]

    def __iter__(self) -> Iterator[str]:
        return iter(self._shapes)

    def __len__(self) -> int:
        return len(self._shapes)

    def made_of(self, type_name: str) -> type:
        """The class of a type."""
        return self._definition(type_name).origin

    def of_interface(self, name: str) -> frozenset[str]:
        """The entities that a fragment on an interface or a union enters."""
        return frozenset(type_name for type_name, shape in self._shapes.items() if name in shape.conditions)

    def object_type(self, made_of: Any) -> GraphQLObjectType:
        """The type of which objects of a class are."""
        name = self._schema.config.name_converter.from_type(made_of.__strawberry_definition__)
        kind = self._graphql.type_map[name]
        if not isinstance(kind, GraphQLObjectType):
            raise TypeError(f"{name} is no object type")
        return kind

    def conditions(self, type_name: str) -> frozenset[str]:
        """The type conditions that hold for an object type: itself, its interfaces, the unions that it is in."""
        return frozenset({type_name, *self._abstract(type_name)})

    def field_at(self, parent_type: str, path: tuple[str, ...]) -> Field:
        """The field at the end of a path of GraphQL names that begins at a type."""
        name, *rest = path
        if not rest:
            return self._field(parent_type, name)
        return self.field_at(get_named_type(self._graphql_fields(parent_type)[name].type).name, tuple(rest))

    def _entities(self) -> Iterator[tuple[str, Entity]]:
        for name, kind in self._graphql.type_map.items():
            if isinstance(kind, GraphQLObjectType) and name in self._schema.schema_converter.type_map:
                entity = getattr(self.made_of(name), "entity", None)
                if isinstance(entity, Entity):
                    yield name, entity

    def _shape(self, entity: Entity) -> Shape:
        name = entity.type_name
        fields = {field: self._field(name, field) for field in self._graphql_fields(name)}
        declared = {*entity.columns, *entity.one, *entity.many, *entity.computed, "id"}
        undeclared = {field.name for field in fields.values()} - declared
        if undeclared:
            raise Undeclared(name, undeclared)
        return Shape(entity=entity, fields=fields, conditions=self.conditions(name))

    def _abstract(self, type_name: str) -> Iterator[str]:
        concrete = self._graphql.type_map[type_name]
        for name, kind in self._graphql.type_map.items():
            if isinstance(kind, GraphQLInterfaceType | GraphQLUnionType) and self._is_one(kind, concrete):
                yield name

    def _is_one(self, abstract: GraphQLAbstractType, concrete: Any) -> bool:
        return self._graphql.is_sub_type(abstract, concrete)

    def _field(self, type_name: str, name: str) -> Field:
        if (type_name, name) not in self._fields:
            self._fields[type_name, name] = self._new_field(type_name, name)
        return self._fields[type_name, name]

    def _new_field(self, type_name: str, name: str) -> Field:
        definition = self._graphql_fields(type_name)[name]
        field = self.python_field(type_name, name)
        plain = Field(name=field.python_name, definition=definition, arguments=self._arguments(field))
        answered = get_named_type(definition.type)
        if not (isinstance(answered, GraphQLObjectType) and {"edges", "pageInfo"} <= answered.fields.keys()):
            return plain
        edge = get_named_type(answered.fields["edges"].type).name
        return Field(
            name=plain.name,
            definition=definition,
            arguments=plain.arguments,
            connection=self.made_of(answered.name),
            edge=self.made_of(edge),
            edge_fields={name: self.python_field(edge, name).python_name for name in self._graphql_fields(edge)},
        )

    def _arguments(self, field: StrawberryField) -> dict[str, str]:
        convert = self._schema.config.name_converter
        return {convert.get_graphql_name(argument): argument.python_name for argument in field.arguments}

    def python_field(self, type_name: str, name: str) -> StrawberryField:
        """The field of a GraphQL name as Strawberry has it."""
        convert = self._schema.config.name_converter
        fields = self._definition(type_name).fields
        return next(field for field in fields if convert.get_graphql_name(field) == name)

    def _graphql_fields(self, type_name: str) -> Mapping[str, GraphQLField]:
        kind = self._graphql.type_map[type_name]
        return kind.fields if isinstance(kind, GraphQLObjectType | GraphQLInterfaceType) else {}

    def _definition(self, type_name: str) -> StrawberryObjectDefinition:
        definition: Any = self._schema.schema_converter.type_map[type_name].definition
        return definition  # type: ignore[no-any-return] # callers ask for types with fields alone


@cache
def models_of(schema: strawberry.Schema) -> Models:
    """The models of a schema, made once. Raises Undeclared."""
    return Models(schema)

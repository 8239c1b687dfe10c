"""What can be read, as data: the columns, relations and connections of every type, and who may see a row.

Pure. A noun declares its types in its `reads.py`; `graph.reads.statements` makes SQL of a declaration and a selection,
and `graph.reads.reader` runs it: one statement for each connection that an operation selects, and for each relation
that is more than one look-up by a key, however many rows there are, with exactly the columns that are selected. A
resolver remains for what is computed, and says in `computed` what it needs.

The SQL in a declaration names the entity's row by its `alias`, and the one who asks by named parameters:

    :viewer_id   uuid or null          :is_admin   boolean
    :market      text or null (ISO 3166 alpha-2)   :now   timestamptz

A connection's filters add `:value`, the argument of the field.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import msgspec

Convert = Callable[[Any], Any]


class Column(msgspec.Struct, frozen=True, kw_only=True):
    """One value of a row: an expression, the joins that it needs, and what turns the value into the field's."""

    sql: str
    joins: tuple[str, ...] = ()
    """Names of the entity's `joins`; a join that no selected column needs is left out."""
    convert: Convert | None = None
    """Not called for null, which stays null."""
    own: bool = False
    """Whether it is the row's key where the row is the asker's own, and null elsewhere: their token tells that."""


class One(msgspec.Struct, frozen=True, kw_only=True):
    """A relation to one row of another entity, or to none: `column` of this entity holds its key."""

    entity: str
    """The type name of the other entity; declarations of a cycle cannot hold one another."""
    column: str
    part: bool = False
    """Whether it is a part of this row, such as a listener's library, and has nothing but connections: it has the key
    that `column` holds, is there for those for whom that is not null, and is read by no statement of its own."""
    """One of this entity's `columns`, or else a column of its table."""
    where: str = "true"
    """What the other row has to be beside visible, such as an image that is ready."""


class Sort(msgspec.Struct, frozen=True, kw_only=True):
    """One part of an order: an expression that is never null."""

    sql: str
    type: str
    """Its type in PostgreSQL, one of those that a cursor can hold (`graph.paging.TYPES`)."""
    descending: bool = False


class Order(msgspec.Struct, frozen=True):
    """A total order: its last part is unique. An index has to have the same parts behind the parent's key."""

    parts: tuple[Sort, ...]


class Many(msgspec.Struct, frozen=True, kw_only=True):
    """A connection: rows of `entity` under a parent, under the entity's own rule of who may see them."""

    entity: str
    parent: str | None
    """The expression that equals the parent's key; None for a connection of the root."""
    source: str | None = None
    """What the rows come from when it is more than the entity's table, such as
    `likes AS liked JOIN tracks AS track ON track.id = liked.track_id`."""
    where: str = "true"
    orders: Mapping[str, Order]
    """By the value of `orderBy`'s enum; the first is the default, and the only one of a field without that argument."""
    filters: Mapping[str, str] = {}
    """By the Python name of the field's argument: a predicate, left out while the argument is null."""
    edge: Mapping[str, Column] = {}
    """What the edges have beside cursor and node, such as when a track was liked."""


class Entity(msgspec.Struct, frozen=True, kw_only=True):
    """A type that has rows. Names in the mappings are the Python names of the GraphQL type's fields."""

    type_name: str
    table: str
    alias: str
    key: str = "id"
    """The column that is its key, a uuid."""
    columns: Mapping[str, Column]
    one: Mapping[str, One] = {}
    many: Mapping[str, Many] = {}
    computed: Mapping[str, tuple[str, ...]] = {}
    """Fields with a resolver of their own, each with the columns that it reads from its object."""
    joins: Mapping[str, str] = {}
    visible: str = "true"
    """Who may see a row. It is part of every statement that reads one, before any limit."""
    visible_joins: tuple[str, ...] = ()

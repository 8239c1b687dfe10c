"""What to do for a selection: the statements, and how their rows become objects. Made once, run often.

Pure. A plan knows no keys, no viewer and no arguments: what is asked of its connections is read from the document's
variables when it is run, so one plan serves every page.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

import msgspec
from graphql import FieldNode

from graph import ids
from graph.errors import BadRequest
from graph.paging import Window, window
from graph.reads import statements
from graph.reads.declarations import Column, Convert, Entity, Many, One
from graph.reads.selection import Document, Field, Listing, PageOf, Rows, Shape, arguments_of
from graph.reads.statements import Lookup, Part, Statement

MadeOf = Callable[[str], type]
"""The class of a type's objects, by the type's name."""
OWN_KEY = "id"
"""The column that is the primary key of every table that has one of a single column."""
PAGES = "_pages"
"""The attribute under which an object has its connections, by the syntax nodes that ask for them."""


class RowsPlan(msgspec.Struct, frozen=True, kw_only=True):
    """How rows of an entity are read, and what follows from them."""

    entity: Entity
    make: type
    with_id: bool
    columns: tuple[Column, ...]
    names: tuple[str, ...]
    """The attributes that a row fills: the key, then the columns."""
    converts: tuple[tuple[str, Convert], ...]
    joined: tuple[JoinedPlan, ...]
    width: int
    """How many values of a row are theirs, with those of what is joined."""
    relations: tuple[RelationPlan, ...]
    listings: tuple[ListingPlan, ...]

    @property
    def is_told_by_key(self) -> bool:
        """Whether every value of the asker's own row is its key."""
        return not self.joined and all(column.own for column in self.columns)

    def made(self, values: tuple[Any, ...]) -> dict[str, Any]:
        """The attributes of a new object: the values of a row (more may follow in it) as its class has them."""
        members = dict(zip(self.names, values, strict=False))
        for name, convert in self.converts:
            if members[name] is not None:
                members[name] = convert(members[name])
        if self.with_id:
            members["id"] = ids.encode(self.entity.type_name, members["key"])
        if self.listings:
            members[PAGES] = {}
        for one in self.joined:
            found = values[one.first] is not None
            members[one.name] = instance(one.rows.make, one.rows.made(values[one.first :])) if found else None
        return members


class JoinedPlan(msgspec.Struct, frozen=True, kw_only=True):
    """A relation that is looked up by the statement of its owners."""

    name: str
    first: int
    """Where its values begin in the row of an owner."""
    rows: RowsPlan
    lookup: Lookup


class RelationPlan(msgspec.Struct, frozen=True, kw_only=True):
    """A relation with a statement of its own: rows by the keys that the attribute `key` of their owners holds."""

    name: str
    key: str
    rows: RowsPlan
    statement: Statement | None
    """None for a part of its owner's row."""


class Request(msgspec.Struct, frozen=True, kw_only=True):
    """One part of a connection: its arguments, checked, and the statements that they need."""

    order: str
    window: Window
    filters: Mapping[str, Any]
    page: Statement | None
    count: Statement | None

    @property
    def values(self) -> dict[str, object]:
        """What the statements are passed beside keys and viewer."""
        chosen = self.window
        return {
            "limit": chosen.fetch,
            **statements.places({"after": chosen.after, "before": chosen.before}),
            **{statements.filter_parameter(name): value for name, value in self.filters.items()},
        }


class PagePlan(msgspec.Struct, frozen=True, kw_only=True):
    """How pages of a connection are read."""

    many: Many
    rows: RowsPlan
    selected: PageOf
    connection: type
    edge: type
    edge_columns: tuple[Column, ...]
    texts: dict[tuple[str, Part], Statement] = msgspec.field(default_factory=dict)
    """Those made before: as many as there are orders, directions and sets of filters."""

    @property
    def with_places(self) -> bool:
        return self.selected.cursor or self.selected.page_info

    @property
    def with_rows(self) -> bool:
        return self.selected.edges or self.selected.page_info

    def request(self, arguments: Mapping[str, Any]) -> Request:
        """Check the arguments of the field. Raises BadRequest."""
        many = self.many
        name = arguments.get("order_by") or next(iter(many.orders))
        order = many.orders[name]
        asked = window(arguments, order=name, types=[sort.type for sort in order.parts])
        filters = {name: arguments[name] for name in many.filters if arguments.get(name) is not None}
        part = Part(
            order=order,
            backward=asked.backward,
            after=asked.after is not None,
            before=asked.before is not None,
            filters=tuple(filters),
            places=self.with_places,
        )
        return Request(
            order=name,
            window=asked,
            filters=filters,
            page=self._text("page", part) if self.with_rows else None,
            count=self._text("count", part) if self.selected.total_count else None,
        )

    def _text(self, kind: str, part: Part) -> Statement:
        if (kind, part) not in self.texts:
            rows, edge = self.rows, self.edge_columns
            self.texts[kind, part] = (
                statements.page(self.many, rows.entity, rows.columns, part=part, edge=edge, lookups=_lookups(rows))
                if kind == "page"
                else statements.count(self.many, rows.entity, part=part)
            )
        return self.texts[kind, part]


class ListingPlan(msgspec.Struct, frozen=True, kw_only=True):
    """A connection below an entity."""

    field: Field
    nodes: tuple[FieldNode, ...]
    """Those that ask for it, all with the same arguments."""
    page: PagePlan

    def request(self, document: Document) -> Request | BadRequest:
        """What the arguments ask for; what is wrong with them is an error of this field, and no other one's."""
        try:
            return self.page.request(arguments_of(self.field, self.nodes[0], document))
        except BadRequest as error:
            return error


def rows_plan(rows: Rows, shapes: Mapping[str, Shape], made_of: MadeOf) -> RowsPlan:
    """The plan of what is selected of an entity."""
    entity = shapes[rows.type_name].entity
    keys = (_held_in(entity, name) for name in rows.relations)
    names = tuple(name for name in dict.fromkeys([*rows.columns, *keys]) if name != "key")
    columns = tuple(_column(entity, name) for name in names)
    below = {name: rows_plan(r, shapes, made_of) for name, r in rows.relations.items()}
    held = ("key", *names)
    joined = tuple(_joined(entity, held, {name: r for name, r in below.items() if _is_lookup(entity.one[name], r)}))
    return RowsPlan(
        entity=entity,
        make=made_of(rows.type_name),
        with_id=rows.with_id,
        columns=columns,
        names=held,
        converts=tuple((name, one.convert) for name, one in zip(names, columns, strict=True) if one.convert),
        joined=joined,
        width=len(held) + sum(len(one.rows.names) for one in joined),
        relations=tuple(_relation(entity, name, r) for name, r in below.items() if not _is_lookup(entity.one[name], r)),
        listings=tuple(_listing(entity, one, shapes, made_of) for one in rows.listings),
    )


def page_plan(many: Many, field: Field, selected: PageOf, shapes: Mapping[str, Shape], made_of: MadeOf) -> PagePlan:
    """The plan of what is selected of a connection."""
    if field.connection is None or field.edge is None:
        raise TypeError(f"{field.name} is no connection")
    return PagePlan(
        many=many,
        rows=rows_plan(selected.rows, shapes, made_of),
        selected=selected,
        connection=field.connection,
        edge=field.edge,
        edge_columns=tuple(many.edge[name] for name in selected.edge_columns),
    )


def statement_of(plan: RowsPlan) -> Statement:
    """The statement for rows by their keys."""
    return statements.by_keys(plan.entity, plan.columns, lookups=_lookups(plan))


def instance(made_of: type, members: dict[str, Any]) -> Any:
    """An object of a class without its constructor, for which most of its fields may be missing."""
    made: Any = object.__new__(made_of)
    made.__dict__ = members
    return made


def _lookups(plan: RowsPlan) -> list[Lookup]:
    return [one.lookup for one in plan.joined]


def _is_lookup(one: One, rows: RowsPlan) -> bool:
    """Whether each row of a relation is one descent of one index, which costs less than a statement does.

    What is itself joined, or has lookups of its own, is read once for all its owners. So is what has a key that is not
    its table's own, for that may stand in several rows, of which the rule of who sees them leaves one.
    """
    joins = any(column.joins for column in rows.columns) or rows.entity.visible_joins or rows.joined
    return not one.part and not joins and rows.entity.key == OWN_KEY


def _joined(entity: Entity, held: Sequence[str], below: Mapping[str, RowsPlan]) -> Iterator[JoinedPlan]:
    first = len(held)
    for name, rows in below.items():
        key = held.index(_held_in(entity, name))
        lookup = Lookup(entity=rows.entity, columns=rows.columns, held_in=key, where=entity.one[name].where)
        yield JoinedPlan(name=name, first=first, rows=rows, lookup=lookup)
        first += len(rows.names)


def _column(entity: Entity, name: str) -> Column:
    return entity.columns.get(name) or Column(sql=f"{entity.alias}.{name}")


def _relation(entity: Entity, name: str, rows: RowsPlan) -> RelationPlan:
    one = entity.one[name]
    if one.part and rows.columns:
        raise TypeError(f"{rows.entity.type_name} is declared as a part of {entity.type_name}, and has columns")
    read = statements.by_keys(rows.entity, rows.columns, where=one.where, lookups=_lookups(rows))
    return RelationPlan(name=name, key=_held_in(entity, name), rows=rows, statement=None if one.part else read)


def _held_in(entity: Entity, relation: str) -> str:
    """The attribute that holds the key of a relation's row. One's own key stands under `id` as the global id alone."""
    column = entity.one[relation].column
    return "key" if column == entity.key else column


def _listing(entity: Entity, listing: Listing, shapes: Mapping[str, Shape], made_of: MadeOf) -> ListingPlan:
    page = page_plan(entity.many[listing.field.name], listing.field, listing.page, shapes, made_of)
    return ListingPlan(field=listing.field, nodes=listing.nodes, page=page)

"""SQL of declarations: rows by their keys, pages of a connection under many parents, and how many there are.

Pure. A text depends on the shape of a selection alone (columns, order, direction, which filters are given), never on
keys or on how many there are, so each connection of the pool prepares it once. Declarations and texts name their
parameters, as in `:viewer_id`; :func:`numbered` turns them into PostgreSQL's numbers and tells in which order to pass
the values.

A page compares the parts of its order as one row value where all of them go the same way, which is what an index can
answer by one descent. Where they do not, the comparison is spelled out behind a bound on the first part.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence

import msgspec

from graph.paging import MAX_PAGE
from graph.reads.declarations import Column, Entity, Many, Order, Sort

TYPES = {
    "keys": "uuid[]",
    "limit": "integer",
    "viewer_id": "uuid",
    "is_admin": "boolean",
    "market": "text",
    "now": "timestamptz",
}
"""The parameters that every statement may name. Those of places have the types of the order, a filter's `:value` has a
cast of
its own where PostgreSQL cannot tell."""

# A colon before a name, and no other before it: `::uuid` is a cast. Digits behind a colon belong to a time of day.
PARAMETER = re.compile(r"(?<![:\w]):([a-z]\w*)")
VALUE = re.compile(r"(?<![:\w]):value\b")


class Statement(msgspec.Struct, frozen=True):
    """A text, and the names of what to pass to it."""

    text: str
    parameters: tuple[str, ...]
    parts: tuple[str, ...]
    """What reads tables, with names for numbers: the rows that are asked for, then each that is looked up for them."""


class Part(msgspec.Struct, frozen=True, kw_only=True):
    """Which part of a connection, as far as a text depends on it."""

    order: Order
    backward: bool = False
    after: bool = False
    before: bool = False
    filters: tuple[str, ...] = ()
    """Those that are given, by name."""
    places: bool = False
    """Whether the rows tell their places, of which cursors are made."""


class Lookup(msgspec.Struct, frozen=True, kw_only=True):
    """A row of another entity that stands beside each row of a statement; nulls, where there is none to be seen."""

    entity: Entity
    columns: tuple[Column, ...]
    held_in: int
    """Which value of the row, its key being 0, is the key of the other one."""
    where: str


def by_keys(
    entity: Entity, columns: Sequence[Column], *, where: str = "true", lookups: Sequence[Lookup] = ()
) -> Statement:
    """Those rows among `:keys` that the viewer may see: the key, then the columns, then what is looked up."""
    values = [f"{entity.alias}.{entity.key}", *(column.sql for column in columns)]
    rows = (
        f"FROM {_rows_of(entity, columns)}\n"
        f"WHERE {entity.alias}.{entity.key} = ANY(:keys) AND {_all(entity.visible, where)}"
    )
    if not lookups:
        return numbered(f"SELECT {', '.join(values)}\n{rows}")
    names = [f"v{n}" for n in range(len(values))]
    shown = ", ".join([*(f"page.{name}" for name in names), *_looked_up(lookups)])
    own = f"SELECT {_named(values, names)}\n{rows}"
    joined = list(_joined(lookups))
    return numbered("\n".join([f"SELECT {shown}\nFROM (\n{own}\n) AS page", *joined]), (own, *joined))


def page(
    many: Many,
    entity: Entity,
    columns: Sequence[Column],
    *,
    part: Part,
    edge: Sequence[Column] = (),
    lookups: Sequence[Lookup] = (),
) -> Statement:
    """Up to `:limit` rows under each of the parents `:keys`, or of the root.

    A row is the number of its parent among `:keys` (1 at the root), the key, then the columns, then what is looked up,
    then the columns of the edge, then its place if `part` wants it. What is looked up is looked up for rows of the page
    alone.
    """
    sorts = part.order.parts
    own = [f"{entity.alias}.{entity.key}", *(column.sql for column in columns)]
    values = [*own, *(column.sql for column in edge), *(sort.sql for sort in sorts)]
    names = [f"v{n}" for n in range(len(own) + len(edge))] + [f"s{n}" for n in range(len(sorts))]
    backward = part.backward
    inner = (
        f"SELECT {_named(values, names)}\n"  # noqa: S608 -- as above
        f"    FROM {_source(many, entity, (*columns, *edge))}\n"
        f"    WHERE {_all(*_conditions(many, entity, part), *_keyset(part))}\n"
        f"    ORDER BY {_ordered((sort.sql for sort in sorts), sorts, backward=backward)}\n"
        # The planner knows nothing of a limit that is a parameter. This one tells it that a page is small.
        f"    LIMIT {MAX_PAGE + 1}"
    )
    behind = names[len(own) :] if part.places else names[len(own) : len(own) + len(edge)]
    shown = ", ".join(
        [*(f"page.{name}" for name in names[: len(own)]), *_looked_up(lookups), *(f"page.{name}" for name in behind)]
    )
    again = _ordered((f"page.s{n}" for n in range(len(sorts))), sorts, backward=backward)
    joined = list(_joined(lookups))
    cut = "\n".join([f"(SELECT * FROM (\n    {inner}\n) AS cut LIMIT :limit) AS page", *joined])  # noqa: S608 -- as above
    if many.parent is None:
        return numbered(f"SELECT 1, {shown}\nFROM {cut}\nORDER BY {again}", (inner, *joined))
    return numbered(
        f"SELECT wanted.ordinal, {shown}\n"
        "FROM unnest(:keys) WITH ORDINALITY AS wanted (parent, ordinal)\n"
        f"CROSS JOIN LATERAL {cut}\n"
        f"ORDER BY wanted.ordinal, {again}",
        (inner, *joined),
    )


def count(many: Many, entity: Entity, *, part: Part) -> Statement:
    """How many there are under each of the parents `:keys`, or at the root: the parent's number, then the count."""
    counted = (
        f"SELECT count(*) FROM {_source(many, entity, ())}\n"  # noqa: S608 -- made of declarations, values are parameters
        f"    WHERE {_all(*_conditions(many, entity, part))}"
    )
    if many.parent is None:
        return numbered(f"SELECT 1, ({counted})")
    return numbered(
        f"SELECT wanted.ordinal, (\n    {counted}\n)\nFROM unnest(:keys) WITH ORDINALITY AS wanted (parent, ordinal)"
    )


def numbered(text: str, parts: tuple[str, ...] = ()) -> Statement:
    """The text with numbers for names, each with its type where it is known; without `parts` it is one."""
    names: dict[str, int] = {}

    def number(match: re.Match[str]) -> str:
        name = match[1]
        placed = f"${names.setdefault(name, len(names) + 1)}"
        return f"{placed}::{TYPES[name]}" if name in TYPES else placed

    return Statement(PARAMETER.sub(number, text), tuple(names), parts or (text,))


def filter_parameter(name: str) -> str:
    """The parameter that takes the value of a filter."""
    return f"filter_{name}"


def _named(values: Iterable[str], names: Iterable[str]) -> str:
    return ", ".join(f"{sql} AS {name}" for sql, name in zip(values, names, strict=True))


def _looked_up(lookups: Iterable[Lookup]) -> Iterator[str]:
    """The values of each: its key, then its columns."""
    for number, lookup in enumerate(lookups):
        yield from (f"one{number}.v{n}" for n in range(len(lookup.columns) + 1))


def _joined(lookups: Iterable[Lookup]) -> Iterator[str]:
    """Subqueries, so that two of one entity do not meet; PostgreSQL makes plain joins of them."""
    for number, lookup in enumerate(lookups):
        entity = lookup.entity
        values = [f"{entity.alias}.{entity.key}", *(column.sql for column in lookup.columns)]
        key = f"{entity.alias}.{entity.key} = page.v{lookup.held_in}"
        selected = _named(values, (f"v{n}" for n in range(len(values))))
        rows = f"{entity.table} AS {entity.alias} WHERE {_all(key, entity.visible, lookup.where)}"
        yield f"LEFT JOIN LATERAL (SELECT {selected} FROM {rows}) AS one{number} ON true"  # noqa: S608 -- as above


def _rows_of(entity: Entity, columns: Iterable[Column]) -> str:
    return "\n    ".join([f"{entity.table} AS {entity.alias}", *_joins(entity, columns)])


def _source(many: Many, entity: Entity, columns: Iterable[Column]) -> str:
    source = many.source or f"{entity.table} AS {entity.alias}"
    return "\n    ".join([source, *_joins(entity, columns)])


def _joins(entity: Entity, columns: Iterable[Column]) -> list[str]:
    """Those that something needs, in the order in which the entity declares them, for one may build on another."""
    needed = {*entity.visible_joins, *(name for column in columns for name in column.joins)}
    return [join for name, join in entity.joins.items() if name in needed]


def _conditions(many: Many, entity: Entity, part: Part) -> list[str]:
    given = [VALUE.sub(f":{filter_parameter(name)}", many.filters[name]) for name in part.filters]
    parent = "true" if many.parent is None else f"{many.parent} = wanted.parent"
    return [parent, many.where, entity.visible, *given]


def _keyset(part: Part) -> list[str]:
    sorts = part.order.parts
    after = [_beyond(sorts, "after", flipped=False)] if part.after else []
    before = [_beyond(sorts, "before", flipped=True)] if part.before else []
    return after + before


def _beyond(sorts: Sequence[Sort], name: str, *, flipped: bool) -> str:
    """What lies behind a place in the order, or before it when `flipped`."""
    bounds = [f":{name}_{n}::{sort.type}" for n, sort in enumerate(sorts)]
    signs = ["<" if sort.descending is not flipped else ">" for sort in sorts]
    if len(set(signs)) == 1:
        return f"({', '.join(sort.sql for sort in sorts)}) {signs[0]} ({', '.join(bounds)})"
    spelled = ""
    for sort, bound, sign in reversed(list(zip(sorts, bounds, signs, strict=True))):
        equal = f" OR ({sort.sql} = {bound} AND {spelled})" if spelled else ""
        spelled = f"({sort.sql} {sign} {bound}{equal})"
    return f"{sorts[0].sql} {signs[0]}= {bounds[0]} AND {spelled}"


def _ordered(expressions: Iterable[str], sorts: Sequence[Sort], *, backward: bool) -> str:
    parts = zip(expressions, sorts, strict=True)
    return ", ".join(f"{sql} DESC" if sort.descending is not backward else sql for sql, sort in parts)


def _all(*conditions: str) -> str:
    kept = [condition for condition in conditions if condition != "true"]
    return " AND ".join(f"({condition})" for condition in kept) or "true"


def places(arguments: Mapping[str, Sequence[object] | None]) -> dict[str, object]:
    """The values of `:after_0`, `:before_1` and so on, of the places that are given."""
    return {
        f"{name}_{n}": value for name, place in arguments.items() if place is not None for n, value in enumerate(place)
    }

"""Runs the plan of a selection: statement by statement, breadth first, on one connection to PostgreSQL.

What it answers are objects whose fields are plain attributes down to the leaves, so that no resolver below a root waits
for anything. Objects are made without their constructors: a field that is not selected is not there.

Calls of one field made in one turn of the loop, such as by the members of a list, are answered by one statement.
Nothing is remembered between turns, so a mutation's payload shows what the mutation did. Plans are remembered for the
process.
"""

from __future__ import annotations

import asyncio
from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any, Protocol, TypeVar, cast
from uuid import UUID

import strawberry

from config.postgres import Connection
from graph import ids
from graph.errors import BadRequest
from graph.reads.declarations import Many
from graph.reads.footprints import Footprints
from graph.reads.pages import FIRST_VALUE, page_of
from graph.reads.planning import Later, Place, Spot, page_at, rows_at
from graph.reads.plans import PAGES, ListingPlan, PagePlan, Request, RowsPlan, instance
from graph.reads.routing import Source
from graph.reads.selection import Document, arguments_of
from graph.reads.statements import Statement
from graph.viewer import Viewer

T = TypeVar("T")
Info = strawberry.Info[Any, None]
Members = dict[str, Any]
"""The attributes of an object."""


class Surroundings(Protocol):
    """What a reader needs of the context of its operation."""

    viewer: Viewer | None
    source: Source
    footprints: Footprints | None

    @property
    def market(self) -> str | None: ...


class Reader:
    """The reads of one operation, as its viewer may see them."""

    def __init__(self, context: Surroundings, *, viewer: Viewer | None) -> None:
        self._context = context
        self._viewer = viewer
        self._pending: dict[object, _Pending] = {}

    def seen_by(self, viewer: Viewer) -> Reader:
        """A reader for somebody who proved just now who they are, before the operation has a viewer."""
        return Reader(self._context, viewer=viewer)

    @property
    def seen(self) -> dict[str, object]:
        """The values by which a statement decides what is visible, for statements that are written by hand as well."""
        viewer = self._viewer
        return {
            "viewer_id": None if viewer is None else viewer.user_id,
            "is_admin": viewer is not None and viewer.is_admin,
            "market": self._context.market,
            "now": datetime.now(UTC),
        }

    async def named(self, info: Info, node_type: type[T], global_id: str) -> T | None:
        """What a global id names, or None when it is the id of nothing of this type that the viewer may see."""
        key = ids.find(_type_name(node_type), global_id)
        return None if key is None else await self.one(info, node_type, key)

    async def one(self, info: Info, node_type: type[T], key: UUID, *, under: tuple[str, ...] = ()) -> T | None:
        """The object of a key with what is selected of it, or None for one that the viewer may not see.

        `under` is the path of GraphQL names from the field of `info` to the object's own, as in a payload. Where the
        operation does not select that path, nobody will look at the answer and nothing is read.
        """
        (found,) = await self.several(info, [(_type_name(node_type), key)], under=under)
        return cast("T | None", found)

    async def asker(self, info: Info, node_type: type[T]) -> T | None:
        """The object of who asks, or None when nobody is signed in. That they are there is told by their token."""
        if self._viewer is None:
            return None
        place, key = Place(info, ()), self._viewer.user_id
        plan, statement = rows_at(place, _type_name(node_type), own=True)
        begun = self._begun(place)
        found = await self._context.source.run(lambda connection: begun(connection).rows(plan, statement, [key]))
        return cast("T | None", found.get(key))

    async def several(
        self, info: Info, wanted: Sequence[tuple[str, UUID]], *, under: tuple[str, ...] = ()
    ) -> list[Any]:
        """The objects of keys of several types, by one statement for each type, in their order."""
        place = Place(info, under)
        if not place.nodes:
            return [None] * len(wanted)
        keys: dict[str, list[UUID]] = defaultdict(list)
        for type_name, key in wanted:
            keys[type_name].append(key)
        answers = await asyncio.gather(*(self._join(place, type_name, among) for type_name, among in keys.items()))
        found = dict(zip(keys, answers, strict=True))
        return [found[type_name].get(key) for type_name, key in wanted]

    async def later(self, fields: Later, type_name: str, key: UUID) -> Any:
        """The object of a key with these fields alone, for a deferred part of the answer; None if it is gone by now."""
        return (await self._join(fields, type_name, [key])).get(key)

    async def page(self, info: Info, many: Many, parent_key: UUID | None, *, under: tuple[str, ...] = ()) -> Any:
        """The page that the arguments of the field ask for; `parent_key` is None at the root. Raises BadRequest."""
        place = Place(info, under)
        if not place.nodes:
            return None
        plan = page_at(place, many)
        request = plan.request(arguments_of(place.field, place.nodes[0], place.document))
        parents = [] if parent_key is None else [parent_key]
        begun = self._begun(place)
        (page,) = await self._context.source.run(lambda connection: begun(connection).pages(plan, request, parents))
        return page

    def _join(self, place: Spot, type_name: str, keys: Iterable[UUID]) -> asyncio.Task[dict[UUID, Any]]:
        """Have keys read together with those that other calls of the same field want in this turn of the loop."""
        pending = self._pending.get((place.identity, type_name))
        if pending is None:
            pending = self._pending[place.identity, type_name] = _Pending()
            pending.task = asyncio.create_task(self._read(place, type_name))
        pending.keys.update(dict.fromkeys(keys))
        return pending.task

    async def _read(self, place: Spot, type_name: str) -> dict[UUID, Any]:
        keys = list(self._pending.pop((place.identity, type_name)).keys)
        plan, statement = rows_at(place, type_name)
        begun = self._begun(place)
        return await self._context.source.run(lambda connection: begun(connection).rows(plan, statement, keys))

    def _begun(self, place: Spot) -> Callable[[Connection], _Run]:
        """The statements of a place, which are the same on whichever connection they run in the end."""
        document, values, footprints = place.document, self.seen, self._context.footprints
        return lambda connection: _Run(connection, document, values, footprints)


class _Pending:
    """Keys that are read together, in the next turn of the loop."""

    task: asyncio.Task[dict[UUID, Any]]

    def __init__(self) -> None:
        self.keys: dict[UUID, None] = {}


class _Run:
    """One plan being run: its connection, and the values that all its statements share."""

    def __init__(
        self,
        connection: Connection,
        document: Document,
        values: Mapping[str, object],
        footprints: Footprints | None,
    ) -> None:
        self._connection = connection
        self._document = document
        self._values = values
        self._footprints = footprints

    async def rows(self, plan: RowsPlan, statement: Statement | None, keys: Sequence[UUID]) -> dict[UUID, Any]:
        """The objects of keys; without a statement there is one for each key, and every value of it is the key."""
        if not keys:
            return {}
        if statement is None:
            found: list[Any] = [(key,) * len(plan.names) for key in keys]
        else:
            found = await self._fetch(statement, {"keys": keys})
            if self._footprints is not None:
                self._footprints.leave(statement, table=plan.entity.table, keys=keys, joined=plan.joined, rows=found)
        members = [plan.made(row) for row in found]
        await self._follow(plan, members)
        return {one["key"]: instance(plan.make, one) for one in members}

    async def pages(
        self, plan: PagePlan, request: Request, parents: Sequence[UUID], *, under: str | None = None
    ) -> list[Any]:
        """A page for each parent, or one for the root; `under` is the table whose rows the parents are."""
        values = {**request.values, "keys": parents}
        rows: dict[int, list[Any]] = defaultdict(list)
        if request.page is not None:
            found = await self._fetch(request.page, values)
            if self._footprints is not None:
                self._footprints.leave(
                    request.page, table=under, keys=parents, joined=plan.rows.joined, rows=found, first=FIRST_VALUE
                )
            for row in found:
                rows[row[0]].append(row)
        totals: dict[int, int] = {}
        if request.count is not None:
            totals = {row[0]: row[1] for row in await self._fetch(request.count, values)}
            if self._footprints is not None:
                self._footprints.leave(request.count, table=under, keys=parents)
        numbers = range(1, len(parents) + 1) if plan.many.parent is not None else (1,)
        made = [page_of(plan, request, rows[number], total=totals.get(number)) for number in numbers]
        await self._follow(plan.rows, [node for _, nodes in made for node in nodes])
        return [connection for connection, _ in made]

    async def _follow(self, plan: RowsPlan, members: Sequence[Members]) -> None:
        """Read the relations and connections of objects into their attributes, and of those that are joined to them."""
        for joined in plan.joined:
            await self._follow(joined.rows, [one[joined.name].__dict__ for one in members if one[joined.name]])
        for relation in plan.relations:
            keys = dict.fromkeys(one[relation.key] for one in members)
            keys.pop(None, None)
            found = await self.rows(relation.rows, relation.statement, list(keys))
            for one in members:
                one[relation.name] = found.get(one[relation.key])
        for listing in plan.listings:
            await self._list(listing, members, under=plan.entity.table)

    async def _list(self, listing: ListingPlan, members: Sequence[Members], *, under: str) -> None:
        parents = list(dict.fromkeys(one["key"] for one in members))
        request = listing.request(self._document)
        pages: Mapping[UUID, Any]
        if isinstance(request, BadRequest):
            pages = dict.fromkeys(parents, request)
        elif parents:
            found = await self.pages(listing.page, request, parents, under=under)
            pages = dict(zip(parents, found, strict=True))
        for one in members:
            one[PAGES].update(dict.fromkeys(map(id, listing.nodes), pages[one["key"]]))

    async def _fetch(self, statement: Statement, own: Mapping[str, object]) -> list[Any]:
        values = {**self._values, **own}
        rows: list[Any] = await self._connection.fetch(statement.text, *(values[name] for name in statement.parameters))
        return rows


def _type_name(node_type: Any) -> str:
    name: str = node_type.entity.type_name
    return name

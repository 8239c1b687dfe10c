"""The change feed of an account; merged into User by `graph.accounts.types`."""

from __future__ import annotations

from typing import Annotated, Any
from uuid import UUID

import strawberry

from graph import ids
from graph.changes import service
from graph.changes.records import TYPE_NAMES
from graph.changes.types import LibraryChange, LibraryChanges
from graph.context import Info
from graph.errors import BadRequest
from graph.paging import DEFAULT_PAGE, MAX_PAGE, read_cursor, write_cursor
from graph.scalars import CountryCode

ORDER = "changes"
"""Of the cursor, which names the listener as well: on a shared device, one account must not go on from another's."""
TYPES = ("uuid", "bigint")
UNDER = ("changes", "node")
"""Where the answer has the nodes."""

After = Annotated[
    str | None, strawberry.argument(description="The cursor that you were given last; none to be given one.")
]
First = Annotated[int, strawberry.argument(description=f"How many to answer, 1 to {MAX_PAGE}.")]


@strawberry.type
class ViewerChanges:
    """Fields that only the user sees."""

    @strawberry.field(
        description=(
            "What has changed in your library, for clients that keep a copy of it; null for everybody but the user."
            " Begin without `after`: you are given a cursor and no changes. Read your library once, then ask again and"
            " again with the last cursor. Fails with the code SYNC_ANEW when the cursor is older than what is"
            " remembered: begin anew. What can be heard no longer, or again, is told as a change, a minute or two after"
            " it is so, be it by the clock: a licence ends, a release comes out. Of playlists of others that you"
            " follow, it tells that you follow them; whether their content has changed is told by their `revision`."
        )
    )
    async def changes(self: Any, info: Info, first: First = DEFAULT_PAGE, after: After = None) -> LibraryChanges | None:
        viewer, pool = info.context.viewer, info.context.services.pool
        if viewer is None or viewer.user_id != self.key:
            return None
        if not 1 <= first <= MAX_PAGE:
            raise BadRequest(f"`first` must be between 1 and {MAX_PAGE}, not {first}.")
        if after is None:
            return await _shown(info, viewer.user_id, await service.begin(pool, viewer.user_id))
        number = _number(after, viewer.user_id)
        return await _shown(
            info, viewer.user_id, await service.changes_after(pool, viewer.user_id, number=number, first=first)
        )


def _number(cursor: str, user_id: UUID) -> int:
    """Where a cursor points to. Raises BadRequest for that of another account, too."""
    owner_id, number = read_cursor(cursor, argument="after", order=ORDER, types=TYPES)
    if owner_id != user_id:
        raise BadRequest("`after` is a cursor of another account.")
    return int(number)


async def _shown(info: Info, user_id: UUID, found: service.Changes) -> LibraryChanges:
    wanted = [(TYPE_NAMES[one.kind], one.key) for one in found.recorded if not one.deleted]
    market = info.context.market
    nodes = iter(await info.context.reader.several(info, wanted, under=UNDER))
    return LibraryChanges(
        changes=[
            LibraryChange(
                part=one.kind,
                node_id=strawberry.ID(ids.encode(TYPE_NAMES[one.kind], one.key)),
                deleted=one.deleted,
                changed_at=one.changed_at,
                node=None if one.deleted else next(nodes),
            )
            for one in found.recorded
        ],
        cursor=write_cursor(ORDER, (user_id, found.number)),
        market=None if market is None else CountryCode(market),
        has_more=found.has_more,
    )

"""Keeping libraries right when what is kept in them is renamed or deleted.

Whoever renames or deletes something writes one row (`upkeep`, by a trigger), however many libraries have it. Here the
folded names are written anew, or the rows removed and the change feeds told, in portions that hold locks for a moment
each. Until then a library by name shows the new name in its old place; what is deleted is not shown at all.

A row is worked off a while after it was noted: by then whoever was about to keep the thing under its old name, or
before its deletion, has done so. Renaming again meanwhile notes it anew, and the note that is newer stays.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from uuid import UUID

import asyncpg

from config.postgres import Connection
from config.transactions import begun_again
from graph.changes.ledger import record_changes
from graph.changes.records import Change, ChangeKind
from graph.library.shelves import SHELVES, Shelf, sort_name

GRACE = timedelta(minutes=1)
"""Longer than any request may take."""
AT_ONCE = 100
"""Things in one run."""
PORTION = 1_000
"""Libraries in one transaction: some tens of milliseconds."""
BEFORE_ALL = UUID(int=0)

NOTED = """
SELECT kind, subject_id, noted_at FROM upkeep WHERE kind = ANY($1::text[]) AND noted_at < $2
ORDER BY noted_at LIMIT $3
"""
DONE = "DELETE FROM upkeep WHERE kind = $1 AND subject_id = $2 AND noted_at = $3"


async def keep_up(connection: Connection, now: datetime) -> bool:
    """Work off what was noted; whether that was all."""
    noted = await connection.fetch(NOTED, [kind.value for kind in SHELVES], now - GRACE, AT_ONCE)
    for row in noted:
        shelf = SHELVES[ChangeKind(row["kind"])]
        name = await connection.fetchval(shelf.named, row["subject_id"])
        if name is None:
            await _remove(connection, shelf, row["subject_id"])
        else:
            await _rename(connection, shelf, row["subject_id"], sort_name(name))
        await connection.execute(DONE, row["kind"], row["subject_id"], row["noted_at"])
    return len(noted) < AT_ONCE


async def _rename(connection: Connection, shelf: Shelf, key: UUID, name: str) -> None:
    after: UUID | None = BEFORE_ALL
    while after is not None:
        after = _last(await connection.fetch(shelf.rename, key, name, after, PORTION))


async def _remove(connection: Connection, shelf: Shelf, key: UUID) -> None:
    after: UUID | None = BEFORE_ALL
    while after is not None:
        after = await _remove_portion(connection, shelf, key, after)


@begun_again
async def _remove_portion(connection: Connection, shelf: Shelf, key: UUID, after: UUID) -> UUID | None:
    async with connection.transaction():
        rows = await connection.fetch(shelf.remove, key, after, PORTION)
        gone = [Change(user_id=row[0], kind=shelf.kind, key=key, deleted=True) for row in rows]
        await record_changes(connection, gone)
    return _last(rows)


def _last(rows: Sequence[asyncpg.Record]) -> UUID | None:
    """The last listener of a portion that was full, behind which the next one begins."""
    return max(row[0] for row in rows) if len(rows) == PORTION else None

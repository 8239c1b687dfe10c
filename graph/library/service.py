"""Rules of the library: a listener keeps what it may see, once, and takes away what it likes. Both may be repeated.

What changes is told to the listener's change feed in the same transaction; what changes nothing is not told.

Who unfollows a user stops seeing what that one plays at once: the mutation makes watchers ask anew (`graph.live`).
"""

from __future__ import annotations

from collections.abc import Mapping
from uuid import UUID

import asyncpg

from config.postgres import Pool
from config.transactions import begun_again
from graph.changes.ledger import record_change
from graph.errors import Forbidden, ProblemCode, refused
from graph.library.shelves import FOLLOWED_PLAYLISTS, FOLLOWED_USERS, Shelf, sort_name

IS_OWNER = "SELECT true FROM playlists WHERE id = $1 AND owner_id = $2"


@begun_again
async def keep(pool: Pool, shelf: Shelf, *, listener_id: UUID, key: UUID, seen: Mapping[str, object]) -> None:
    """Put something onto the listener's shelf; again is no error. Raises Refused, Forbidden.

    `seen` are the values by which the listener sees things (`Reader.seen`).
    """
    if shelf is FOLLOWED_USERS and key == listener_id:
        raise refused(ProblemCode.INVALID_VALUE, shelf.field, "You cannot follow yourself.")
    values = {**seen, "keys": [key]}
    async with pool.acquire() as connection, connection.transaction():
        row = await connection.fetchrow(shelf.seen.text, *(values[name] for name in shelf.seen.parameters))
        if row is None:
            raise refused(ProblemCode.NOT_FOUND, shelf.field)
        if shelf is FOLLOWED_PLAYLISTS and await connection.fetchval(IS_OWNER, key, listener_id):
            raise refused(ProblemCode.INVALID_VALUE, shelf.field, "This playlist is in your library: it is yours.")
        try:
            fresh = await connection.fetchval(shelf.keep, listener_id, key, sort_name(row[1]))
        except asyncpg.ForeignKeyViolationError as error:
            raise Forbidden("This account has been deleted.") from error
        if fresh:
            await record_change(connection, listener_id, shelf.kind, key, deleted=False)


@begun_again
async def drop(pool: Pool, shelf: Shelf, *, listener_id: UUID, key: UUID) -> None:
    """Take something off the listener's shelf; what is not there is no error."""
    async with pool.acquire() as connection, connection.transaction():
        if await connection.fetchval(shelf.drop, listener_id, key):
            await record_change(connection, listener_id, shelf.kind, key, deleted=True)

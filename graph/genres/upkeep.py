"""Genres that nothing is called by any more: they go, so that the list of all genres leads nowhere empty.

A genre is made when somebody names it first. Nothing refers to it any more when its last track and album are deleted or
called otherwise, or when a name was misspelt. Who names it again makes it again.

A genre that is locked is being named just now, and is left alone. Under its own lock it is looked at once more, for it
may have been named between being found and being locked. Who comes to name it while it goes is begun again
(`config.transactions`), and makes it anew.
"""

from __future__ import annotations

from datetime import datetime

from config.postgres import Connection

AT_ONCE = 1_000
"""In one transaction: some milliseconds, which is how long somebody waits who names one of them."""

UNNAMED = """
NOT EXISTS (SELECT FROM track_genres WHERE genre_id = genres.id)
AND NOT EXISTS (SELECT FROM album_genres WHERE genre_id = genres.id)
"""
LOCK = f"SELECT id FROM genres WHERE {UNNAMED} ORDER BY id LIMIT $1 FOR UPDATE SKIP LOCKED"  # noqa: S608 -- the text above
FORGET = f"DELETE FROM genres WHERE id = ANY($1::uuid[]) AND {UNNAMED}"  # noqa: S608 -- as above


async def forget_genres(connection: Connection, _now: datetime) -> bool:
    """Remove what nothing is called by; whether that was all."""
    async with connection.transaction():
        found = [row["id"] for row in await connection.fetch(LOCK, AT_ONCE)]
        await connection.execute(FORGET, found)
    return len(found) < AT_ONCE

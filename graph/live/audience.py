"""The audience: who may see what a listener plays, asked in PostgreSQL before anything is shown.

The question is asked for every event and every watcher, because a message that says "no longer" may be lost. One event
wakes all the watchers of a process in the same turn of the event loop; the questions of one turn are answered together
by one statement, so a listener with a thousand followers costs one statement for each event and process.
"""

from __future__ import annotations

import asyncio
from enum import Enum
from uuid import UUID

from config.postgres import Pool

# One row for each pair that was asked: whether there is such a listener, is private, is followed.
STANDINGS = """
    SELECT asked.watcher_id, asked.listener_id, u.listening_private AS private,
           u.id IS NOT NULL AND (asked.watcher_id = asked.listener_id OR f.follower_id IS NOT NULL) AS welcome
    FROM unnest($1::uuid[], $2::uuid[]) AS asked (watcher_id, listener_id)
    LEFT JOIN users u ON u.id = asked.listener_id
    LEFT JOIN follows f ON f.follower_id = asked.watcher_id AND f.followed_id = asked.listener_id
"""

Pair = tuple[UUID, UUID]


class Standing(Enum):
    """What a watcher may see of a listener right now."""

    WELCOME = "welcome"
    """Follows the listener, or is the listener."""
    SHUT_OUT = "shut_out"
    """The same, but the listener listens in private: nothing is shown to anybody."""
    STRANGER = "stranger"
    """Does not follow, or there is no such listener."""


class Audience:
    """Answers standings in batches; one a process."""

    def __init__(self, pool: Pool) -> None:
        self._pool = pool
        self._waiting: dict[Pair, asyncio.Future[Standing]] = {}
        self._batches: set[asyncio.Task[None]] = set()

    async def standing(self, watcher_id: UUID, listener_id: UUID) -> Standing:
        """Ask for one pair, together with everybody who asks in this turn of the loop."""
        loop = asyncio.get_running_loop()
        if not self._waiting:
            loop.call_soon(self._dispatch)
        future = self._waiting.setdefault((watcher_id, listener_id), loop.create_future())
        # Shielded: one watcher who leaves must not take the answer from another with the same question.
        return await asyncio.shield(future)

    def _dispatch(self) -> None:
        asked, self._waiting = self._waiting, {}
        batch = asyncio.get_running_loop().create_task(self._answer(asked))
        self._batches.add(batch)  # the loop itself holds tasks weakly
        batch.add_done_callback(self._batches.discard)

    async def _answer(self, asked: dict[Pair, asyncio.Future[Standing]]) -> None:
        try:
            rows = await self._pool.fetch(
                STANDINGS, [watcher for watcher, _ in asked], [listener for _, listener in asked]
            )
        except Exception as error:  # noqa: BLE001 -- handed to everybody who asked, whatever it is
            for future in asked.values():
                future.set_exception(error)
            return
        for row in rows:
            asked[row["watcher_id"], row["listener_id"]].set_result(standing_of(row["welcome"], row["private"]))


def standing_of(welcome: bool, private: bool | None) -> Standing:  # noqa: FBT001 -- two columns of a row
    """Being a stranger comes first: a stranger does not learn whether somebody is private."""
    if not welcome:
        return Standing.STRANGER
    return Standing.SHUT_OUT if private else Standing.WELCOME

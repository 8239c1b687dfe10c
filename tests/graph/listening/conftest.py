"""Plays without tracks: what is counted knows keys alone."""

from collections.abc import Awaitable
from datetime import datetime
from typing import Protocol
from uuid import UUID

import pytest

from graph.keys import new_key


class AddPlay(Protocol):
    """Add a play that waits to be counted."""

    def __call__(
        self,
        played_at: datetime,
        *,
        user: UUID,
        track: UUID,
        artist: UUID | None = None,
        market: str = "DE",
        private: bool = False,
        times: int = 1,
    ) -> Awaitable[None]: ...


@pytest.fixture
def add_play(pool) -> AddPlay:
    async def add(played_at, *, user, track, artist=None, market="DE", private=False, times=1) -> None:
        await pool.executemany(
            "INSERT INTO plays_waiting (id, user_id, track_id, artist_id, market, played_at, private)"
            " VALUES ($1, $2, $3, $4, $5, $6, $7)",
            [(new_key(), user, track, artist or track, market, played_at, private) for _ in range(times)],
        )

    return add

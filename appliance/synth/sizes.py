"""How much is made: the sizes that an operator chooses, and what follows from them.

Pure. The defaults are the catalogue that the project's figures are measured on.
"""

from __future__ import annotations

from datetime import datetime

import msgspec


class Sizes(msgspec.Struct, frozen=True, kw_only=True):
    """Rows of each kind; every one of them is at least 1."""

    tracks: int = 1_000_000
    artists: int = 100_000
    albums: int = 150_000
    playlists: int = 200_000
    listeners: int = 50_000

    def __post_init__(self) -> None:
        if min(msgspec.structs.astuple(self)) < 1:
            raise ValueError("every size is at least 1")


class Order(msgspec.Struct, frozen=True, kw_only=True):
    """What decides every value: the same order makes the same rows."""

    sizes: Sizes
    seed: int
    now: datetime
    """The newest row is a moment older; the oldest, some years."""

"""Playlists as records, what may be put into one, and the refusal that every write knows. Pure."""

from __future__ import annotations

from enum import Enum
from uuid import UUID

import msgspec
from msgspec import UNSET, UnsetType

from graph.errors import Problem, ProblemCode, Refused

MAX_ENTRIES = 10_000
"""A month of music; what a client can still keep, and what is spread anew in a second."""
MAX_AT_ONCE = 500
"""Entries in one call: an artist's whole work, and far below a second in the database."""
MAX_DESCRIPTION = 2_000


class End(Enum):
    """An end of a playlist."""

    START = "start"
    END = "end"


class Obstacle(Enum):
    """What keeps a track of a playlist from being heard."""

    WITHDRAWN = "withdrawn"
    NOT_LICENSED = "not_licensed"
    NOT_RELEASED = "not_released"


class Place(msgspec.Struct, frozen=True, kw_only=True):
    """Where entries are put: at an end, or right before or after an entry."""

    end: End | None = None
    before: UUID | None = None
    after: UUID | None = None


AT_THE_END = Place(end=End.END)


class Edit(msgspec.Struct, frozen=True, kw_only=True):
    """What becomes of a playlist; what is unset stays."""

    name: str | UnsetType = UNSET
    description: str | UnsetType = UNSET
    public: bool | UnsetType = UNSET


class Held(msgspec.Struct, frozen=True, kw_only=True):
    """A playlist whose row the writer has locked."""

    id: UUID
    owner_id: UUID
    revision: int


class Added(msgspec.Struct, frozen=True, kw_only=True):
    """Which entries came, and the revision of the playlist since."""

    entry_ids: tuple[UUID, ...]
    revision: int


class StaleRevision(Refused):
    """The playlist was written since the caller has read it: read it again, and decide anew."""

    def __init__(self, current: int) -> None:
        message = f"The playlist has changed since; its revision is {current} now."
        super().__init__(Problem(ProblemCode.STALE_REVISION, ("revision",), message))
        self.current = current

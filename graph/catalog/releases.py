"""Releases: what kind of thing an album is, and whether listeners see it.

Pure. A scheduled release comes out at its time by the clock of whoever asks (in SQL: `graph.catalog.visibility`), so
its state in the database stays `scheduled` when it is out. Any state may follow any other: a release that was withdrawn
by mistake goes live again.
"""

from __future__ import annotations

from datetime import datetime
from enum import Enum

from graph.errors import ProblemCode, refused


class ReleaseType(Enum):
    """What shops and charts call it."""

    SINGLE = "single"
    EP = "ep"
    ALBUM = "album"
    COMPILATION = "compilation"


class ReleaseState(Enum):
    """Whether listeners see it."""

    DRAFT = "draft"
    SCHEDULED = "scheduled"
    LIVE = "live"
    WITHDRAWN = "withdrawn"


def require_schedule(state: ReleaseState, live_at: datetime | None) -> None:
    """A scheduled release has a time at which it goes live, and no other has. Raises Refused."""
    if state is ReleaseState.SCHEDULED and live_at is None:
        raise refused(ProblemCode.REQUIRED, "liveAt", "Say when a scheduled release goes live.")
    if state is not ReleaseState.SCHEDULED and live_at is not None:
        raise refused(ProblemCode.INVALID_VALUE, "liveAt", "Only a scheduled release has a time at which it goes live.")
    if live_at is not None and live_at.tzinfo is None:
        raise refused(ProblemCode.INVALID_VALUE, "liveAt", "Give the time with its offset from UTC.")

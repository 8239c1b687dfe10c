"""Credits: who did what on a track. Pure.

A credit has a role and the name as it is to be read; where that is an artist of the catalogue, it leads there. Their
order is the artist's: the first of a role comes first.
"""

from __future__ import annotations

from collections.abc import Sequence
from enum import Enum
from uuid import UUID

import msgspec

from graph.errors import Problem, ProblemCode, Refused
from graph.names import clean

MAX_CREDITS = 100
"""An orchestra is credited by its name; this is more than the longest list of a pop production."""


class CreditRole(Enum):
    """What somebody did."""

    FEATURED = "featured"
    PERFORMER = "performer"
    COMPOSER = "composer"
    LYRICIST = "lyricist"
    ARRANGER = "arranger"
    CONDUCTOR = "conductor"
    PRODUCER = "producer"
    REMIXER = "remixer"
    ENGINEER = "engineer"
    MIXER = "mixer"
    MASTERING = "mastering"
    PUBLISHER = "publisher"


class Credit(msgspec.Struct, frozen=True, kw_only=True):
    """One line."""

    role: CreditRole
    name: str
    artist_id: UUID | None = None


def checked(credits_: Sequence[Credit], *, field: str) -> tuple[Credit, ...]:
    """The credits as they are stored, each once. Raises Refused."""
    if len(credits_) > MAX_CREDITS:
        raise Refused(Problem(ProblemCode.TOO_LONG, (field,), f"At most {MAX_CREDITS} credits."))
    kept = (
        msgspec.structs.replace(credit, name=clean(credit.name, field=f"{field}.{place}.name"))
        for place, credit in enumerate(credits_)
    )
    return tuple(dict.fromkeys(kept))

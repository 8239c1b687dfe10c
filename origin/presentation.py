"""A presentation: the tracks that one manifest plays, one behind the other without a gap.

Mostly it is one track, whose manifests lie in its own directory. An album or a queue is several, whose manifests lie
elsewhere and reach each track by a relative path, so that its segments have the URLs that they have when it is played
alone (decision 0068).
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TypeAlias

import msgspec

from origin.asset import Asset
from origin.protection.signalling import Signalling


class Track(msgspec.Struct, frozen=True, kw_only=True):
    """One asset in its place in a presentation."""

    asset: Asset
    base: str = ""
    """The way from the manifests to the directory of the asset's segments, with its last slash; empty for the same."""
    signalling: Signalling | None = None
    """What manifests say of its protection; None for clear media."""


Presentation: TypeAlias = Sequence[Track]
"""At least one track, in the order of playing."""

"""A running order: which tracks a presentation plays, as one component of its URL. What graph signs, the origin reads.

    presentations/{order}/master.m3u8 | manifest.mpd | {rendition}.m3u8
    order = asset "." revision *("." asset "." revision)

An asset is its UUID in base64url, 22 characters in place of 36: an album of fifty tracks makes a path of some 1,300
bytes. The order stands in the URL as a whole, so the token's MAC covers it and no node has to look anything up; it is
the directory of the token (decision 0068).

Not here: what is played (`origin.presentation`), the token (`edge.token`).
"""

from __future__ import annotations

import re
from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Sequence
from typing import NamedTuple
from uuid import UUID

MAX_TRACKS = 100
"""Some 2,700 bytes of path: half of what CDNs and servers take for a request line."""

ENTRY = r"[A-Za-z0-9_-]{22}\.[1-9][0-9]{0,8}"
PATTERN = rf"{ENTRY}(?:\.{ENTRY}){{0,{MAX_TRACKS - 1}}}"
ORDER = re.compile(PATTERN)


class Place(NamedTuple):
    """One track, by the revision of its asset."""

    asset_id: UUID
    revision: int


def spell(order: Sequence[Place]) -> str:
    """Write the component. Raises ValueError for no track, more than a URL holds, or a revision that no asset has."""
    text = ".".join(f"{_spell(place.asset_id)}.{place.revision}" for place in order)
    if not ORDER.fullmatch(text):
        raise ValueError(f"a running order is 1 to {MAX_TRACKS} tracks, not {len(order)}")
    return text


def read(text: str) -> tuple[Place, ...] | None:
    """Read what `spell` wrote; None for any other text, so that one order has one URL."""
    if not ORDER.fullmatch(text):
        return None
    parts = text.split(".")
    order = tuple(Place(_read(asset), int(revision)) for asset, revision in zip(parts[::2], parts[1::2], strict=True))
    return order if spell(order) == text else None


def directory(order: Sequence[Place]) -> str:
    """The scope of the token that opens the presentation. Ends with a slash."""
    return f"presentations/{spell(order)}/"


def _spell(asset_id: UUID) -> str:
    return urlsafe_b64encode(asset_id.bytes).rstrip(b"=").decode("ascii")


def _read(text: str) -> UUID:
    return UUID(bytes=urlsafe_b64decode(f"{text}=="))

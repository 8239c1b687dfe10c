"""What may be swept: objects that nothing names, found by listing the store and asking the database. Pure.

The rule is that nothing referenced is ever removed. It holds because of an order: a row is written before the first
object that it names, and the database is asked after the store was listed. So an object that is listed and whose owner
is not in the database then has lost it for good, for keys are never used twice. The grace time comes on top: it covers
what is written before its row, and clocks that differ.

An object whose key has none of the known shapes is somebody else's and stays.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable, Mapping
from collections.abc import Set as AbstractSet
from datetime import datetime, timedelta
from typing import Protocol
from uuid import UUID

UUID_SHAPE = r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}"
UPLOAD = re.compile(rf"uploads/{UUID_SHAPE}")
REVISION = re.compile(rf"(?P<asset>assets/(?P<id>{UUID_SHAPE})/)(?P<revision>[1-9][0-9]{{0,8}})/")
WITHDRAWAL = re.compile(rf"(?P<asset>assets/(?P<id>{UUID_SHAPE})/)withdrawn")
IMAGE = re.compile(rf"images/(?P<id>{UUID_SHAPE})/")
UPLOADS_PREFIX = "uploads/"
SWEPT_PREFIXES = (UPLOADS_PREFIX, "assets/", "images/")


class Listed(Protocol):
    """An object of a listing."""

    @property
    def key(self) -> str: ...

    @property
    def modified_at(self) -> datetime: ...


def owner_of(key: str) -> str | None:
    """What an object belongs to: the directory of a revision or an image; None for other shapes.

    An upload, and the marker of a withdrawn asset, is its own owner.
    """
    if UPLOAD.fullmatch(key) or WITHDRAWAL.fullmatch(key):
        return key
    found = REVISION.match(key) or IMAGE.match(key)
    return None if found is None else found[0]


def covers(owner: str) -> tuple[str, ...]:
    """The names by which the database may hold an owner: its own, and as a part of its asset when that is removed."""
    found = REVISION.fullmatch(owner) or WITHDRAWAL.fullmatch(owner)
    return (owner,) if found is None else (owner, found["asset"])


def revisions_of(owners: Iterable[str]) -> list[tuple[UUID, int]]:
    """Those of the owners that are revisions, as the database has them."""
    found = [REVISION.fullmatch(owner) for owner in owners]
    return [(UUID(one["id"]), int(one["revision"])) for one in found if one is not None]


def withdrawals_of(owners: Iterable[str]) -> list[UUID]:
    """The assets of those of the owners that are markers."""
    found = [WITHDRAWAL.fullmatch(owner) for owner in owners]
    return [UUID(one["id"]) for one in found if one is not None]


def images_of(owners: Iterable[str]) -> list[UUID]:
    """Those of the owners that are images, as the database has them."""
    found = [IMAGE.fullmatch(owner) for owner in owners]
    return [UUID(one["id"]) for one in found if one is not None]


def candidates(objects: Iterable[Listed], *, now: datetime, grace: timedelta) -> dict[str, list[str]]:
    """The keys that are old enough to be swept, by their owners."""
    found: defaultdict[str, list[str]] = defaultdict(list)
    for one in objects:
        owner = owner_of(one.key)
        if owner is not None and one.modified_at + grace <= now:
            found[owner].append(one.key)
    return dict(found)


def orphans(candidates: Mapping[str, Iterable[str]], named: AbstractSet[str]) -> list[str]:
    """The keys to remove; `named` is what the database holds of the owners, asked after the listing."""
    return [key for owner, keys in candidates.items() if named.isdisjoint(covers(owner)) for key in keys]

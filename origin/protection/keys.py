"""Content keys, and who provides them.

A keyring is everything that encrypting one asset in one scheme takes and that manifests say of it. It depends on
nothing but its content, so each node and each restart of the origin encrypts to the same bytes.

No two schemes share a key: one key in two modes of operation is a habit that nobody has proved to be safe. No two
revisions do either, since counters start anew with each (`origin.protection.segments`).

Not here: the providers (`origin.protection.derived`, `origin.protection.speke`), the cache before them
(`origin.protection.keyrings`).
"""

from __future__ import annotations

from typing import Protocol
from uuid import UUID

import msgspec

from origin.asset import Asset
from origin.protection.scheme import Scheme
from origin.protection.signalling import Signalling

KEY_BYTES = 16
"""AES-128, the only cipher of all three schemes."""

IV_BYTES = 16


class Content(msgspec.Struct, frozen=True, kw_only=True):
    """What one keyring is for: a revision of an asset in one scheme, cut into crypto periods."""

    asset_id: UUID
    revision: int
    scheme: Scheme
    period_count: int
    segments_per_period: int | None
    """None for one period."""

    def __post_init__(self) -> None:
        if self.period_count < 1 or (self.segments_per_period is not None and self.segments_per_period < 1):
            raise ValueError("a content has at least one crypto period, and a period has segments")


def content_of(asset: Asset, scheme: Scheme, segments_per_period: int | None) -> Content:
    """The content that `asset` is in `scheme`."""
    longest = max(len(rendition.segments) for rendition in asset.renditions)
    return Content(
        asset_id=asset.asset_id,
        revision=asset.revision,
        scheme=scheme,
        period_count=1 if segments_per_period is None else -(-longest // segments_per_period),
        segments_per_period=segments_per_period,
    )


class ContentKey(msgspec.Struct, frozen=True, kw_only=True):
    """One key. `iv` is the constant one of cbcs and the one of every whole segment of AES-128; cenc counts instead."""

    key_id: UUID
    key: bytes
    iv: bytes

    def __post_init__(self) -> None:
        if len(self.key) != KEY_BYTES or len(self.iv) != IV_BYTES:
            raise ValueError(f"a content key has {KEY_BYTES} bytes and its IV {IV_BYTES}")

    def __repr__(self) -> str:
        return f"ContentKey({self.key_id})"


class Keyring(msgspec.Struct, frozen=True, kw_only=True):
    """The keys of a content, the first crypto period's first."""

    keys: tuple[ContentKey, ...]
    pssh: tuple[bytes, ...]
    """The boxes that a header carries for the key systems, whole."""
    signalling: Signalling
    disclosed: bool
    """Whether the origin hands these keys to whoever is entitled; a key system's licence server does otherwise."""

    @property
    def scheme(self) -> Scheme:
        return self.signalling.scheme

    def key_of(self, index: int) -> ContentKey:
        """The key of segment `index`, of any rendition."""
        return self.keys[self.signalling.period(index)]


class KeyProvider(Protocol):
    """Whoever knows the keys."""

    async def keyring(self, content: Content) -> Keyring:
        """Raises NotThere for a scheme that it has no keys for, KeysAway when it cannot be asked."""
        ...

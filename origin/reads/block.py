"""A block: a header or a segment, where it lies in the store and what it has to be.

Its digest is its name in every cache: equal bytes are one entry, and what is found under a name can be checked against
it. Nothing is cached or served that was not.
"""

from __future__ import annotations

import msgspec

from origin.asset import block_digest
from origin.errors import WrongBytes
from origin.ranges import Span


class Block(msgspec.Struct, frozen=True, kw_only=True):
    """The bytes of `span` in the object `key`."""

    key: str
    span: Span
    sha256: str
    """As `origin.asset.block_digest` writes it."""

    def is_in(self, data: bytes) -> bool:
        """Whether `data` is this block, to the bit."""
        return len(data) == self.span.length and block_digest(data) == self.sha256

    def checked(self, data: bytes) -> bytes:
        """Answer `data` when it is this block. Raises WrongBytes."""
        if not self.is_in(data):
            told = f"{len(data)} bytes" if len(data) != self.span.length else "other bytes"
            raise WrongBytes(f"{self.key}: {told} for the {self.span.length} from {self.span.start}")
        return data

"""A whole file in the store: where it lies, and what each of its parts has to be.

A part of it that somebody asks for is read together with the rest of the parts that it lies in, checked against their
digests, and cut out of them. Files that were ingested before there were digests have none; of what is read of them the
length is checked.
"""

from __future__ import annotations

import msgspec

from origin.asset import WHOLE_FILE_PART_BYTES, block_digest
from origin.errors import WrongBytes
from origin.ranges import Span


class WholeObject(msgspec.Struct, frozen=True, kw_only=True):
    """The object `key` of `size` bytes; `part_sha256s` are as `origin.asset.Progressive` has them."""

    key: str
    size: int
    part_sha256s: tuple[str, ...] = ()

    def around(self, span: Span) -> Span:
        """What has to be read so that `span` can be checked."""
        if not self.part_sha256s:
            return span
        start = span.start - span.start % WHOLE_FILE_PART_BYTES
        end = min(self.size, -(-span.end // WHOLE_FILE_PART_BYTES) * WHOLE_FILE_PART_BYTES)
        return Span(start=start, length=end - start)

    def checked(self, span: Span, around: bytes) -> bytes:
        """Cut `span` out of what lies around it. Raises WrongBytes."""
        read = self.around(span)
        if len(around) != read.length:
            raise WrongBytes(f"{self.key}: {len(around)} of the {read.length} bytes from {read.start} are there")
        parts = read.parts(WHOLE_FILE_PART_BYTES) if self.part_sha256s else []
        for part in parts:
            place = part.start - read.start
            if block_digest(around[place : place + part.length]) != self._digest(part):
                raise WrongBytes(f"{self.key}: other bytes for the {part.length} from {part.start}")
        return around[span.start - read.start :][: span.length]

    def _digest(self, part: Span) -> str:
        return self.part_sha256s[part.start // WHOLE_FILE_PART_BYTES]

"""A file that comes in pieces, held against its promise while it passes. Pure.

The last bytes are held back until everything has been compared: whoever takes the pieces never gets a whole file that
is not the promised one.
"""

from __future__ import annotations

import hashlib

from graph.errors import ProblemCode, refused
from graph.uploads.records import Stored


class Body:
    """Counts and digests what passes; it holds one piece at a time."""

    def __init__(self, promised: Stored) -> None:
        self._promised = promised
        self._digest = hashlib.sha256()
        self._count = 0
        self._held = b""

    def feed(self, piece: bytes) -> bytes:
        """Take a piece and answer the one before it. Raises Refused as soon as there is too much."""
        if not piece:
            return b""
        self._count += len(piece)
        if self._count > self._promised.size_bytes:
            message = f"{self._promised.size_bytes} bytes were announced, and more have arrived."
            raise refused(ProblemCode.UPLOAD_SIZE_MISMATCH, "uploadId", message)
        self._digest.update(piece)
        passed, self._held = self._held, piece
        return passed

    def finish(self) -> bytes:
        """The last piece, once everything is as promised. Raises Refused."""
        if self._count != self._promised.size_bytes:
            message = f"{self._promised.size_bytes} bytes were announced and {self._count} have arrived. Send it again."
            raise refused(ProblemCode.UPLOAD_SIZE_MISMATCH, "uploadId", message)
        if self._digest.digest() != self._promised.sha256:
            raise refused(ProblemCode.UPLOAD_CHECKSUM_MISMATCH, "uploadId")
        return self._held

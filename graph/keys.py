"""New primary keys: UUIDv7 (RFC 9562), so rows sort by creation and inserts stay at the right edge of an index."""

from __future__ import annotations

from uuid import UUID

from uuid_utils import compat


def new_key() -> UUID:
    """A key of the present millisecond."""
    key: UUID = compat.uuid7()
    return key

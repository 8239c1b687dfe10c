"""Keyset paging: cursors are the sort key of a row, so a page is stable while rows are inserted (Relay connections).

Pure: what a page is, how its arguments are checked and how a cursor is written and read. The SQL that uses the key
stands with each noun, the GraphQL types in `graph.connections`.
"""

from __future__ import annotations

import base64
from collections.abc import Callable, Sequence
from typing import Generic, TypeVar

import msgspec

from graph.errors import BadRequest

MAX_PAGE = 100
DEFAULT_PAGE = 20
MAX_CURSOR_LENGTH = 2048

T = TypeVar("T")
Key = TypeVar("Key")


class PageRequest(msgspec.Struct, Generic[Key], frozen=True, kw_only=True):
    """The next `first` rows after the row with the key `after`. Hashable, so it can be part of a loader's key."""

    first: int
    after: Key | None = None

    @property
    def fetch(self) -> int:
        """How many rows to select: one more than the page tells whether there is a next one."""
        return self.first + 1


class Page(msgspec.Struct, Generic[T], frozen=True, kw_only=True):
    """The rows of one page with their cursors."""

    rows: tuple[T, ...]
    cursors: tuple[str, ...]
    has_next: bool
    has_previous: bool


def page_request(first: int, after: str | None, *, key_type: type[Key]) -> PageRequest[Key]:
    """Check the arguments of a connection. Raises BadRequest."""
    if not 1 <= first <= MAX_PAGE:
        raise BadRequest(f"`first` must be between 1 and {MAX_PAGE}, not {first}.")
    return PageRequest(first=first, after=None if after is None else read_cursor(after, key_type=key_type))


def page_of(rows: Sequence[T], request: PageRequest[Key], *, key: Callable[[T], Key]) -> Page[T]:
    """Cut what was fetched (`request.fetch` rows at most) to a page; `key` gives the sort key of a row."""
    kept = tuple(rows[: request.first])
    return Page(
        rows=kept,
        cursors=tuple(write_cursor(key(row)) for row in kept),
        has_next=len(rows) > request.first,
        has_previous=request.after is not None,
    )


def write_cursor(key: object) -> str:
    return base64.urlsafe_b64encode(msgspec.json.encode(key)).decode().rstrip("=")


def read_cursor(text: str, *, key_type: type[Key]) -> Key:
    """Read a sort key back. Raises BadRequest for everything that :func:`write_cursor` does not write."""
    if len(text) > MAX_CURSOR_LENGTH:
        raise BadRequest("`after` is longer than any cursor.")
    try:
        padded = text.encode("ascii") + b"=" * (-len(text) % 4)
        return msgspec.json.decode(base64.b64decode(padded, altchars=b"-_", validate=True), type=key_type)
    except (ValueError, msgspec.DecodeError) as error:
        raise BadRequest("`after` is not a cursor of this connection.") from error

"""Rows on their way into one table."""

from __future__ import annotations

from collections.abc import Iterable

import msgspec

Row = tuple[object, ...]


class Table(msgspec.Struct, frozen=True, kw_only=True):
    """What COPY is given: rows are made while they are sent, and no column but these is named."""

    name: str
    columns: str
    """Names, parted by spaces."""
    rows: Iterable[Row]
    before: tuple[str, ...] = ()
    """Statements that make room for the rows."""

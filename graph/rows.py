"""What records are read from: a row of asyncpg, or any mapping in a test. Pure modules name this, not the driver."""

from __future__ import annotations

from typing import Any, Protocol


class Row(Protocol):
    """Columns by name."""

    def __getitem__(self, name: str, /) -> Any: ...

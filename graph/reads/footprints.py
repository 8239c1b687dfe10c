"""What an answer was made of: the parts of its statements, each with the rows that it was asked for by.

Filled in by the reader where somebody wants to know, which is where an answer is kept to be given again
(`graph.reuse.tags`). A statement that a resolver writes by hand leaves nothing here.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from uuid import UUID

import msgspec

from graph.reads.plans import JoinedPlan
from graph.reads.statements import Statement


class Footprint(msgspec.Struct, frozen=True, kw_only=True):
    """One part of a statement that was run."""

    sql: str
    """What it reads, with parameters by their names."""
    table: str | None
    """Whose rows the keys are; None where rows were not asked for by keys, as at the root."""
    keys: frozenset[UUID]


class Footprints:
    """Those of one operation."""

    def __init__(self) -> None:
        self.texts: set[str] = set()
        """The statements that are accounted for."""
        self.parts: list[Footprint] = []

    def leave(
        self,
        statement: Statement,
        *,
        table: str | None,
        keys: Iterable[UUID],
        joined: Sequence[JoinedPlan] = (),
        rows: Sequence[Sequence[UUID | None]] = (),
        first: int = 0,
    ) -> None:
        """Note a statement and the rows that it answered, whose own keys stand at `first`."""
        self.texts.add(statement.text)
        own, *looked_up = statement.parts
        self.parts.append(Footprint(sql=own, table=table, keys=frozenset(keys)))
        for one, sql in zip(joined, looked_up, strict=True):
            found = frozenset(key for row in rows if (key := row[first + one.lookup.held_in]) is not None)
            self.parts.append(Footprint(sql=sql, table=one.lookup.entity.table, keys=found))

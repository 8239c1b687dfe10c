"""The answers of one process: what each was made of, and how long it may be given again.

An answer is made of tables, those that its statements named. It leaves when one of them changes, when it has grown old,
or when there is no room. Whether a change was heard between the first statement of an answer and its last is told by
counting changes: an answer during whose making anything changed is given once and not kept.

Pure but for the clock, which is an argument. Not here: who hears of changes (`changes`), which requests may be answered
so (`graph.transport.reusing`).
"""

from __future__ import annotations

import hashlib
import re
from collections import OrderedDict
from collections.abc import Iterable

import msgspec

WORD = re.compile(r"[a-z_]+")
OVERHEAD_BYTES = 512
"""Of an entry beside its body."""


class Answer(msgspec.Struct, frozen=True, kw_only=True):
    """One answer; `tables` are also its tags for a cache in front of us."""

    body: bytes
    media_type: str
    tables: frozenset[str]
    made_at_s: float

    @property
    def etag(self) -> str:
        return f'"{hashlib.sha256(self.body).hexdigest()[:32]}"'


class Answers:
    """Bounded by bytes; the answer that was asked for longest ago leaves first."""

    def __init__(self, *, capacity_bytes: int, max_age_s: int) -> None:
        self._capacity_bytes = capacity_bytes
        self._held: OrderedDict[str, Answer] = OrderedDict()
        self._by_table: dict[str, set[str]] = {}
        self._bytes = 0
        self.max_age_s = max_age_s
        self.changes = 0
        """How many changes were heard."""
        self.hits = 0
        self.misses = 0
        self.watched: frozenset[str] = frozenset()
        """The tables that tell of changes; empty while nobody listens, so that nothing is kept then."""
        self.tables: frozenset[str] = frozenset()
        """All tables there are."""

    @property
    def held_bytes(self) -> int:
        return self._bytes

    def get(self, key: str, *, now_s: float) -> Answer | None:
        found = self._held.get(key)
        if found is not None and now_s - found.made_at_s >= self.max_age_s:
            self._drop(key)
            found = None
        if found is None:
            self.misses += 1
            return None
        self.hits += 1
        self._held.move_to_end(key)
        return found

    def made_of(self, statements: Iterable[str]) -> frozenset[str] | None:
        """The tables that statements name; None when one of them does not tell of its changes."""
        words = {word for statement in statements for word in WORD.findall(statement.lower())}
        named = self.tables & words
        return named if named <= self.watched else None

    def put(self, key: str, answer: Answer, *, since: int) -> None:
        """Keep an answer whose making began when `since` changes had been heard."""
        size = len(answer.body) + OVERHEAD_BYTES
        if since != self.changes or not self.watched or size > self._capacity_bytes:
            return
        self._drop(key)
        self._held[key] = answer
        self._bytes += size
        for table in answer.tables:
            self._by_table.setdefault(table, set()).add(key)
        while self._bytes > self._capacity_bytes:
            self._drop(next(iter(self._held)))

    def changed(self, table: str) -> None:
        """Forget what was made of a table."""
        self.changes += 1
        for key in tuple(self._by_table.get(table, ())):
            self._drop(key)

    def clear(self) -> None:
        self.changes += 1
        self._held.clear()
        self._by_table.clear()
        self._bytes = 0

    def _drop(self, key: str) -> None:
        dropped = self._held.pop(key, None)
        if dropped is None:
            return
        self._bytes -= len(dropped.body) + OVERHEAD_BYTES
        for table in dropped.tables:
            self._by_table[table].discard(key)

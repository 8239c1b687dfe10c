"""The answers of one process: what each was made of, and how long it may be given again.

An answer has tags (`graph.reuse.tags`). It leaves when a change is told that has one of them, when it has grown old, or
when there is no room. Whether a change was heard between the first statement of an answer and its last is told by
counting changes: an answer during whose making anything changed is given once and not kept.

Pure but for the clock, which is an argument. Not here: who hears of changes (`changes`), which requests may be answered
so (`graph.transport.reusing`).
"""

from __future__ import annotations

import hashlib
from collections import OrderedDict

import msgspec

from graph.reuse.tags import Tables, told

OVERHEAD_BYTES = 512
"""Of an entry beside its body and its tags."""
TAG_BYTES = 256
"""Of a tag: its text, its place among those of the answer, and the set of answers that have it."""


class Answer(msgspec.Struct, frozen=True, kw_only=True):
    """One answer, and the tags by which it leaves, here and in caches in front of us."""

    body: bytes
    media_type: str
    tags: frozenset[str]
    made_at_s: float
    encoded: dict[str, bytes] = {}
    """The body in the codings that were asked for, by their names."""

    @property
    def size_bytes(self) -> int:
        """With room for the body in both codings."""
        return 2 * len(self.body) + OVERHEAD_BYTES + TAG_BYTES * len(self.tags)

    def keep_encoded(self, coding: str, content: bytes) -> None:
        """Keep the body in one of the two codings there are, if it is at most half as long; JSON takes a fifth."""
        if 2 * len(content) <= len(self.body):
            self.encoded[coding] = content

    @property
    def etag(self) -> str:
        return f'"{hashlib.sha256(self.body).hexdigest()[:32]}"'


class Answers:
    """Bounded by bytes; the answer that was asked for longest ago leaves first."""

    def __init__(self, *, capacity_bytes: int, max_age_s: int) -> None:
        self._capacity_bytes = capacity_bytes
        self._held: OrderedDict[str, Answer] = OrderedDict()
        self._by_tag: dict[str, set[str]] = {}
        self._bytes = 0
        self.max_age_s = max_age_s
        self.changes = 0
        """How many changes were heard."""
        self.hits = 0
        self.misses = 0
        self.tables = Tables()
        """Those of the database; none while nobody listens to what they tell, so that nothing is kept then."""

    @property
    def is_told(self) -> bool:
        """Whether changes are heard."""
        return bool(self.tables.watched)

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

    def put(self, key: str, answer: Answer, *, since: int) -> None:
        """Keep an answer whose making began when `since` changes had been heard."""
        if since != self.changes or not self.is_told or answer.size_bytes > self._capacity_bytes:
            return
        self._drop(key)
        self._held[key] = answer
        self._bytes += answer.size_bytes
        for tag in answer.tags:
            self._by_tag.setdefault(tag, set()).add(key)
        while self._bytes > self._capacity_bytes:
            self._drop(next(iter(self._held)))

    def changed(self, message: str) -> None:
        """Forget what is not true any more after a change that was told."""
        self.changes += 1
        for tag in told(message):
            for key in tuple(self._by_tag.get(tag, ())):
                self._drop(key)

    def clear(self) -> None:
        self.changes += 1
        self._held.clear()
        self._by_tag.clear()
        self._bytes = 0

    def _drop(self, key: str) -> None:
        dropped = self._held.pop(key, None)
        if dropped is None:
            return
        self._bytes -= dropped.size_bytes
        for tag in dropped.tags:
            others = self._by_tag[tag]
            others.discard(key)
            if not others:
                del self._by_tag[tag]

"""Who has written lately, and up to which position of the log: what a session must find in whatever it reads.

A position is kept for a little longer than a replica may lag, in Valkey for the other processes and in this one. Valkey
knows since when it has missed nothing: it may have been started anew, or a process may have failed to tell it of a
write. Until it has known everything for as long as positions are kept, nobody's need is known (`None`), and reads of
signed-in users go to the primary.
"""

from __future__ import annotations

import asyncio
import time
from uuid import UUID

from valkey.asyncio import Valkey
from valkey.exceptions import ValkeyError

from config.standing import NOTHING

MARGIN_S = 5
"""Positions outlive the largest lag by this much: a replica is asked a few times a second, Valkey counts in seconds."""
ANSWER_LIMIT_S = 0.25
"""A Valkey that takes longer is asked again later; the primary answers sooner."""
ASKED_AGAIN_AFTER_S = 1.0
PREFIX = "segue:wrote:"
COMPLETE_SINCE = f"{PREFIX}complete-since"
UNKNOWN = b"?"

REMEMBER = """
    redis.call('SET', KEYS[2], redis.call('TIME')[1], 'NX')
    local held = redis.call('GET', KEYS[1])
    if held and held > ARGV[1] then
        redis.call('EXPIRE', KEYS[1], ARGV[2])
    else
        redis.call('SET', KEYS[1], ARGV[1], 'EX', ARGV[2])
    end
"""
RECALL = """
    local now = redis.call('TIME')[1]
    redis.call('SET', KEYS[2], now, 'NX')
    if now - redis.call('GET', KEYS[2]) <= tonumber(ARGV[1]) then
        return '?'
    end
    return redis.call('GET', KEYS[1]) or ''
"""


class Writers:
    """The writers of the last seconds."""

    def __init__(self, valkey: Valkey, *, lag_max_s: float) -> None:
        self._valkey = valkey
        self._kept_s = int(lag_max_s) + MARGIN_S
        self._remember = valkey.register_script(REMEMBER)
        self._recall = valkey.register_script(RECALL)
        self._here: dict[UUID, tuple[int, float]] = {}
        self._missed = False
        """Whether Valkey was not told of a write, which it has to be told before anything it says counts."""
        self._away_until_s = 0.0

    async def wrote(self, user_id: UUID, position: int) -> None:
        """Remember that this user has written up to a position."""
        self._note(user_id, position)
        try:
            async with asyncio.timeout(ANSWER_LIMIT_S):
                await self._remember(keys=[_key(user_id), COMPLETE_SINCE], args=[f"{position:016x}", self._kept_s])
        except (OSError, TimeoutError, ValkeyError):
            self._missed = True
            self._away_until_s = time.monotonic() + ASKED_AGAIN_AFTER_S

    async def needed(self, user_id: UUID) -> int | None:
        """The position that this user's reads need; None when nobody knows."""
        if time.monotonic() < self._away_until_s:
            return None
        try:
            async with asyncio.timeout(ANSWER_LIMIT_S):
                told = await self._asked(user_id)
        except (OSError, TimeoutError, ValkeyError):
            self._away_until_s = time.monotonic() + ASKED_AGAIN_AFTER_S
            return None
        if told == UNKNOWN:
            return None
        return max(int(told, 16) if told else NOTHING, self._noted(user_id))

    async def _asked(self, user_id: UUID) -> bytes:
        if self._missed:
            self._missed = False
            try:
                await self._valkey.delete(COMPLETE_SINCE)
            except BaseException:
                self._missed = True
                raise
        answer: bytes = await self._recall(keys=[_key(user_id), COMPLETE_SINCE], args=[self._kept_s])
        return answer

    def _note(self, user_id: UUID, position: int) -> None:
        now_s = time.monotonic()
        position = max(position, self._noted(user_id))
        self._here.pop(user_id, None)
        self._here[user_id] = position, now_s + self._kept_s
        # The oldest stand first.
        while (oldest := next(iter(self._here.items())))[1][1] < now_s:
            del self._here[oldest[0]]

    def _noted(self, user_id: UUID) -> int:
        position, until_s = self._here.get(user_id, (NOTHING, 0.0))
        return position if time.monotonic() < until_s else NOTHING


def _key(user_id: UUID) -> str:
    return f"{PREFIX}{user_id}"

"""What a listener plays, as it is stored in Valkey, published on the listener's channel and shown to followers. Pure.

Every event carries the whole state and a sequence number. The number is a time in microseconds, made strictly rising
for each listener when it is stored, so a watcher knows the later of two without asking, also after Valkey has lost
everything it held.

A listener who stopped and one who went private look the same: stopped, without a track.
"""

from __future__ import annotations

from enum import Enum
from uuid import UUID

import msgspec


class PlayState(Enum):
    """What the player does."""

    PLAYING = "playing"
    PAUSED = "paused"
    STOPPED = "stopped"


SHOWN_FOR_S = {PlayState.PLAYING: 60, PlayState.PAUSED: 600, PlayState.STOPPED: 60}
"""How long a report is believed. A player reports at least every 30 s while it plays; one that vanished stops showing.
A stop is kept for a minute, so that a report which overtook it elsewhere does not come out as the later of the two."""


class NowPlaying(msgspec.Struct, frozen=True, kw_only=True):
    """One report; a stopped listener has no track."""

    user_id: UUID
    track_id: UUID | None
    state: PlayState
    position_ms: int
    reported_at_ms: int
    sequence: int = 0

    @property
    def active(self) -> bool:
        return self.state is not PlayState.STOPPED

    def expires_in_s(self, now_ms: int) -> float:
        """How long this still shows; 0 once it does not."""
        return max(0.0, SHOWN_FOR_S[self.state] - (now_ms - self.reported_at_ms) / 1000)


def stopped(user_id: UUID, *, now_ms: int) -> NowPlaying:
    """What everybody sees of a listener who plays nothing, or nothing that is to be seen."""
    return NowPlaying(user_id=user_id, track_id=None, state=PlayState.STOPPED, position_ms=0, reported_at_ms=now_ms)


def encode(event: NowPlaying) -> bytes:
    return msgspec.json.encode(event)


def decode(sequence: bytes, data: bytes) -> NowPlaying:
    """Raises msgspec.DecodeError, ValueError."""
    return msgspec.structs.replace(msgspec.json.decode(data, type=NowPlaying), sequence=int(sequence))


def decode_message(message: bytes) -> NowPlaying:
    """Read what the channel carries: sequence number, space, event. Raises msgspec.DecodeError, ValueError."""
    sequence, _, data = message.partition(b" ")
    return decode(sequence, data)


def change(shown: NowPlaying | None, current: NowPlaying | None, *, now_ms: int) -> NowPlaying | None:
    """What a watcher who has seen `shown` has to be sent when `current` is true now; None when that is nothing.

    `current` None means that nothing is known, or nothing may be seen.
    """
    if current is None:
        if shown is None or not shown.active:
            return None
        # The number stays: what was hidden just now, or has expired, does not come back by being read again.
        return msgspec.structs.replace(stopped(shown.user_id, now_ms=now_ms), sequence=shown.sequence)
    if shown is None:
        return current if current.active else None
    if current.sequence <= shown.sequence or not (current.active or shown.active):
        return None
    return current

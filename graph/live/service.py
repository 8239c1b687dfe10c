"""Rules of what listeners play: reporting it, hiding it, watching it.

Privacy is decided twice, and either is enough. A private listener's report is neither stored nor published, so there is
nothing to leak. And a watcher is asked about its standing before anything is shown, so what was reported a moment
before the listener went private, or before the watcher was sent away, is not shown either.

Going private works also while Valkey is away: the row in PostgreSQL is what counts, and running subscriptions find it
within :data:`RECHECK_S`. Everything else here needs Valkey and says so (ServiceUnavailable).

Not here: rights (`graph.live.audience`), storage (`graph.live.presence`), what an event is (`graph.live.events`).
"""

from __future__ import annotations

import time
from collections.abc import AsyncGenerator
from uuid import UUID

from asyncpg import Record

from config.errors import ServiceUnavailable
from config.logs import logger
from config.postgres import Pool
from graph.errors import Forbidden, ProblemCode, refused
from graph.fanout import Fanout
from graph.live.audience import Audience, Standing
from graph.live.events import NowPlaying, PlayState, change, decode_message, stopped
from graph.live.presence import POKE, Presence, channel
from graph.rooms import GAP

RECHECK_S = 5.0
"""How often every watcher asks whether it still may watch, in case the message that says so was lost."""

LONGEST_POSITION_MS = 24 * 3600 * 1000

STRANGERS = "Only followers see what a listener plays."
"""Told to strangers, also of a listener that does not exist."""

REPORTED = """
    SELECT u.listening_private AS private,
           EXISTS (
               SELECT FROM tracks t JOIN assets a ON a.asset_id = t.asset_id AND a.status = 'ready' WHERE t.id = $2
           ) AS playable
    FROM users u WHERE u.id = $1
"""

SET_PRIVACY = "UPDATE users SET listening_private = $2 WHERE id = $1 RETURNING id"

log = logger(__name__)


async def report(
    pool: Pool, presence: Presence, *, user_id: UUID, track_id: UUID, state: PlayState, position_ms: int
) -> NowPlaying | None:
    """Tell what a listener plays. None for a private listener, of whom nothing leaves here. Raises Refused."""
    if not 0 <= position_ms <= LONGEST_POSITION_MS:
        raise refused(ProblemCode.INVALID_VALUE, "positionMs", "A position lies between 0 and 24 hours.")
    row: Record | None = await pool.fetchrow(REPORTED, user_id, track_id)
    if row is None or row["private"]:
        return None
    if not row["playable"]:
        raise refused(ProblemCode.NOT_PLAYABLE, "trackId")
    return await presence.report(_event(user_id, track_id, state=state, position_ms=position_ms))


def _event(user_id: UUID, track_id: UUID, *, state: PlayState, position_ms: int) -> NowPlaying:
    if state is PlayState.STOPPED:
        return stopped(user_id, now_ms=_now_ms())
    return NowPlaying(
        user_id=user_id, track_id=track_id, state=state, position_ms=position_ms, reported_at_ms=_now_ms()
    )


async def set_privacy(pool: Pool, presence: Presence, *, user_id: UUID, private: bool) -> None:
    """Hide what a listener plays from everybody, or show it again from the next report on."""
    if await pool.fetchval(SET_PRIVACY, user_id, private) is None:
        raise Forbidden("This account has been deleted.")
    try:
        await (presence.hide if private else presence.show)(user_id, now_ms=_now_ms())
    except ServiceUnavailable:
        log.warning("privacy changed while Valkey is away; watchers find out by asking", user=str(user_id))


async def announce_rights(presence: Presence, *, listener_id: UUID) -> None:
    """Make watchers ask anew what they may see; while Valkey is away they do so by themselves, a little later."""
    try:
        await presence.poke(listener_id)
    except ServiceUnavailable:
        log.warning("rights changed while Valkey is away; watchers find out by asking", user=str(listener_id))


async def watch(
    audience: Audience, presence: Presence, fanout: Fanout, *, watcher_id: UUID, listener_id: UUID
) -> AsyncGenerator[NowPlaying, None]:
    """Yield what the listener plays, and every change of it, for as long as the watcher may see it.

    A watcher who is sent away sees a stop, if it saw something playing, and the end. Raises Forbidden for one who is a
    stranger from the start, ServiceUnavailable when Valkey is away for longer than a re-check.
    """
    if await audience.standing(watcher_id, listener_id) is Standing.STRANGER:
        raise Forbidden(STRANGERS)
    async with fanout.subscribe(channel(listener_id)) as inbox:
        shown: NowPlaying | None = None
        current = await presence.current(listener_id)
        while True:
            standing = await audience.standing(watcher_id, listener_id)
            visible = current if standing is Standing.WELCOME else None
            news = change(shown, visible, now_ms=_now_ms())
            if news is not None:
                shown = news
                yield shown
            if standing is Standing.STRANGER:
                return
            item = await inbox.next(_patience_s())
            if isinstance(item, bytes) and item != POKE:
                current = decode_message(item)
            elif fanout.away_s > RECHECK_S:
                raise ServiceUnavailable("Valkey", "publish/subscribe connection lost")
            elif item is GAP or _has_expired(shown):
                current = await presence.current(listener_id)


def _patience_s() -> float:
    """Until the next full :data:`RECHECK_S` of the clock: all watchers ask together, so it is one statement."""
    return RECHECK_S - time.monotonic() % RECHECK_S


def _has_expired(shown: NowPlaying | None) -> bool:
    return shown is not None and shown.active and shown.expires_in_s(_now_ms()) == 0


def _now_ms() -> int:
    return time.time_ns() // 1_000_000

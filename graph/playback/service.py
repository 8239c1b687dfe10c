"""Rules of playback: what may be started, where it is fetched, for how long.

Starting a track is the hot path of the API: one statement (two for a licensed track whose permission is not
remembered), one signature, one write to Valkey that nobody waits for longer than :data:`SESSION_PATIENCE_S`. The
session is for what watches playback (devices, counts); losing it loses nothing durable, so a Valkey that is away does
not keep anybody from listening.

Not here: which tracks make a gapless playback (`graph.playback.order`), the URLs and how long they work
(`graph.playback.delivery`, `graph.playback.gapless`).
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from datetime import UTC, datetime
from uuid import UUID

import msgspec
from valkey.asyncio import Valkey
from valkey.exceptions import ValkeyError

from config.logs import logger
from config.objects import ObjectStore
from config.postgres import Pool
from graph.catalog.records import track_of
from graph.catalog.sql import RELEASED_TRACKS
from graph.errors import ProblemCode, refused
from graph.keys import new_key
from graph.playback import delivery as single
from graph.playback import gapless
from graph.playback.delivery import Delivery, Playback, lifetime_s
from graph.playback.form import EVERYTHING, Form
from graph.playback.gapless import GaplessPlayback, Playable
from graph.playback.rights import Listener, licensed_until_s
from graph.viewer import Viewer
from origin import asset as assets
from origin import layout
from origin.asset import Progressive
from origin.running_order import Place

SESSION_PATIENCE_S = 0.25

log = logger(__name__)


class Session(msgspec.Struct, frozen=True, kw_only=True):
    """What Valkey keeps of a playback until its tokens expire; `order` is one track, or several without a gap."""

    user_id: UUID
    order: tuple[Place, ...]
    started_at_s: int


async def start(
    pool: Pool,
    valkey: Valkey,
    *,
    viewer: Viewer,
    track_id: UUID,
    form: Form = EVERYTHING,
    delivery: Delivery,
    now_s: int,
    market: str | None = None,
) -> Playback:
    """Open a playback of the newest ready revision. Raises Refused."""
    now = datetime.fromtimestamp(now_s, UTC)
    row = await pool.fetchrow(RELEASED_TRACKS, [track_id], viewer.user_id, viewer.is_admin, now)
    track = None if row is None else track_of(row)
    if track is None or track.media is None:
        raise refused(ProblemCode.NOT_PLAYABLE, "trackId")
    if track.withdrawn:  # also for its owner: the origins have it no more
        raise refused(ProblemCode.TRACK_WITHDRAWN, "trackId")
    listener = Listener(viewer=viewer, market=market, now_s=now_s)
    until_s = (await licensed_until_s(pool, valkey, listener, [track])).get(track.id)
    if until_s is None:
        raise refused(ProblemCode.NOT_LICENSED, "trackId")
    playback = single.opened(
        track,
        track.media,
        playback_id=new_key(),
        form=form,
        delivery=delivery,
        expires_at_s=now_s + lifetime_s(track.media.duration_ms, min(delivery.lifetime_s, until_s - now_s)),
    )
    session = Session(user_id=viewer.user_id, order=(Place(track.asset_id, track.media.revision),), started_at_s=now_s)
    await _remember(valkey, playback.id, session, lifetime_s=playback.expires_at_s - now_s)
    return playback


async def start_gapless(
    valkey: Valkey, order: Sequence[Playable], *, viewer: Viewer, form: Form, delivery: Delivery, now_s: int
) -> GaplessPlayback:
    """Open a playback of all of them, one behind the other."""
    duration_ms = sum(playable.media.duration_ms for playable in order)
    licensed_s = min(playable.licensed_until_s for playable in order) - now_s
    expires_at_s = now_s + lifetime_s(duration_ms, min(delivery.lifetime_s, licensed_s))
    playback = gapless.opened(order, playback_id=new_key(), form=form, delivery=delivery, expires_at_s=expires_at_s)
    session = Session(user_id=viewer.user_id, order=tuple(playable.place for playable in order), started_at_s=now_s)
    await _remember(valkey, playback.id, session, lifetime_s=expires_at_s - now_s)
    return playback


async def whole_files(store: ObjectStore, playback: Playback) -> tuple[Progressive, ...]:
    """The whole files that a playback's token opens, as the descriptor lists them. Raises ServiceUnavailable.

    The descriptor is read by those alone who ask for files: starting a track does not wait for the store. There is no
    protected form of them, so a protected playback has none.
    """
    key = layout.descriptor_key(playback.track.asset_id, playback.revision)
    return tuple(file for file in assets.decode(await store.read(key)).progressive if playback.form.allows(file))


async def _remember(valkey: Valkey, playback_id: UUID, session: Session, *, lifetime_s: int) -> None:
    try:
        async with asyncio.timeout(SESSION_PATIENCE_S):
            await valkey.set(session_key(playback_id), msgspec.json.encode(session), ex=lifetime_s)
    except (OSError, ValkeyError, TimeoutError) as error:
        log.warning("playback session not kept", playback=str(playback_id), cause=type(error).__name__)


def session_key(playback_id: UUID) -> str:
    return f"segue:playback:{playback_id}"

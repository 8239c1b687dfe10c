"""Progress of an ingest: the row is the truth, the worker's events are faster, and a watcher sees neither go back.

A watcher enters the channel first and reads the row second, so that nothing falls between the two. Every event carries
the whole state; what is older than the last one shown is dropped, so the order in which row and events arrive does not
matter. The row is read again every few seconds, because an event may be lost, and every second while Valkey is away.
Watching ends after a final state. Watched before there is anything to watch, it waits for the first revision.
"""

from __future__ import annotations

import contextlib
from collections.abc import AsyncGenerator
from uuid import UUID

from valkey.asyncio import Valkey
from valkey.exceptions import ValkeyError

from config.logs import logger
from config.postgres import Pool
from graph.errors import Forbidden, NotFound
from graph.fanout import Fanout
from graph.uploads.service import Kept
from graph.uploads.state import from_event, from_row, is_news
from graph.viewer import Viewer
from ingest.contract import Progress, Stage, Status, encode_progress, progress_channel

REREAD_S = 3.0
POLL_S = 1.0

log = logger(__name__)

STATE = """
    SELECT asset_id, revision, status, stage, fraction, failure_code FROM assets
    WHERE asset_id = $1 ORDER BY revision DESC LIMIT 1
"""

OWNED_ASSET = """
    SELECT t.asset_id, a.owner_id FROM tracks t JOIN artists a ON a.id = t.artist_id WHERE t.id = $1
"""

QUARANTINED = "SELECT EXISTS (SELECT FROM quarantined_jobs WHERE asset_id = $1 AND revision = $2)"


async def asset_to_watch(pool: Pool, viewer: Viewer, *, track_id: UUID | None) -> UUID:
    """The asset of a track that the viewer manages. Raises NotFound, Forbidden."""
    row = None if track_id is None else await pool.fetchrow(OWNED_ASSET, track_id)
    if row is None:
        raise NotFound
    if not viewer.may_manage(row["owner_id"]):
        raise Forbidden("Only a track's owner sees how far its master is.")
    asset_id: UUID = row["asset_id"]
    return asset_id


async def is_quarantined(pool: Pool, state: Progress) -> bool:
    """Whether a failed revision failed by a fault of ours, and is kept to be tried again."""
    quarantined: bool = await pool.fetchval(QUARANTINED, state.asset_id, state.revision)
    return quarantined


async def watch(pool: Pool, fanout: Fanout, *, asset_id: UUID) -> AsyncGenerator[Progress, None]:
    """Yield the state of the newest revision and every later one, until a final one."""
    async with fanout.subscribe(progress_channel(asset_id)) as inbox:
        shown: Progress | None = None
        candidate = await read_state(pool, asset_id)
        while True:
            if candidate is not None and is_news(shown, candidate):
                shown = candidate
                yield shown
                if shown.status.final:
                    return
            item = await inbox.next(REREAD_S if fanout.connected else POLL_S)
            candidate = _understood(item) if isinstance(item, bytes) else await read_state(pool, asset_id)


def _understood(event: bytes) -> Progress | None:
    progress = from_event(event)
    if progress is None:
        log.warning("progress event not understood")
    return progress


async def read_state(pool: Pool, asset_id: UUID) -> Progress | None:
    """The newest revision's state; None before the first."""
    row = await pool.fetchrow(STATE, asset_id)
    return from_row(row) if row is not None else None


async def announce(valkey: Valkey, kept: Kept) -> None:
    """Tell those who watch already; without Valkey they find the row by asking."""
    told = announcement(kept)
    if told is not None:
        with contextlib.suppress(OSError, ValkeyError):
            await valkey.publish(*told)


def announcement(kept: Kept) -> tuple[str, bytes] | None:
    """The channel and event that tell those who watch already that a new revision is queued."""
    if kept.job is None:
        return None
    progress = Progress(
        asset_id=kept.job.asset_id,
        revision=kept.job.revision,
        status=Status.QUEUED,
        stage=Stage.QUEUED,
        fraction=0.0,
    )
    return progress_channel(kept.job.asset_id), encode_progress(progress)

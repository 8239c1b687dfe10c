"""Albums whose tracks have changed: their loudness is made anew by the ingest, from what is stored of the tracks."""

from __future__ import annotations

from collections.abc import Iterable
from uuid import UUID

import msgspec

from config.postgres import Connection
from config.queue import enqueue
from ingest.contract import ALBUM_ENTRYPOINT, ALBUM_PRIORITY, AlbumJob


async def measure_again(connection: Connection, albums: Iterable[UUID | None]) -> None:
    """Enqueue a job for each album, in the transaction that is open; None stands for a track that is on none."""
    for album_id in sorted(key for key in albums if key is not None):
        payload = msgspec.json.encode(AlbumJob(album_id=album_id))
        await enqueue(connection, ALBUM_ENTRYPOINT, payload, priority=ALBUM_PRIORITY)

"""The object store's side of a job: fetch the upload, publish the descriptor, remove what must not stay.

The files of the renditions are stored as each is finished (`ingest.jobs.shelf`). Publishing is what comes last: the
gating blocks, then the descriptor, by which the revision exists. Nobody reads any of it before the row says `ready`.
`step` is called before each write and has to raise when the attempt does not hold the row any more, so that a worker
which comes back late writes at most the object that it was in the middle of.

A write has a deadline by its size: the client's own timeout begins when everything is sent, and a store that stops
reading would hold a job, and its heartbeats, for ever.

Once a revision is ready its upload is removed: the FLAC rendition is the stored master, bit for bit for every integer
master. For a float or lossy master it is the 24-bit rounding of what was decoded, and the original is not kept.
A master that was refused leaves nothing, neither its upload nor what was published of it; one that we failed leaves
everything (`ingest.jobs.quarantine`).
"""

from __future__ import annotations

import asyncio
import hashlib
import os
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import IO

from config.errors import ObjectMissing, ServiceUnavailable
from config.objects import ObjectStore
from ingest.contract import FailureCode, Job
from ingest.errors import MediaError
from origin import asset as assets
from origin import layout
from origin.asset import Asset

MEDIA_TYPES = {
    ".mp4": "audio/mp4",
    ".m4a": "audio/mp4",
    ".flac": "audio/flac",
    ".mp3": "audio/mpeg",
    ".ogg": "audio/ogg",
}
BINARY_TYPE = "application/octet-stream"
DESCRIPTOR_TYPE = "application/json"
WRITE_PATIENCE_S = 60.0
SLOWEST_BYTES_PER_S = 500_000
"""A line of 4 Mbit/s: a store that is slower is as good as away."""


async def fetch_upload(store: ObjectStore, job: Job, target: Path, moved: Callable[[float], Awaitable[None]]) -> None:
    """Write the upload to a file. Raises MediaError when it is not the file that was announced."""
    digest = hashlib.sha256()
    size = 0
    try:
        with target.open("wb") as file:
            async for chunk in store.stream(job.upload_key):
                size += len(chunk)
                if size > job.size_bytes:
                    break  # whatever follows, it is not the announced file
                digest.update(chunk)
                await asyncio.to_thread(file.write, chunk)
                await moved(size / job.size_bytes)
    except ObjectMissing as error:
        raise MediaError(FailureCode.UPLOAD_CHANGED, "the upload is gone") from error
    if size != job.size_bytes or digest.hexdigest() != job.sha256:
        raise MediaError(FailureCode.UPLOAD_CHANGED, f"{size} of {job.size_bytes} bytes, or other ones")


async def publish(store: ObjectStore, asset: Asset, blocks: Path, step: Callable[[float], Awaitable[None]]) -> None:
    """Write what an album's loudness is made of, remove what the descriptor does not name, write the descriptor."""
    await step(0.0)
    await write_file(store, layout.loudness_blocks_key(asset.asset_id, asset.revision), blocks)
    await step(0.5)
    await _remove_leftovers(store, asset)
    key, descriptor = layout.descriptor_key(asset.asset_id, asset.revision), assets.encode(asset)
    await _write(store, key, descriptor, size_bytes=len(descriptor), content_type=DESCRIPTOR_TYPE)


async def write_file(store: ObjectStore, key: str, path: Path) -> None:
    """Store one file of a revision under its key. Raises ServiceUnavailable."""
    media_type = MEDIA_TYPES.get(path.suffix, BINARY_TYPE)
    with path.open("rb") as file:
        size_bytes = os.fstat(file.fileno()).st_size
        await _write(store, key, file, size_bytes=size_bytes, content_type=media_type)


async def _remove_leftovers(store: ObjectStore, asset: Asset) -> None:
    """Remove rungs that an earlier attempt made by a ladder that has changed since."""
    kept = {
        layout.loudness_blocks_key(asset.asset_id, asset.revision),
        *(layout.track_file_key(asset.asset_id, asset.revision, one.name) for one in asset.renditions),
        *(layout.progressive_key(asset.asset_id, asset.revision, one.file_name) for one in asset.progressive),
    }
    for key in await store.keys(layout.revision_directory(asset.asset_id, asset.revision)):
        if key not in kept:
            await store.delete(key)


async def _write(store: ObjectStore, key: str, body: bytes | IO[bytes], *, size_bytes: int, content_type: str) -> None:
    try:
        async with asyncio.timeout(WRITE_PATIENCE_S + size_bytes / SLOWEST_BYTES_PER_S):
            await store.write(key, body, content_type=content_type)
    except TimeoutError as error:
        raise ServiceUnavailable("S3", "it takes a write too slowly") from error


async def remove_upload(store: ObjectStore, job: Job) -> None:
    await store.delete(job.upload_key)


async def remove_revision(store: ObjectStore, job: Job) -> None:
    await store.delete_prefix(layout.revision_directory(job.asset_id, job.revision))

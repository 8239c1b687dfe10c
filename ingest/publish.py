"""The object store's side of a job: fetch the upload, publish the renditions, remove what must not stay.

Order of publishing: the track files, then the descriptor. Two attempts at one revision write the same keys, and nobody
reads them before the row says `ready`; `step` is called before each of them and has to raise when the attempt does not
hold the row any more, so that a worker which comes back late writes at most the object that it was in the middle of.

A write has a deadline by its size: the client's own timeout begins when everything is sent, and a store that stops
reading would hold a job, and its heartbeats, for ever.

Once a revision is ready its upload is removed: the FLAC rendition is the stored master, bit for bit for every integer
master. For a float or lossy master it is the 24-bit rounding of what was decoded, and the original is not kept.
A failed revision leaves nothing, neither its upload nor what was published of it.
"""

from __future__ import annotations

import asyncio
import hashlib
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import IO

from config.errors import ObjectMissing, ServiceUnavailable
from config.objects import ObjectStore
from ingest.contract import FailureCode, Job
from ingest.errors import MediaError
from origin import asset as assets
from origin.asset import Asset

MEDIA_TYPE = "audio/mp4"
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


async def publish(
    store: ObjectStore, asset: Asset, tracks: dict[str, Path], step: Callable[[float], Awaitable[None]]
) -> None:
    """Write the track files, by the names of their renditions, and the descriptor last."""
    for done, (name, path) in enumerate(tracks.items()):
        await step(done / (len(tracks) + 1))
        key = assets.track_file_key(asset.asset_id, asset.revision, name)
        with path.open("rb") as file:
            await _write(store, key, file, size_bytes=path.stat().st_size, content_type=MEDIA_TYPE)
    await step(len(tracks) / (len(tracks) + 1))
    key, descriptor = assets.descriptor_key(asset.asset_id, asset.revision), assets.encode(asset)
    await _write(store, key, descriptor, size_bytes=len(descriptor), content_type=DESCRIPTOR_TYPE)


async def _write(store: ObjectStore, key: str, body: bytes | IO[bytes], *, size_bytes: int, content_type: str) -> None:
    try:
        async with asyncio.timeout(WRITE_PATIENCE_S + size_bytes / SLOWEST_BYTES_PER_S):
            await store.write(key, body, content_type=content_type)
    except TimeoutError as error:
        raise ServiceUnavailable("S3", "it takes a write too slowly") from error


async def remove_upload(store: ObjectStore, job: Job) -> None:
    await store.delete(job.upload_key)


async def remove_revision(store: ObjectStore, job: Job) -> None:
    await store.delete_prefix(assets.revision_directory(job.asset_id, job.revision))

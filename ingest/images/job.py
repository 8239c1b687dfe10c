"""One picture's way through the queue: fetch it, draw it in a child process, write the files, say so.

As with masters (`ingest.jobs.handler`), the row says what became of a job and the queue never sees a failure. What is
the picture's fault ends the job at once; what is ours is tried three times, and the picture is not kept then: unlike a
master it is soon sent again.
"""

from __future__ import annotations

import asyncio
import hashlib
from datetime import timedelta
from pathlib import Path
from typing import Never

import msgspec
import structlog
from pgqueuer.domain.errors import RetryRequested
from pgqueuer.models import Job as QueuedJob

from config.errors import ObjectMissing, ServiceUnavailable
from config.logs import logger
from config.objects import ObjectStore
from ingest.contract import MAX_ATTEMPTS, FailureCode, ImageJob, ImageStatus
from ingest.errors import IngestFault, MediaError
from ingest.images.ledger import ImageLedger
from ingest.isolation.children import child
from ingest.isolation.messages import Limits
from ingest.jobs import scratch
from ingest.jobs.retry import GiveUp, TryAgain, decide, told
from ingest.tasks import Illustrate, Illustrated
from origin.image import ImageRecord, encode, image_directory, image_key, image_object, record_key, source_key

LOG = logger("ingest.images")
LIMITS = Limits(memory_bytes=2 * 1024**3, cpu_s=60, wall_s=600, file_bytes=64_000_000)
"""Forty megapixels take 4 to 7 s and 250 to 700 MB, AVIF the most; the files of an image take one or two. Ten minutes
by the clock are a fence against a hang, from which a busy machine stays far."""
COME_BACK_S = 10.0
"""For what has been decided and could not be done."""
WRITE_PATIENCE_S = 60.0
"""For one file of some 100 kB: a store that takes longer is as good as away."""

OF_A_PICTURE = {
    FailureCode.RESOURCE_LIMIT: FailureCode.ARTWORK_INVALID,
    FailureCode.INTERNAL: FailureCode.GIVEN_UP,
}


class ImageHandler:
    """What every image needs; made once a process by `ingest.worker`."""

    def __init__(self, *, ledger: ImageLedger, store: ObjectStore, folder: Path) -> None:
        self._ledger = ledger
        self._store = store
        self._folder = folder

    async def handle(self, queued: QueuedJob) -> None:
        """Do one job from the queue. Raises RetryRequested, and nothing else that is expected."""
        job = msgspec.json.decode(queued.payload or b"", type=ImageJob)
        with structlog.contextvars.bound_contextvars(image_id=str(job.image_id)):
            try:
                attempt = await self._ledger.claim(job.image_id)
                if attempt is None:
                    await self._leave(job)
                    return
            except ServiceUnavailable as error:
                self._ask_again(decide(error, attempt=1, retries=queued.attempts), error)
            try:
                await self._perform(job, attempt)
            except Exception as error:  # noqa: BLE001 -- a bug has to end as a failed job, not as one that is lost
                await self._settle(job, error, attempt=attempt, retries=queued.attempts)

    async def _perform(self, job: ImageJob, attempt: int) -> None:
        if attempt > MAX_ATTEMPTS:
            raise IngestFault("the worker was killed in each of its attempts")
        with scratch.room(), scratch.job_folder(self._folder) as folder:
            picture, files = folder / "picture", folder / "files"
            await self._fetch(job, picture)
            async with child(LIMITS, folder) as drawer:
                task = Illustrate(picture_path=str(picture), files_path=str(files))
                drawn: Illustrated = await drawer.run(task, _ignore)
            await self._publish(job, drawn, files)
        await self._ledger.ready(job.image_id, drawn)
        await self._store.delete(source_key(job.image_id))
        LOG.info("drawn", files=len(drawn.files))

    async def _fetch(self, job: ImageJob, target: Path) -> None:
        """Write the picture to a file. Raises MediaError when it is not the one that was announced."""
        data = bytearray()
        try:
            async for chunk in self._store.stream(source_key(job.image_id)):
                data += chunk
                if len(data) > job.size_bytes:
                    break  # whatever follows, it is not the announced picture
        except ObjectMissing as error:
            raise MediaError(FailureCode.UPLOAD_CHANGED, "the picture is gone") from error
        if len(data) != job.size_bytes or hashlib.sha256(data).hexdigest() != job.sha256:
            raise MediaError(FailureCode.UPLOAD_CHANGED, f"{len(data)} of {job.size_bytes} bytes, or other ones")
        await asyncio.to_thread(target.write_bytes, data)

    async def _publish(self, job: ImageJob, drawn: Illustrated, files: Path) -> None:
        """Write the files, and last the record of all of them."""
        data = await asyncio.to_thread(files.read_bytes)
        start = 0
        objects = []
        for file in drawn.files:
            body = data[start : start + file.byte_length]
            start += file.byte_length
            objects.append(image_object(file.size_px, file.image_format, body))
            key = image_key(job.image_id, file.size_px, file.image_format)
            await self._write(key, body, content_type=file.image_format.media_type)
        record = encode(ImageRecord(image_id=job.image_id, files=tuple(objects)))
        await self._write(record_key(job.image_id), record, content_type="application/json")

    async def _write(self, key: str, body: bytes, *, content_type: str) -> None:
        try:
            async with asyncio.timeout(WRITE_PATIENCE_S):
                await self._store.write(key, body, content_type=content_type)
        except TimeoutError as error:
            raise ServiceUnavailable("S3", "it takes a write too slowly") from error

    async def _settle(self, job: ImageJob, error: Exception, *, attempt: int, retries: int) -> None:
        """Do what is left to do after an error. Raises RetryRequested for a job that is not over."""
        if isinstance(error, MediaError):
            LOG.info("refused", failure=error.failure.value, detail=error.detail)
        else:
            LOG.warning("an attempt failed", attempt=attempt, exc_info=error)
        decision = decide(error, attempt=attempt, retries=retries)
        try:
            if isinstance(decision, GiveUp):
                await self._fail(job, _of_a_picture(decision.failure))
                return
            if not decision.counts:
                await self._ledger.release(job.image_id)
        except ServiceUnavailable as away:
            LOG.warning("what was decided is put off", service=away.service)
        self._ask_again(decision, error)

    def _ask_again(self, decision: TryAgain | GiveUp, error: Exception) -> Never:
        delay = decision.delay if isinstance(decision, TryAgain) else timedelta(seconds=COME_BACK_S)
        raise RetryRequested(delay=delay, reason=told(error)) from error

    async def _fail(self, job: ImageJob, failure: FailureCode) -> None:
        await self._ledger.failed(job.image_id, failure)
        await self._leave(job)
        LOG.info("failed", failure=failure.value)

    async def _leave(self, job: ImageJob) -> None:
        """Leave an image that is over, and nothing behind that nobody needs."""
        status = await self._ledger.status(job.image_id)
        if status in (None, ImageStatus.FAILED):
            await self._store.delete_prefix(image_directory(job.image_id))
        elif status is ImageStatus.READY:
            await self._store.delete(source_key(job.image_id))


def _of_a_picture(failure: FailureCode) -> FailureCode:
    """What uses up a child's limits is no picture for us, and what we fail is not kept: other sentences help here."""
    return OF_A_PICTURE.get(failure, failure)


async def _ignore(_fraction: float) -> None:
    """A picture takes a second or two; nobody watches it."""

"""The ingest worker: claims jobs from PgQueuer and turns each into a ready or a failed revision.

Theory of operation. PgQueuer hands a job to one worker and takes it away when its heartbeats stop, so a job outlives
any worker. The row in `assets` (`ingest.ledger`) says what became of it: a job whose row is final or gone is dropped,
and so is an attempt that lost its row to another. The queue itself never sees a failure: `ingest.retry` decides, the
worker asks the queue for another try or closes the row.

SIGTERM and SIGINT drain: no new job is claimed, the running ones end. PostgreSQL away: the worker waits for it.
"""

from __future__ import annotations

import asyncio
import os
import signal
from collections.abc import Mapping
from contextlib import AsyncExitStack
from datetime import timedelta
from pathlib import Path
from typing import Never

import asyncpg
import structlog
from pgqueuer.domain.errors import FailingListenerError, RetryRequested
from pgqueuer.models import Job as QueuedJob
from valkey.asyncio import Valkey

from config.errors import ServiceUnavailable
from config.logs import configure_logs, logger
from config.objects import ObjectStore, open_store
from config.postgres import Pool, open_pool
from config.settings import IngestSettings, ingest_settings
from config.valkey import open_valkey
from ingest import children, publish, queue, scratch
from ingest.contract import ENTRYPOINT, MAX_ATTEMPTS, FailureCode, Job, Status, decode_job
from ingest.errors import MediaError, NoRoom, Superseded
from ingest.ledger import Claim, Ledger
from ingest.pipeline import CHILD_LIMITS, Recipe, Run
from ingest.progress import Reporter
from ingest.retry import GiveUp, TryAgain, decide

LOG = logger("ingest.worker")
RECONNECT_S = 2.0
LONGEST_POLL_S = 10.0


class Worker:
    """What a job needs; made once a process by `run`."""

    def __init__(
        self, settings: IngestSettings, *, ledger: Ledger, store: ObjectStore, valkey: Valkey, folder: Path
    ) -> None:
        self._recipe = Recipe(target_lufs=settings.target_loudness_lufs, aac_coder=settings.aac_coder)
        self._children = max(1, len(os.sched_getaffinity(0)) // settings.concurrency)
        self._ledger = ledger
        self._store = store
        self._valkey = valkey
        self._folder = folder

    async def handle(self, queued: QueuedJob) -> None:
        """Do one job from the queue. Raises RetryRequested, and nothing else that is expected."""
        job = decode_job(queued.payload or b"")
        with structlog.contextvars.bound_contextvars(asset_id=str(job.asset_id), revision=job.revision):
            try:
                claim = await self._ledger.claim(job)
                if claim is None:
                    await self._leave(job)
                    return
            except ServiceUnavailable as error:
                self._ask_again(decide(error, attempt=1, retries=queued.attempts), error)
            await self._attempt(job, claim, retries=queued.attempts)

    async def _attempt(self, job: Job, claim: Claim, *, retries: int) -> None:
        reporter = Reporter(self._ledger, self._valkey, claim)
        verdict = claim.verdict or (FailureCode.INTERNAL if claim.attempt > MAX_ATTEMPTS else None)
        try:
            if verdict is not None:
                await self._give_up(job, claim, reporter, verdict)
            else:
                await self._perform(job, claim, reporter)
        except Exception as error:  # noqa: BLE001 -- a bug has to end as a failed job, not as one that is lost
            await self._settle(job, claim, reporter, gravest(error), retries)

    async def _perform(self, job: Job, claim: Claim, reporter: Reporter) -> None:
        LOG.info("begun", attempt=claim.attempt, size_bytes=job.size_bytes)
        with scratch.room(), scratch.job_folder(self._folder) as folder:
            async with children.pool(self._children, CHILD_LIMITS, folder) as pool:
                run = Run(job, recipe=self._recipe, store=self._store, pool=pool, folder=folder, reporter=reporter)
                asset = await run.perform()
        await self._ledger.ready(claim, asset.master)
        await reporter.ready()
        LOG.info("ready", duration_ms=asset.master.duration_ms)
        await publish.remove_upload(self._store, job)

    async def _settle(self, job: Job, claim: Claim, reporter: Reporter, error: Exception, retries: int) -> None:
        """Do what is left to do after an error. Raises RetryRequested for a job that is not over."""
        _note(error, claim)
        decision = decide(error, attempt=claim.attempt, retries=retries)
        try:
            if isinstance(error, Superseded) or not await self._act(job, claim, reporter, decision):
                await self._leave(job)
                return
        except ServiceUnavailable as away:
            # What was decided could not be done: come back for it.
            decision, error = decide(away, attempt=claim.attempt, retries=retries), away
        else:
            if isinstance(decision, GiveUp):
                return
        self._ask_again(decision, error)

    async def _act(self, job: Job, claim: Claim, reporter: Reporter, decision: TryAgain | GiveUp) -> bool:
        """Write a decision down; False when the claim does not hold any more."""
        try:
            if isinstance(decision, GiveUp):
                await self._give_up(job, claim, reporter, decision.failure)
            elif decision.counts:
                await self._ledger.require(claim)
            else:
                await self._ledger.release(claim)
        except Superseded:
            return False
        return True

    async def _give_up(self, job: Job, claim: Claim, reporter: Reporter, failure: FailureCode) -> None:
        """Remove what there is, then say so: whoever reads `failed` finds nothing left."""
        await self._ledger.condemn(claim, failure)
        await publish.remove_revision(self._store, job)
        await publish.remove_upload(self._store, job)
        fraction = await self._ledger.failed(claim)
        await reporter.failed(failure, fraction)
        LOG.info("failed", failure=failure.value)

    async def _leave(self, job: Job) -> None:
        """Leave a job that is over or another worker's, and nothing behind that nobody needs.

        The revision may be final (its worker died, or lost sight of a service, between the last steps) or gone with its
        track; one that is being processed is another worker's, with all its files.
        """
        status = await self._ledger.status(job)
        if status in (None, Status.FAILED):
            await publish.remove_revision(self._store, job)
        if status is None or status.final:
            await publish.remove_upload(self._store, job)
        LOG.info("left", status=None if status is None else status.value)

    def _ask_again(self, decision: TryAgain | GiveUp, error: Exception) -> Never:
        delay = decision.delay if isinstance(decision, TryAgain) else timedelta(seconds=LONGEST_POLL_S)
        raise RetryRequested(delay=delay, reason=str(error)) from error


def _note(error: Exception, claim: Claim) -> None:
    if isinstance(error, Superseded):
        LOG.info("superseded", reason=str(error))
    elif isinstance(error, MediaError):
        LOG.info("refused", failure=error.failure.value, detail=error.detail)
    else:
        LOG.warning("an attempt failed", attempt=claim.attempt, exc_info=error)


def gravest(error: Exception) -> Exception:
    """The error that decides: renditions are made at once, and what fails together comes as a group."""
    if not isinstance(error, ExceptionGroup):
        return error
    leaves = [gravest(inner) for inner in error.exceptions]
    for kind in (Superseded, MediaError, ServiceUnavailable, NoRoom):
        found = next((leaf for leaf in leaves if isinstance(leaf, kind)), None)
        if found is not None:
            return found
    return leaves[0]


async def run(settings: IngestSettings) -> None:
    """Work until SIGTERM or SIGINT, then end the running jobs and return. Raises ServiceUnavailable at the start."""
    stopping = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stopping.set)
    async with AsyncExitStack() as stack:
        folder = stack.enter_context(scratch.worker_folder(Path(settings.scratch)))
        pool = await stack.enter_async_context(open_pool(settings.postgres))
        worker = Worker(
            settings,
            ledger=Ledger(pool),
            store=await stack.enter_async_context(open_store(settings.s3)),
            valkey=await stack.enter_async_context(open_valkey(settings.valkey)),
            folder=folder,
        )
        LOG.info("waiting for jobs", concurrency=settings.concurrency)
        while not stopping.is_set():
            await _work(worker, pool, settings, stopping)
        LOG.info("stopped")


async def _work(worker: Worker, pool: Pool, settings: IngestSettings, stopping: asyncio.Event) -> None:
    """Run PgQueuer's loop until it is told to stop, or until PostgreSQL goes away for longer than it bears."""
    manager = queue.manager(pool, capacity=settings.concurrency)
    manager.entrypoint(ENTRYPOINT, on_failure="hold")(worker.handle)
    stopper = asyncio.create_task(_stop_with(stopping, manager.shutdown))
    heartbeat = timedelta(seconds=settings.heartbeat_timeout_s)
    try:
        # Jobs of dead workers are found by polling, so the poll is no rarer than they can appear.
        poll = min(heartbeat / 2, timedelta(seconds=LONGEST_POLL_S))
        await manager.run(
            batch_size=1, heartbeat_timeout=heartbeat, dequeue_timeout=poll, shutdown_on_listener_failure=True
        )
    except (OSError, asyncpg.PostgresError, asyncpg.InterfaceError, TimeoutError, FailingListenerError) as error:
        LOG.warning("PostgreSQL is away", cause=type(error).__name__)
        await asyncio.sleep(RECONNECT_S)
    finally:
        stopper.cancel()


async def _stop_with(stopping: asyncio.Event, shutdown: asyncio.Event) -> None:
    await stopping.wait()
    LOG.info("stopping: running jobs are brought to their end")
    shutdown.set()


def main(environment: Mapping[str, str]) -> None:
    """Run a worker process until it is told to stop."""
    configure_logs("ingest", json=not os.isatty(2))
    asyncio.run(run(ingest_settings(environment)))

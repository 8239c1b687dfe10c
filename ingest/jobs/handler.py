"""One job from the queue: claim its row, perform it, and settle what became of it.

The row in `assets` (`ingest.jobs.ledger`) says what became of a job: one whose row is final or gone is left, and so
is an attempt that lost its row to another. The queue itself never sees a failure: `ingest.jobs.retry` decides, and
the handler asks the queue for another try, closes the row, or puts the job into quarantine.

Not here: the stages (`ingest.pipeline`), the process and its wiring (`ingest.worker`).
"""

from __future__ import annotations

import asyncio
from contextlib import suppress
from datetime import timedelta
from pathlib import Path
from typing import Never

import structlog
from pgqueuer.domain.errors import RetryRequested
from pgqueuer.models import Job as QueuedJob
from valkey.asyncio import Valkey

from config.errors import ServiceUnavailable
from config.logs import logger
from config.objects import ObjectStore
from ingest import publish
from ingest.contract import MAX_ATTEMPTS, FailureCode, Job, decode_job
from ingest.errors import MediaError, Superseded
from ingest.isolation.children import Pool
from ingest.jobs import scratch
from ingest.jobs.ledger import Claim, Ledger
from ingest.jobs.progress import Reporter
from ingest.jobs.retry import GiveUp, TryAgain, decide, gravest, told
from ingest.jobs.shelf import Shelf
from ingest.pipeline import Offering, Run
from ingest.renditions.recipe import Recipe

LOG = logger("ingest.jobs.handler")
COME_BACK_S = 10.0
"""For what has been decided and could not be done."""
RELEASE_DELAYS_S = (0.5, 1.0, 2.0, 4.0, 8.0)
"""A restart of PostgreSQL takes some seconds; after half a minute the job is another worker's anyway."""
KILLED = (
    f"the worker was killed in each of {MAX_ATTEMPTS} attempts; look for the end of its process in the system's log"
)


class Handler:
    """What every job needs; made once a process by `ingest.worker`."""

    def __init__(
        self,
        *,
        recipe: Recipe,
        ledger: Ledger,
        offer: Offering,
        store: ObjectStore,
        valkey: Valkey,
        pool: Pool,
        folder: Path,
    ) -> None:
        self._recipe = recipe
        self._ledger = ledger
        self._offer = offer
        self._store = store
        self._valkey = valkey
        self._pool = pool
        self._folder = folder
        self._running: set[Claim] = set()
        self._excused: set[Claim] = set()
        self._stopping = False

    async def stop(self) -> None:
        """Let no attempt count against its job from now on: we may be killed before the running ones end."""
        self._stopping = True
        for claim in self._running - self._excused:
            if claim in self._running:  # it may have come to its end while another one was excused
                with suppress(Superseded, ServiceUnavailable):
                    await self._excuse(claim)

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
            self._running.add(claim)
            try:
                if self._stopping:  # it was on its way to us
                    await self.stop()
                await self._attempt(job, claim, retries=queued.attempts)
            finally:
                self._running.discard(claim)
                self._excused.discard(claim)

    async def _attempt(self, job: Job, claim: Claim, *, retries: int) -> None:
        reporter = Reporter(self._ledger, self._valkey, claim)
        try:
            if claim.verdict is not None:
                await self._refuse(job, claim, reporter, claim.verdict)
            elif claim.attempt > MAX_ATTEMPTS:
                await self._quarantine(job, claim, reporter, KILLED)
            else:
                await self._perform(job, claim, reporter)
        except Exception as error:  # noqa: BLE001 -- a bug has to end as a failed job, not as one that is lost
            await self._settle(job, claim, reporter, gravest(error), retries)

    async def _perform(self, job: Job, claim: Claim, reporter: Reporter) -> None:
        LOG.info("begun", attempt=claim.attempt, size_bytes=job.size_bytes)
        shelf = Shelf(ledger=self._ledger, store=self._store, claim=claim, recipe=self._recipe)
        await shelf.open()
        with scratch.room(), scratch.job_folder(self._folder) as folder:
            run = Run(
                job,
                recipe=self._recipe,
                store=self._store,
                pool=self._pool,
                folder=folder,
                shelf=shelf,
                reporter=reporter,
                offer=self._offer,
            )
            product = await run.perform()
        await self._ledger.ready(claim, product)
        await reporter.ready()
        LOG.info("ready", duration_ms=product.asset.master.duration_ms)
        await publish.remove_upload(self._store, job)

    async def _settle(self, job: Job, claim: Claim, reporter: Reporter, error: Exception, retries: int) -> None:
        """Do what is left to do after an error. Raises RetryRequested for a job that is not over."""
        _note(error, claim)
        decision = decide(error, attempt=claim.attempt, retries=retries)
        try:
            if isinstance(error, Superseded) or not await self._act(job, claim, reporter, decision, told(error)):
                await self._leave(job)
                return
        except ServiceUnavailable as away:
            # What was decided could not be done: come back for it.
            decision, error = decide(away, attempt=claim.attempt, retries=retries), away
        else:
            if isinstance(decision, GiveUp):
                return
        self._ask_again(decision, error)

    async def _act(self, job: Job, claim: Claim, reporter: Reporter, decision: TryAgain | GiveUp, fault: str) -> bool:
        """Write a decision down; False when the claim does not hold any more."""
        try:
            if isinstance(decision, TryAgain):
                await (self._ledger.require(claim) if decision.counts else self._excuse(claim))
            elif decision.failure is FailureCode.INTERNAL:
                await self._quarantine(job, claim, reporter, fault)
            else:
                await self._refuse(job, claim, reporter, decision.failure)
        except Superseded:
            return False
        return True

    async def _excuse(self, claim: Claim) -> None:
        """Take an attempt back, once. It may be PostgreSQL that was away, so it gets a while to come back."""
        if claim in self._excused:
            await self._ledger.require(claim)
            return
        self._excused.add(claim)
        for delay_s in RELEASE_DELAYS_S:
            try:
                await self._ledger.release(claim)
            except ServiceUnavailable:
                await asyncio.sleep(delay_s)
            else:
                return
        self._excused.discard(claim)
        await self._ledger.release(claim)

    async def _refuse(self, job: Job, claim: Claim, reporter: Reporter, failure: FailureCode) -> None:
        """Remove what there is, then say so: whoever reads `failed` finds nothing left."""
        await self._ledger.condemn(claim, failure)
        await publish.remove_revision(self._store, job)
        await publish.remove_upload(self._store, job)
        fraction = await self._ledger.failed(claim)
        await reporter.failed(failure, fraction)
        LOG.info("failed", failure=failure.value)

    async def _quarantine(self, job: Job, claim: Claim, reporter: Reporter, fault: str) -> None:
        """Give up what we could not do, and keep all that is needed to go on."""
        fraction = await self._ledger.quarantine(claim, job, fault=fault)
        await reporter.failed(FailureCode.INTERNAL, fraction)
        LOG.error("quarantined", fault=fault)

    async def _leave(self, job: Job) -> None:
        """Leave a job that is over or another worker's, and nothing behind that nobody needs.

        The revision may be final (its worker died, or lost sight of a service, between the last steps) or gone with its
        track; one that is being processed is another worker's, with all its files, and one in quarantine keeps them.
        What is on the list of removals may still be listened to.
        """
        state = await self._ledger.state(job)
        if state.disposable:
            await publish.remove_revision(self._store, job)
        if state.over:
            await publish.remove_upload(self._store, job)
        LOG.info("left", status=None if state.status is None else state.status.value)

    def _ask_again(self, decision: TryAgain | GiveUp, error: Exception) -> Never:
        delay = decision.delay if isinstance(decision, TryAgain) else timedelta(seconds=COME_BACK_S)
        raise RetryRequested(delay=delay, reason=told(error)) from error


def _note(error: Exception, claim: Claim) -> None:
    if isinstance(error, Superseded):
        LOG.info("superseded", reason=str(error))
    elif isinstance(error, MediaError):
        LOG.info("refused", failure=error.failure.value, detail=error.detail)
    else:
        LOG.warning("an attempt failed", attempt=claim.attempt, exc_info=error)

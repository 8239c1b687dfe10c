"""PgQueuer as the worker uses it: with a capacity of its own, and touching no job that another worker took over.

PgQueuer hands a job whose heartbeats stopped to another worker, and lets the first one go on if it was only slow: when
that one comes to its end, it deletes, re-queues or heartbeats the job although it is not its own any more, and if the
second worker dies then, the job is lost. So every change here names its owner.

It also gives up a job whose handler raised what it does not expect, or whose next try could not be written down because
PostgreSQL went away at that moment. Nothing would ever come of such a job, and its row would say `processing` for good.
So a job never fails in the queue: it is tried again, which a mended worker brings to its end.

Tracebacks are in the log and not in the tables: one that quotes a zero of a stranger's file is more than a JSON column
takes, and the job that has it would never be let go.
"""

from __future__ import annotations

import dataclasses
from datetime import timedelta

from pgqueuer.core.qm import QueueManager
from pgqueuer.domain import models, types
from pgqueuer.queries import Queries

from config.postgres import Pool
from ingest.jobs.retry import back_off

FAILED: types.JOB_STATUS = "failed"
"""What PgQueuer calls a job that it does not try again and keeps (`on_failure="hold"`)."""
OWNED = "SELECT id FROM pgqueuer WHERE id = ANY($1::bigint[]) AND queue_manager_id = $2"


@dataclasses.dataclass
class OwnedQueries(Queries):
    """PgQueuer's statements about jobs, for those jobs only that this worker holds."""

    owner: types.QueueManagerId | None = None

    async def log_jobs(
        self, job_status: list[tuple[models.Job, types.JOB_STATUS, models.TracebackRecord | None]]
    ) -> None:
        owned = await self._owned([job.id for job, _, _ in job_status])
        mine = [(job, status) for job, status, _ in job_status if job.id in owned]
        await super().log_jobs([(job, status, None) for job, status in mine if status != FAILED])
        for job in [job for job, status in mine if status == FAILED]:
            await super().retry_job(job, back_off(job.attempts), None)

    async def retry_job(
        self, job: models.Job, delay: timedelta, traceback_record: models.TracebackRecord | None
    ) -> None:
        del traceback_record
        if await self._owned([job.id]):
            await super().retry_job(job, delay, None)

    async def update_heartbeat(self, job_ids: list[types.JobId]) -> None:
        await super().update_heartbeat(list(await self._owned(job_ids)))

    async def _owned(self, ids: list[types.JobId]) -> set[types.JobId]:
        rows = await self.driver.fetch(OWNED, ids, self.owner)
        return {types.JobId(int(str(row["id"]))) for row in rows}


@dataclasses.dataclass
class Manager(QueueManager):
    """PgQueuer's loop, claiming no more than `capacity` jobs at once.

    Its own limit has to be twice the batch at least, so a worker for one job at a time would hold a second one back
    from idle workers.
    """

    capacity: int = 1

    def entrypoints_below_capacity_limits(self) -> set[types.QueueEntrypoint]:
        return set(self.entrypoint_registry) if len(self.job_context) < self.capacity else set()


def manager(pool: Pool, *, capacity: int) -> Manager:
    """One worker's hold on the queue; used for one run."""
    queries = OwnedQueries.from_asyncpg_pool(pool)
    assert isinstance(queries, OwnedQueries)  # noqa: S101 -- its annotation names the base class
    made = Manager(queries, capacity=capacity)
    queries.owner = made.queue_manager_id
    return made

"""A job that another worker took over is not touched by the first one; on PgQueuer's real tables."""

import asyncio
from datetime import date, timedelta
from typing import Any

import asyncpg
import pytest
from pgqueuer.domain.errors import RetryRequested
from pgqueuer.ports.repository import EntrypointExecutionParameter
from pgqueuer.queries import Queries

from ingest.contract import BACK_CATALOGUE, ENTRYPOINT, SOON, TONIGHT, UNDATED, priority
from ingest.jobs import retry
from ingest.jobs.queue import Manager, OwnedQueries, manager


async def claim(one: Manager, *, stale_after_s: float = 30.0) -> Any:
    jobs = await one.queries.dequeue(
        batch_size=1,
        entrypoints={ENTRYPOINT: EntrypointExecutionParameter(concurrency_limit=0)},
        queue_manager_id=one.queue_manager_id,
        global_concurrency_limit=None,
        heartbeat_timeout=timedelta(seconds=stale_after_s),
    )
    assert len(jobs) == 1
    return jobs[0]


@pytest.fixture
async def pool(queue: Any) -> Any:
    async with asyncpg.create_pool(queue.environment["SEGUE_POSTGRES_URL"], min_size=1, max_size=4) as opened:
        await queue.connection.execute(
            "INSERT INTO pgqueuer (priority, entrypoint, status) VALUES (0, 'ingest', 'queued')"
        )
        yield opened


async def row(queue: Any) -> Any:
    return await queue.connection.fetchrow("SELECT * FROM pgqueuer")


async def test_owner_may_finish_retry_and_heartbeat(queue: Any, pool: Any) -> None:
    owner = manager(pool, capacity=1)
    job = await claim(owner)
    before = (await row(queue))["heartbeat"]
    await owner.queries.update_heartbeat([job.id])
    assert (await row(queue))["heartbeat"] > before
    await owner.queries.retry_job(job, timedelta(0), None)
    assert (await row(queue))["status"] == "queued"
    again = await claim(owner)
    await owner.queries.log_jobs([(again, "successful", None)])
    assert await row(queue) is None


async def test_former_owner_may_do_nothing(queue: Any, pool: Any) -> None:
    former, owner = manager(pool, capacity=1), manager(pool, capacity=1)
    job = await claim(former)
    await queue.connection.execute("UPDATE pgqueuer SET heartbeat = now() - interval '1 minute'")
    await claim(owner)
    taken = dict(await row(queue))
    assert taken["queue_manager_id"] == owner.queue_manager_id
    await former.queries.update_heartbeat([job.id])
    await former.queries.retry_job(job, timedelta(0), None)
    await former.queries.log_jobs([(job, "successful", None)])
    assert dict(await row(queue)) == taken


async def test_job_never_fails_in_the_queue(queue: Any, pool: Any) -> None:
    """PgQueuer would keep it as a failed one, and nobody would ever take it again."""
    owner = manager(pool, capacity=1)
    await owner.queries.log_jobs([(await claim(owner), "failed", None)])
    left = await row(queue)
    assert (left["status"], left["attempts"]) == ("queued", 1)
    assert left["execute_after"] > left["created"]


async def test_retry_that_cannot_be_written_down_is_written_down_later(
    queue: Any, pool: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    """PostgreSQL goes away at the moment at which a handler asks for another try, and is back at once."""
    owner = manager(pool, capacity=1)
    attempts: list[int] = []

    async def handle(job: Any) -> None:
        attempts.append(job.attempts)
        if job.attempts == 0:
            raise RetryRequested(delay=timedelta(0), reason="once more")
        owner.shutdown.set()

    async def away(*_: object) -> None:
        raise asyncpg.ConnectionDoesNotExistError("gone")

    monkeypatch.setattr(retry, "FIRST_DELAY_S", 0.1)
    monkeypatch.setattr(OwnedQueries, "retry_job", away)
    owner.entrypoint(ENTRYPOINT, on_failure="hold")(handle)
    async with asyncio.timeout(60):
        await owner.run(batch_size=1, dequeue_timeout=timedelta(seconds=0.2))
    assert attempts == [0, 1]
    assert await row(queue) is None


async def ignore(_job: object) -> None:
    pass


async def test_full_worker_claims_nothing(pool: Any) -> None:
    full = manager(pool, capacity=1)
    full.entrypoint(ENTRYPOINT)(ignore)
    assert full.entrypoints_below_capacity_limits() == {ENTRYPOINT}
    full.job_context[1] = object()
    assert full.entrypoints_below_capacity_limits() == set()


TODAY = date(2026, 5, 14)


@pytest.mark.parametrize(
    ("release", "urgency"),
    [
        pytest.param(TODAY, TONIGHT, id="today"),
        pytest.param(TODAY + timedelta(days=1), TONIGHT, id="tomorrow"),
        pytest.param(TODAY - timedelta(days=7), TONIGHT, id="a week late"),
        pytest.param(TODAY + timedelta(days=2), SOON, id="this week"),
        pytest.param(TODAY + timedelta(days=7), SOON, id="in a week"),
        pytest.param(TODAY + timedelta(days=8), UNDATED, id="later"),
        pytest.param(None, UNDATED, id="no date"),
        pytest.param(TODAY - timedelta(days=8), BACK_CATALOGUE, id="out for long"),
    ],
)
def test_release_is_as_urgent_as_its_date(release: date | None, urgency: int) -> None:
    assert priority(release, TODAY) == urgency
    assert TONIGHT > SOON > UNDATED > BACK_CATALOGUE


async def test_most_urgent_job_is_claimed_first_and_equals_in_their_order(queue: Any, pool: Any) -> None:
    await queue.connection.execute("DELETE FROM pgqueuer")
    releases = [None, date(1999, 1, 1), TODAY, TODAY + timedelta(days=5), None, TODAY]
    for number, release in enumerate(releases):
        await Queries.from_asyncpg_connection(queue.connection).enqueue(
            ENTRYPOINT, str(number).encode(), priority(release, TODAY)
        )
    worker = manager(pool, capacity=10)
    claimed = [int((await claim(worker)).payload) for _ in releases]
    assert claimed == [2, 5, 3, 0, 4, 1]

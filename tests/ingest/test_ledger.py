"""The rows of jobs on the real tables: whose claim holds, what counts, and what is final."""

from collections.abc import AsyncIterator
from typing import Any

import asyncpg
import pytest

from ingest.contract import FailureCode, Job, Stage, Status
from ingest.errors import Superseded
from ingest.ledger import Claim, Ledger
from origin.asset import Loudness, Master

MASTER = Master(
    sample_rate_hz=48_000,
    channels=2,
    bits_per_sample=16,
    sample_count=48_000,
    loudness=Loudness(integrated_lufs=-14.0, true_peak_dbtp=-1.0),
    pcm_sha256="00",
)


@pytest.fixture
async def ledger(queue: Any) -> AsyncIterator[Ledger]:
    async with asyncpg.create_pool(queue.environment["SEGUE_POSTGRES_URL"], min_size=1, max_size=2) as pool:
        yield Ledger(pool)


@pytest.fixture
async def job(queue: Any) -> Job:
    return await queue.add(b"a master")


async def claimed(ledger: Ledger, job: Job) -> Claim:
    claim = await ledger.claim(job)
    assert claim is not None
    return claim


async def test_claims_are_numbered_and_counted(ledger: Ledger, job: Job) -> None:
    claims = [await claimed(ledger, job) for _ in range(3)]
    assert [(claim.number, claim.attempt) for claim in claims] == [(1, 1), (2, 2), (3, 3)]


async def test_attempt_that_is_taken_back_leaves_its_number_used(ledger: Ledger, job: Job) -> None:
    first = await claimed(ledger, job)
    await ledger.release(first)
    second = await claimed(ledger, job)
    assert (second.number, second.attempt) == (2, 1)


async def test_lost_claim_changes_nothing(queue: Any, ledger: Ledger, job: Job) -> None:
    lost = await claimed(ledger, job)
    await ledger.release(lost)  # the next claim is the first attempt again
    await claimed(ledger, job)
    before = dict(await queue.row(job))
    for change in (
        ledger.require(lost),
        ledger.advance(lost, Stage.ENCODE, 0.5),
        ledger.release(lost),
        ledger.condemn(lost, FailureCode.CORRUPT),
        ledger.ready(lost, MASTER),
        ledger.failed(lost),
    ):
        with pytest.raises(Superseded, match="claim 1 no longer holds"):
            await change
    assert dict(await queue.row(job)) == before


async def test_verdict_outlives_the_claim_that_wrote_it(queue: Any, ledger: Ledger, job: Job) -> None:
    first = await claimed(ledger, job)
    assert first.verdict is None
    await ledger.condemn(first, FailureCode.TRUNCATED)
    second = await claimed(ledger, job)
    assert second.verdict is FailureCode.TRUNCATED
    await ledger.failed(second)
    row = await queue.row(job)
    assert (row["status"], row["failure_code"]) == ("failed", "truncated")


async def test_final_row_is_claimed_by_nobody_and_changed_by_nobody(ledger: Ledger, job: Job) -> None:
    claim = await claimed(ledger, job)
    await ledger.ready(claim, MASTER)
    assert await ledger.claim(job) is None
    assert await ledger.status(job) is Status.READY
    with pytest.raises(Superseded):
        await ledger.ready(claim, MASTER)


async def test_row_goes_with_its_track(queue: Any, ledger: Ledger, job: Job) -> None:
    claim = await claimed(ledger, job)
    await queue.connection.execute("DELETE FROM tracks")
    assert await ledger.status(job) is None
    assert await ledger.claim(job) is None
    with pytest.raises(Superseded):
        await ledger.require(claim)


async def test_fraction_never_falls(ledger: Ledger, job: Job) -> None:
    assert await ledger.advance(await claimed(ledger, job), Stage.ENCODE, 0.5) == 0.5
    assert await ledger.advance(await claimed(ledger, job), Stage.FETCH, 0.0) == 0.5

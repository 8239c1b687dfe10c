"""The row of a job in `assets`: the truth about a revision, changed by one statement a step.

An attempt holds the row by the number of its claim, which rises with every claim and never falls: every change names
it, so a worker that was thought dead and comes back changes nothing and learns that it was superseded. `ready` and
`failed` are set once, since no statement touches a final row.

How many attempts count against a job is another number, `attempts`: one that failed for a reason of somebody else's is
taken back. A failure is written down as the row's verdict before anything is removed, so that an attempt which has to
finish the closing does not judge again, by files that are gone.
"""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any
from uuid import UUID

import asyncpg
import msgspec

from config.errors import ServiceUnavailable
from config.postgres import Pool
from ingest.contract import FailureCode, Job, Stage, Status
from ingest.errors import Superseded
from origin.asset import Master

CLAIM = """
UPDATE assets SET status = 'processing', attempts = attempts + 1, claims = claims + 1
WHERE asset_id = $1 AND revision = $2 AND status IN ('queued', 'processing')
RETURNING claims, attempts, verdict
"""
STATUS = "SELECT status FROM assets WHERE asset_id = $1 AND revision = $2"
HELD = "SELECT 1 FROM assets WHERE asset_id = $1 AND revision = $2 AND status = 'processing' AND claims = $3"
# A second attempt starts over, but what a watcher saw of the first never falls.
ADVANCE = """
UPDATE assets SET stage = $4, fraction = greatest(fraction, $5::real)
WHERE asset_id = $1 AND revision = $2 AND status = 'processing' AND claims = $3
RETURNING fraction
"""
RELEASE = """
UPDATE assets SET attempts = attempts - 1
WHERE asset_id = $1 AND revision = $2 AND status = 'processing' AND claims = $3
RETURNING 1
"""
CONDEMN = """
UPDATE assets SET verdict = $4
WHERE asset_id = $1 AND revision = $2 AND status = 'processing' AND claims = $3
RETURNING 1
"""
READY = """
UPDATE assets SET status = 'ready', stage = 'done', fraction = 1, finished_at = now(), duration_ms = $4,
       sample_rate_hz = $5, channels = $6, integrated_lufs = $7, true_peak_dbtp = $8
WHERE asset_id = $1 AND revision = $2 AND status = 'processing' AND claims = $3
RETURNING 1
"""
FAILED = """
UPDATE assets SET status = 'failed', failure_code = verdict, finished_at = now()
WHERE asset_id = $1 AND revision = $2 AND status = 'processing' AND claims = $3
RETURNING fraction
"""


class Claim(msgspec.Struct, frozen=True, kw_only=True):
    """One attempt's hold on a revision."""

    asset_id: UUID
    revision: int
    number: int
    """Of this revision's claims; no other claim has it."""
    attempt: int
    """Of those that count against the job, from 1."""
    verdict: FailureCode | None
    """What an earlier attempt decided to close the revision with, and did not come to."""


class Ledger:
    """The rows of all jobs. Methods raise ServiceUnavailable; those that take a claim raise Superseded."""

    def __init__(self, pool: Pool) -> None:
        self._pool = pool

    async def claim(self, job: Job) -> Claim | None:
        """Begin the next attempt; None when the revision is final or gone."""
        async with _translated():
            row = await self._pool.fetchrow(CLAIM, job.asset_id, job.revision)
        if row is None:
            return None
        return Claim(
            asset_id=job.asset_id,
            revision=job.revision,
            number=row["claims"],
            attempt=row["attempts"],
            verdict=None if row["verdict"] is None else FailureCode(row["verdict"]),
        )

    async def status(self, job: Job) -> Status | None:
        """What the revision is now; None when it is gone, with its track."""
        found: str | None = await self._value(STATUS, job.asset_id, job.revision)
        return None if found is None else Status(found)

    async def require(self, claim: Claim) -> None:
        """Make sure that the claim still holds, before something is done that the row does not guard."""
        await self._change(HELD, claim)

    async def advance(self, claim: Claim, stage: Stage, fraction: float) -> float:
        """Note a step; returns the fraction to show."""
        return float(await self._change(ADVANCE, claim, stage.value, fraction))

    async def release(self, claim: Claim) -> None:
        """Take the attempt back: it failed for a reason that does not count. The claim holds on."""
        await self._change(RELEASE, claim)

    async def condemn(self, claim: Claim, failure: FailureCode) -> None:
        """Write down what the revision is to be closed with; from now on nothing of it is needed."""
        await self._change(CONDEMN, claim, failure.value)

    async def ready(self, claim: Claim, master: Master) -> None:
        """Make the revision visible: the one statement that does."""
        await self._change(
            READY,
            claim,
            master.duration_ms,
            master.sample_rate_hz,
            master.channels,
            master.loudness.integrated_lufs,
            master.loudness.true_peak_dbtp,
        )

    async def failed(self, claim: Claim) -> float:
        """Close the revision with its verdict; returns the fraction that it had come to."""
        return float(await self._change(FAILED, claim))

    async def _change(self, statement: str, claim: Claim, *values: object) -> Any:
        found = await self._value(statement, claim.asset_id, claim.revision, claim.number, *values)
        if found is None:
            raise Superseded(f"claim {claim.number} no longer holds {claim.asset_id} revision {claim.revision}")
        return found

    async def _value(self, statement: str, *values: object) -> Any:
        async with _translated():
            return await self._pool.fetchval(statement, *values)


@asynccontextmanager
async def _translated() -> AsyncIterator[None]:
    try:
        yield
    except (OSError, asyncpg.PostgresError, asyncpg.InterfaceError, TimeoutError) as error:
        raise ServiceUnavailable("PostgreSQL", type(error).__name__) from error

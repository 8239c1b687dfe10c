"""The row of a job in `assets`: the truth about a revision, changed by one statement a step.

An attempt holds the row by the number of its claim, which rises with every claim and never falls: every change names
it, so a worker that was thought dead and comes back changes nothing and learns that it was superseded. `ready` and
`failed` are set once, since no statement touches a final row.

How many attempts count against a job is another number, `attempts`: one that failed for a reason of somebody else's is
taken back. A failure of the master is written down as the row's verdict before anything is removed, so that an attempt
which has to finish the closing does not judge again, by files that are gone. A failure of ours removes nothing: the job
is quarantined (`ingest.jobs.quarantine`).
"""

from __future__ import annotations

from datetime import timedelta
from typing import Any
from uuid import UUID

import msgspec

from config.postgres import Pool
from ingest.contract import FailureCode, Job, Stage, Status, encode_job
from ingest.errors import Superseded
from ingest.jobs import completion
from ingest.postgres import translated
from ingest.product import Product
from origin import layout

CLAIM = """
UPDATE assets SET status = 'processing', attempts = attempts + 1, claims = claims + 1
WHERE asset_id = $1 AND revision = $2 AND status IN ('queued', 'processing')
RETURNING claims, attempts, verdict
"""
STATE = """
SELECT (SELECT status FROM assets WHERE asset_id = $1 AND revision = $2) AS status,
       EXISTS (SELECT 1 FROM quarantined_jobs WHERE asset_id = $1 AND revision = $2) AS quarantined,
       EXISTS (SELECT 1 FROM removals WHERE prefix = ANY($3)) AS removed_later
"""
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
# What earlier attempts put on the shelf is about to be removed.
CONDEMN = """
WITH condemned AS (
    UPDATE assets SET verdict = $4
    WHERE asset_id = $1 AND revision = $2 AND status = 'processing' AND claims = $3
    RETURNING asset_id, revision
), cleared AS (
    DELETE FROM asset_renditions AS rung USING condemned
    WHERE rung.asset_id = condemned.asset_id AND rung.revision = condemned.revision
)
SELECT 1 FROM condemned
"""
FAILED = """
UPDATE assets SET status = 'failed', failure_code = verdict, finished_at = now()
WHERE asset_id = $1 AND revision = $2 AND status = 'processing' AND claims = $3
RETURNING fraction
"""
# Nothing is removed on this way, so no verdict has to be written down first.
QUARANTINE = """
WITH closed AS (
    UPDATE assets SET status = 'failed', failure_code = 'internal', finished_at = now()
    WHERE asset_id = $1 AND revision = $2 AND status = 'processing' AND claims = $3
    RETURNING asset_id, revision, fraction
), kept AS (
    INSERT INTO quarantined_jobs (asset_id, revision, job, fault) SELECT asset_id, revision, $4, $5 FROM closed
)
SELECT fraction FROM closed
"""
SHELVED = """
SELECT rung, recipe_sha256, finished FROM asset_renditions
WHERE asset_id = $1 AND revision = $2 AND EXISTS (
    SELECT 1 FROM assets WHERE asset_id = $1 AND revision = $2 AND status = 'processing' AND claims = $3
)
"""
SHELVE = """
INSERT INTO asset_renditions (asset_id, revision, rung, recipe_sha256, finished)
SELECT asset_id, revision, $4, $5, $6 FROM assets
WHERE asset_id = $1 AND revision = $2 AND status = 'processing' AND claims = $3
ON CONFLICT (asset_id, revision, rung) DO UPDATE
    SET recipe_sha256 = excluded.recipe_sha256, finished = excluded.finished
RETURNING 1
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


class State(msgspec.Struct, frozen=True, kw_only=True):
    """A revision as somebody finds it who has no claim."""

    status: Status | None
    """None when it is gone, with its track or because a later revision took its place."""
    quarantined: bool
    removed_later: bool
    """Its media are on the list of removals: they may be listened to until then."""

    @property
    def over(self) -> bool:
        """Whether the upload is not needed any more."""
        return not self.quarantined and (self.status is None or self.status.final)

    @property
    def disposable(self) -> bool:
        """Whether the media are not needed any more."""
        return not (self.quarantined or self.removed_later) and self.status in (None, Status.FAILED)


class Shelved(msgspec.Struct, frozen=True, kw_only=True):
    """A rung that is uploaded; `finished` is its record as JSON."""

    rung: str
    recipe_sha256: bytes
    finished: str


class Ledger:
    """The rows of all jobs. Methods raise ServiceUnavailable; those that take a claim raise Superseded."""

    def __init__(self, pool: Pool, *, removal_delay: timedelta) -> None:
        self._pool = pool
        self._removal_delay = removal_delay

    async def claim(self, job: Job) -> Claim | None:
        """Begin the next attempt; None when the revision is final or gone."""
        async with translated():
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

    async def state(self, job: Job) -> State:
        """What has become of a revision."""
        prefixes = [
            layout.asset_directory(job.asset_id),
            layout.revision_directory(job.asset_id, job.revision),
        ]
        async with translated():
            row = await self._pool.fetchrow(STATE, job.asset_id, job.revision, prefixes)
        assert row is not None  # noqa: S101 -- a statement without FROM answers one row
        return State(
            status=None if row["status"] is None else Status(row["status"]),
            quarantined=row["quarantined"],
            removed_later=row["removed_later"],
        )

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

    async def ready(self, claim: Claim, product: Product) -> None:
        """Make the revision visible, with every figure: the one transaction that does."""
        async with translated(), self._pool.acquire() as connection, connection.transaction():
            if not await completion.complete(
                connection, product, claim_number=claim.number, removal_delay=self._removal_delay
            ):
                raise _lost(claim)

    async def failed(self, claim: Claim) -> float:
        """Close the revision with its verdict; returns the fraction that it had come to."""
        return float(await self._change(FAILED, claim))

    async def quarantine(self, claim: Claim, job: Job, *, fault: str) -> float:
        """Close the revision by a fault of ours, with all that is needed to go on; returns the fraction."""
        return float(await self._change(QUARANTINE, claim, encode_job(job).decode(), fault))

    async def shelved(self, claim: Claim) -> list[Shelved]:
        """What earlier attempts have finished; nothing for a claim that does not hold."""
        async with translated():
            rows = await self._pool.fetch(SHELVED, claim.asset_id, claim.revision, claim.number)
        return [Shelved(**row) for row in rows]

    async def shelve(self, claim: Claim, one: Shelved) -> None:
        """Keep what is uploaded already."""
        await self._change(SHELVE, claim, one.rung, one.recipe_sha256, one.finished)

    async def _change(self, statement: str, claim: Claim, *values: object) -> Any:
        found = await self._value(statement, claim.asset_id, claim.revision, claim.number, *values)
        if found is None:
            raise _lost(claim)
        return found

    async def _value(self, statement: str, *values: object) -> Any:
        async with translated():
            return await self._pool.fetchval(statement, *values)


def _lost(claim: Claim) -> Superseded:
    return Superseded(f"claim {claim.number} no longer holds {claim.asset_id} revision {claim.revision}")

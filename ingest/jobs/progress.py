"""Progress of one attempt: the row first, then an event for those who watch.

Each stage has its share of the job, by its usual cost, so the fraction rises evenly and never falls. Steps within a
stage are noted a few times a second at most. Watching is a courtesy: without Valkey nobody hears of it, and the job
goes on; without PostgreSQL a step within a stage is skipped, and the next stage finds out.
"""

from __future__ import annotations

import time
from collections.abc import Callable

from valkey.asyncio import Valkey
from valkey.exceptions import ValkeyError

from config.errors import ServiceUnavailable
from config.logs import logger
from ingest.contract import FailureCode, Progress, Stage, Status, encode_progress, progress_channel
from ingest.jobs.ledger import Claim, Ledger

LOG = logger("ingest.jobs.progress")
NOTE_EVERY_S = 0.4

SHARES = {
    Stage.FETCH: 0.05,
    Stage.DECODE: 0.05,
    Stage.MEASURE: 0.10,
    Stage.ENCODE: 0.75,
    Stage.PUBLISH: 0.05,
}


def whole_fraction(stage: Stage, within: float) -> float:
    """How far the job is when `stage` is `within` (0 to 1) done."""
    stages = list(SHARES)
    before = sum(SHARES[earlier] for earlier in stages[: stages.index(stage)])
    return min(1.0, before + SHARES[stage] * min(1.0, max(0.0, within)))


class Reporter:
    """Reports for one claim. Raises Superseded when another attempt holds the row."""

    def __init__(
        self, ledger: Ledger, valkey: Valkey, claim: Claim, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._ledger = ledger
        self._valkey = valkey
        self._claim = claim
        self._clock = clock
        self._stage = Stage.FETCH
        self._noted_at = 0.0

    async def enter(self, stage: Stage) -> None:
        self._stage = stage
        await self._note(0.0)

    async def moved(self, within: float) -> None:
        """The stage is `within` (0 to 1) done."""
        if self._clock() - self._noted_at < NOTE_EVERY_S:
            return
        try:
            await self._note(within)
        except ServiceUnavailable as error:
            LOG.warning("a step was not noted", cause=error.cause)

    async def step(self, within: float) -> None:
        """As `moved`, but never passed over: whoever goes on from here still holds the row."""
        await self._note(within)

    async def ready(self) -> None:
        await self._publish(Status.READY, Stage.DONE, 1.0)

    async def failed(self, failure: FailureCode, fraction: float) -> None:
        await self._publish(Status.FAILED, self._stage, fraction, failure)

    async def _note(self, within: float) -> None:
        self._noted_at = self._clock()
        fraction = await self._ledger.advance(self._claim, self._stage, whole_fraction(self._stage, within))
        await self._publish(Status.PROCESSING, self._stage, fraction)

    async def _publish(self, status: Status, stage: Stage, fraction: float, failure: FailureCode | None = None) -> None:
        event = Progress(
            asset_id=self._claim.asset_id,
            revision=self._claim.revision,
            status=status,
            stage=stage,
            fraction=fraction,
            failure_code=failure,
        )
        try:
            await self._valkey.publish(progress_channel(self._claim.asset_id), encode_progress(event))
        except (OSError, ValkeyError, TimeoutError) as error:
            LOG.warning("nobody hears of the progress", cause=type(error).__name__)

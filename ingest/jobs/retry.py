"""What becomes of a job that went wrong: tried again after a while, or given up with a code. A decision, not an action.

- The artist's fault (`MediaError`) is final at once: the same bytes would fail again.
- An upstream's absence and a full disk do not count against the job: it is tried again, less and less often, for about
  an hour.
- Our own faults, a worker that was killed among them, count: the third attempt is the last, and then the job goes into
  quarantine with its upload, for the artist did nothing wrong.
"""

from __future__ import annotations

from datetime import timedelta

import msgspec

from config.errors import ServiceUnavailable
from ingest.contract import MAX_ATTEMPTS, FailureCode
from ingest.errors import MediaError, NoRoom, Superseded

UPSTREAM_RETRIES = 16
FIRST_DELAY_S = 2
LONGEST_DELAY_S = 300
MAX_TOLD = 2000
"""A screen of text; a library may quote all that it was given."""


class TryAgain(msgspec.Struct, frozen=True, kw_only=True):
    """`counts` is whether the attempt is one of the job's `MAX_ATTEMPTS`."""

    delay: timedelta
    counts: bool


class GiveUp(msgspec.Struct, frozen=True, kw_only=True):
    """The job is over."""

    failure: FailureCode


def decide(error: Exception, *, attempt: int, retries: int) -> TryAgain | GiveUp:
    """Say what to do; `attempt` counts those that count, from 1, `retries` all that the queue has seen, from 0."""
    if isinstance(error, MediaError):
        return GiveUp(failure=error.failure)
    if isinstance(error, ServiceUnavailable | NoRoom) and retries < UPSTREAM_RETRIES:
        return TryAgain(delay=back_off(retries), counts=False)
    if attempt >= MAX_ATTEMPTS:
        return GiveUp(failure=FailureCode.INTERNAL)
    return TryAgain(delay=back_off(retries), counts=True)


def back_off(retries: int) -> timedelta:
    """How long to wait before the next attempt, twice as long each time; `retries` are those that were, from 0."""
    doublings = min(retries, UPSTREAM_RETRIES)  # of a job that is tried for ever the power would grow without end
    return timedelta(seconds=min(FIRST_DELAY_S * 2**doublings, LONGEST_DELAY_S))


def told(error: Exception) -> str:
    """What an operator is told of an error: as much as PostgreSQL takes and a table can show."""
    return str(error).replace("\0", "")[:MAX_TOLD] or type(error).__name__


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

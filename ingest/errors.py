"""Errors of the ingest pipeline.

::

    IngestError
    ├── MediaError      the artist's: this master cannot be used; final, never tried again
    ├── Superseded      nobody's: the job is another worker's by now, or its track is gone; dropped quietly
    ├── NotQuarantined  the operator's: the job that was named is not in quarantine
    ├── InvalidLadder   the operator's: an entry of the ladder cannot be made
    └── IngestFault     ours: a bug or a broken machine; tried again, then the job fails as `internal`
        ├── NoRoom              the scratch folder is full; waited for, like an upstream's absence
        ├── ChildDied           a child process ended without an answer
        └── RenditionRejected   a rendition decoded again is not what was asked for

An upstream's absence is `config.errors.ServiceUnavailable`; it is tried again for as long as `ingest.jobs.retry` says.
"""

from __future__ import annotations

from ingest.contract import FailureCode


class IngestError(Exception):
    """Root of the errors that this package raises."""

    code = "ingest"
    retryable = False


class MediaError(IngestError):
    """The master cannot be used; `failure` is what the artist is told, `detail` is for the log."""

    def __init__(self, failure: FailureCode, detail: str) -> None:
        super().__init__(f"{failure.value}: {detail}")
        self.failure = failure
        self.detail = detail
        self.code = failure.value


class Superseded(IngestError):
    """Another attempt holds the job, or the revision is final or gone; there is nothing left to do."""

    code = "superseded"


class NotQuarantined(IngestError):
    """The job is not in quarantine; `segue jobs list` shows which are."""

    code = "not_quarantined"

    def __init__(self, job: str) -> None:
        super().__init__(f"{job} is not in quarantine; `segue jobs list` shows which jobs are")
        self.job = job


class InvalidLadder(IngestError):
    """An entry of the ladder cannot be made; mend the file that SEGUE_LADDER names."""

    code = "invalid_ladder"

    def __init__(self, entry: str, finding: str) -> None:
        super().__init__(f"{entry}: {finding}")
        self.entry = entry
        self.finding = finding


class IngestFault(IngestError):
    """Something of ours went wrong; the log has the cause, and the job is tried again."""

    code = "internal"
    retryable = True


class NoRoom(IngestFault):
    """The disk of the scratch folder is full; free some of it, or let SEGUE_SCRATCH name a folder elsewhere."""

    code = "no_room"

    def __init__(self) -> None:
        super().__init__("the scratch folder is full; free some room, or let SEGUE_SCRATCH name a folder elsewhere")


class ChildDied(IngestFault):
    """A child process ended, or was ended, without an answer; `cause` names the signal or the exit status."""

    def __init__(self, task: str, cause: str) -> None:
        super().__init__(f"the child process ended while it had to {task} ({cause})")
        self.task = task
        self.cause = cause


class RenditionRejected(IngestFault):
    """A rendition that was decoded again differs from what was asked for; nothing of it is published."""

    def __init__(self, rendition: str, finding: str) -> None:
        super().__init__(f"{rendition}: {finding}")
        self.rendition = rendition
        self.finding = finding

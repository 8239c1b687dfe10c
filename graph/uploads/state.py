"""The state of an ingest as a watcher sees it: read from the row or from a worker's event, and which of two is later.

Pure. Not here: where rows and events come from (`graph.uploads.progress`).
"""

from __future__ import annotations

import msgspec

from graph.rows import Row
from ingest.contract import FailureCode, Progress, Stage, Status, decode_progress

STAGES = list(Stage)


def is_news(shown: Progress | None, candidate: Progress) -> bool:
    """Whether `candidate` is later than what a watcher has seen."""
    return shown is None or _age(candidate) > _age(shown)


def _age(progress: Progress) -> tuple[int, bool, float, int]:
    return progress.revision, progress.status.final, progress.fraction, STAGES.index(progress.stage)


def from_row(row: Row) -> Progress:
    code = row["failure_code"]
    return Progress(
        asset_id=row["asset_id"],
        revision=row["revision"],
        status=Status(row["status"]),
        stage=Stage(row["stage"]),
        fraction=_coarse(row["fraction"]),
        failure_code=FailureCode(code) if code is not None else None,
    )


def from_event(data: bytes) -> Progress | None:
    """Read a worker's event; None for one that another version wrote."""
    try:
        progress = decode_progress(data)
    except msgspec.DecodeError:
        return None
    return msgspec.structs.replace(progress, fraction=_coarse(progress.fraction))


def _coarse(fraction: float) -> float:
    # The row holds 32 bits and an event 64: without rounding, the same step would look like two.
    return round(fraction, 4)

"""The outcome of an import for one file."""

from __future__ import annotations

from enum import Enum
from pathlib import Path

import msgspec


class Status(Enum):
    """What became of a file."""

    READY = "ready"
    EXISTS = "exists"
    FAILED = "failed"


class Outcome(msgspec.Struct, frozen=True, kw_only=True):
    """One file's end; `code` and `reason` belong to `failed`, `track` is a global id."""

    file: Path
    status: Status
    code: str | None = None
    reason: str | None = None
    track: str | None = None
    duration_s: float | None = None
    """How long the audio is by the file's header, when that says so."""


def unreadable(file: Path, error: OSError) -> Outcome:
    """The end of a file that the importing machine itself cannot read."""
    reason = f"The file cannot be read: {error.strerror or type(error).__name__}."
    return Outcome(file=file, status=Status.FAILED, code="unreadable_file", reason=reason)

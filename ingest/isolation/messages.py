"""What the worker and its child processes say to each other beside the tasks: one JSON line a message.

The worker sends `Limits` once, then tasks (`ingest.tasks`); the child answers a task with any number of `Moved` and one
of the others.
"""

from __future__ import annotations

import msgspec

from ingest.contract import FailureCode


class Limits(msgspec.Struct, frozen=True, kw_only=True):
    """What a child may take; None leaves the system's limit."""

    memory_bytes: int
    cpu_s: int | None = None
    wall_s: int | None = None
    """The whole life of the child; for one that does a single task."""
    file_bytes: int | None = None


class Moved(msgspec.Struct, frozen=True, kw_only=True, tag=True):
    """How far the task is, 0 to 1."""

    fraction: float


class Done(msgspec.Struct, frozen=True, kw_only=True, tag=True):
    """The task's result."""

    result: msgspec.Raw


class Refused(msgspec.Struct, frozen=True, kw_only=True, tag=True):
    """The master is at fault."""

    failure: FailureCode
    detail: str


class Rejected(msgspec.Struct, frozen=True, kw_only=True, tag=True):
    """A rendition is not what was asked for."""

    rendition: str
    finding: str


class Failed(msgspec.Struct, frozen=True, kw_only=True, tag=True):
    """The child is at fault; the traceback is on its standard error."""

    cause: str


class Full(msgspec.Struct, frozen=True, kw_only=True, tag=True):
    """The scratch folder has no room for what the task writes."""


Reply = Moved | Done | Refused | Rejected | Failed | Full

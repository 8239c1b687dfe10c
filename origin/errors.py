"""Errors of the origin, split by whose fault they are; each leaf is one HTTP status.

::

    OriginError
    ├── the caller's
    │   ├── Refused             403  the path or its token; never says which, to nobody but the log
    │   ├── NotThere            404  an authorised, well-formed path to nothing
    │   ├── MethodNotAllowed    405
    │   └── RangeUnsatisfiable  416
    ├── an upstream's
    │   └── StoreAway           503  the object store did not answer; retryable
    └── ours
        └── DamagedAsset        500  the descriptor and what is stored do not agree

Bodies carry the status text alone. The message of an error is for the log.
"""

from __future__ import annotations

from typing import ClassVar


class OriginError(Exception):
    """Root of the errors that this package raises."""

    code: ClassVar[str] = "origin"
    status: ClassVar[int] = 500
    retryable: ClassVar[bool] = False


class Refused(OriginError):
    """The path has another shape than ours, or its token does not open it; ask the API for a fresh URL.

    `reason` is the code of what was wrong, for the log.
    """

    code = "refused"
    status = 403

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


class NotThere(OriginError):
    """The path is well-formed and authorised, and nothing lies there: an unknown revision, rendition or segment."""

    code = "not_there"
    status = 404


class MethodNotAllowed(OriginError):
    """Media is read: use GET, HEAD or OPTIONS."""

    code = "method_not_allowed"
    status = 405


class RangeUnsatisfiable(OriginError):
    """The range starts behind the end; `size` is the length of the whole in bytes."""

    code = "range_unsatisfiable"
    status = 416

    def __init__(self, size: int) -> None:
        super().__init__(f"the whole has {size} bytes")
        self.size = size


class StoreAway(OriginError):
    """The object store did not answer; a client comes back after Retry-After, an operator runs `segue doctor`."""

    code = "store_away"
    status = 503
    retryable = True


class DamagedAsset(OriginError):
    """The descriptor cannot be read, or promises bytes that are not stored; ingest the track again."""

    code = "damaged_asset"

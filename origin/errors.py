"""Errors of the origin, split by whose fault they are; each leaf is one HTTP status.

::

    OriginError
    ├── the caller's
    │   ├── MalformedQuery      400  a manifest's query says no selection
    │   ├── MalformedLicenseRequest 400  the body is no request of the W3C's JSON format
    │   ├── Refused             403  the path or its token; never says which, to nobody but the log
    │   ├── NotThere            404  an authorised, well-formed path to nothing
    │   ├── Withdrawn           410  an authorised path to an asset that was withdrawn
    │   ├── MethodNotAllowed    405
    │   ├── BodyTooLong         413
    │   ├── RangeUnsatisfiable  416
    │   └── ClientGone          408  the client hung up; nobody gets this answer
    ├── an upstream's
    │   ├── KeysUnusable        502  the key server's answer is not what was asked for
    │   ├── KeysAway            503  the key server did not answer; retryable
    │   ├── StoreAway           503  the object store did not answer; retryable
    │   └── WrongBytes          503  the object store answered with other bytes than were stored; retryable
    └── ours
        ├── Busy                503  as much is being read as may be at once; retryable
        └── DamagedAsset        500  what was stored is no media of ours

Bodies carry the status text alone. The message of an error is for the log.
"""

from __future__ import annotations

from typing import ClassVar


class OriginError(Exception):
    """Root of the errors that this package raises."""

    code: ClassVar[str] = "origin"
    status: ClassVar[int] = 500
    retryable: ClassVar[bool] = False


class MalformedQuery(OriginError):
    """A field that narrows a manifest has another shape than `origin.selection` reads; mend the URL."""

    code = "malformed_query"
    status = 400


class MalformedLicenseRequest(OriginError):
    """A licence is asked for as `{"kids": [...], "type": "temporary"}` with key ids in base64url; mend the player."""

    code = "malformed_license_request"
    status = 400


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


class Withdrawn(OriginError):
    """The asset was withdrawn, with all its files and keys; whoever withdrew it may offer it again by the API."""

    code = "withdrawn"
    status = 410


class MethodNotAllowed(OriginError):
    """Media is read: use GET, HEAD or OPTIONS."""

    code = "method_not_allowed"
    status = 405


class BodyTooLong(OriginError):
    """A licence request lists key ids, of which an asset has a handful; send those of one asset at a time."""

    code = "body_too_long"
    status = 413


class RangeUnsatisfiable(OriginError):
    """The range starts behind the end; `size` is the length of the whole in bytes."""

    code = "range_unsatisfiable"
    status = 416

    def __init__(self, size: int) -> None:
        super().__init__(f"the whole has {size} bytes")
        self.size = size


class KeysUnusable(OriginError):
    """The key server refused, or its answer has other keys than were asked for; compare its log with ours."""

    code = "keys_unusable"
    status = 502


class KeysAway(OriginError):
    """The key server did not answer, or is in trouble; a client comes back, an operator looks at `SEGUE_SPEKE_URL`."""

    code = "keys_away"
    status = 503
    retryable = True


class ClientGone(OriginError):
    """The client hung up while a read was waited for; there is nothing to be done."""

    code = "client_gone"
    status = 408


class StoreAway(OriginError):
    """The object store did not answer; a client comes back after Retry-After, an operator runs `segue doctor`."""

    code = "store_away"
    status = 503
    retryable = True


class WrongBytes(OriginError):
    """What came is shorter than promised, or its digest is another; look after the store, or ingest the track again."""

    code = "wrong_bytes"
    status = 503
    retryable = True


class Busy(OriginError):
    """As much is being read as may be at once; a client comes back after Retry-After, an operator adds origins."""

    code = "busy"
    status = 503
    retryable = True


class DamagedAsset(OriginError):
    """What was stored, and has the digest that it was stored with, cannot be taken apart; ingest the track again."""

    code = "damaged_asset"

"""Errors of the graph, and the registry of the codes that clients see.

::

    GraphError
    ├── CallerError
    │   ├── BadRequest         BAD_REQUEST          the request is malformed or exceeds a limit
    │   │   ├── TooExpensive   COST_EXCEEDED        one operation may not cost so much
    │   │   └── SocketFull     BAD_REQUEST          a socket has as many operations as it may
    │   ├── RateLimited        RATE_LIMITED         too much in a short time; retryable
    │   ├── UnknownDocument    PERSISTED_QUERY_NOT_FOUND   nobody has told us the text of this hash
    │   ├── UntrustedDocument  DOCUMENT_NOT_TRUSTED only the documents of the trusted list are answered here
    │   ├── Unauthenticated    UNAUTHENTICATED      nobody is signed in, or the token is not valid (any more)
    │   ├── Forbidden          FORBIDDEN            the viewer's role or ownership does not allow it
    │   ├── NotFound           NOT_FOUND            there is no such thing, or not for this viewer
    │   ├── SyncAnew           SYNC_ANEW            a cursor of the change feed is older than what the feed remembers
    │   └── Refused            (never top-level)    a rule of the domain; becomes the payload's `userErrors`
    ├── Unavailable            SERVICE_UNAVAILABLE  an upstream's; retryable
    ├── TookTooLong            TIMEOUT              it was cancelled; retryable
    └── Internal               INTERNAL             ours; the cause is in the log, under the request id

A message of this tree is written for the client and reaches it. Every other exception is masked as INTERNAL.
"""

from __future__ import annotations

from enum import Enum

import msgspec


class Code(Enum):
    """`extensions.code` of a top-level error."""

    BAD_REQUEST = "BAD_REQUEST"
    UNAUTHENTICATED = "UNAUTHENTICATED"
    FORBIDDEN = "FORBIDDEN"
    NOT_FOUND = "NOT_FOUND"
    SYNC_ANEW = "SYNC_ANEW"
    COST_EXCEEDED = "COST_EXCEEDED"
    RATE_LIMITED = "RATE_LIMITED"
    PERSISTED_QUERY_NOT_FOUND = "PERSISTED_QUERY_NOT_FOUND"
    DOCUMENT_NOT_TRUSTED = "DOCUMENT_NOT_TRUSTED"
    TIMEOUT = "TIMEOUT"
    SERVICE_UNAVAILABLE = "SERVICE_UNAVAILABLE"
    INTERNAL = "INTERNAL"


class GraphError(Exception):
    """Root of the errors that this package raises."""

    code = Code.INTERNAL
    retryable = False

    @property
    def details(self) -> dict[str, object]:
        """What `extensions` tell beside the code."""
        return {}

    @property
    def extensions(self) -> dict[str, object]:
        """What a client's program is told; `retryable` where the same request may succeed later."""
        retryable = {"retryable": True} if self.retryable else {}
        return {"code": self.code.value, **retryable, **self.details}


class CallerError(GraphError):
    """The caller's to mend."""

    code = Code.BAD_REQUEST


class BadRequest(CallerError):
    """The request is malformed or exceeds a limit; the message says which."""


class TooExpensive(BadRequest):
    """The operation costs more than one may: ask for smaller pages, or for fewer of them inside each other."""

    code = Code.COST_EXCEEDED

    def __init__(self, cost: int, limit: int) -> None:
        super().__init__(f"The operation costs {cost} points; the limit is {limit}. Ask for smaller pages.")


class SocketFull(BadRequest):
    """A socket carries so many operations at once and no more: complete one first, or open another socket."""

    def __init__(self, limit: int) -> None:
        super().__init__(f"This socket carries {limit} operations. Complete one first, or open another socket.")


class RateLimited(CallerError):
    """Too much was asked in a short time: wait for `retryAfterS` seconds."""

    code = Code.RATE_LIMITED
    retryable = True

    def __init__(self, retry_after_s: int) -> None:
        super().__init__(f"You ask too much in a short time. Try again in {retry_after_s} s.")
        self.retry_after_s = retry_after_s

    @property
    def details(self) -> dict[str, object]:
        return {"retryAfterS": self.retry_after_s}


class UnknownDocument(CallerError):
    """Nobody has told us the text of this hash: send it once together with its hash."""

    code = Code.PERSISTED_QUERY_NOT_FOUND

    def __init__(self) -> None:
        # Clients of automatic persisted queries look for this very word.
        super().__init__("PersistedQueryNotFound")


class UntrustedDocument(CallerError):
    """Only the documents of the trusted list are answered here: send the `documentId` of one of them."""

    code = Code.DOCUMENT_NOT_TRUSTED

    def __init__(self) -> None:
        super().__init__("This API answers its trusted documents alone: send the documentId of one of them.")


class Unauthenticated(CallerError):
    """Nobody is signed in, or the token is not valid any more: sign in, or refresh the session."""

    code = Code.UNAUTHENTICATED

    def __init__(self, message: str = "Sign in first: send `Authorization: Bearer <access token>`.") -> None:
        super().__init__(message)


class Forbidden(CallerError):
    """The viewer is known and may not do this."""

    code = Code.FORBIDDEN

    def __init__(self, message: str = "Your account may not do this.") -> None:
        super().__init__(message)


class NotFound(CallerError):
    """There is no such thing, or this viewer may not know of it."""

    code = Code.NOT_FOUND

    def __init__(self, message: str = "There is nothing with this id.") -> None:
        super().__init__(message)


class SyncAnew(CallerError):
    """The feed has forgotten changes after this cursor: take a new cursor, then read the library once."""

    code = Code.SYNC_ANEW

    def __init__(self) -> None:
        super().__init__(
            "This cursor is older than what the feed remembers. Ask `changes` without `after` for a new cursor, then"
            " read the library anew."
        )


class Unavailable(GraphError):
    """A service behind the API did not answer; the same request may succeed in a moment."""

    code = Code.SERVICE_UNAVAILABLE
    retryable = True

    def __init__(self, message: str = "A service behind the API does not answer. Try again in a moment.") -> None:
        super().__init__(message)


class TookTooLong(GraphError):
    """The operation was cancelled, and its statements with it: ask for less at once, or try again later."""

    code = Code.TIMEOUT
    retryable = True

    def __init__(self) -> None:
        super().__init__("The operation took too long and was cancelled. Ask for less at once, or try again later.")


class Internal(GraphError):
    """Something went wrong on our side; the log has the cause under the request id."""

    def __init__(self, message: str = "Something went wrong on our side.") -> None:
        super().__init__(message)


class ProblemCode(Enum):
    """What is wrong with an input: `userErrors.code`. Meanings are in :data:`PROBLEM_MEANINGS`."""

    REQUIRED = "required"
    TOO_LONG = "too_long"
    INVALID_VALUE = "invalid_value"
    INVALID_EMAIL = "invalid_email"
    EMAIL_TAKEN = "email_taken"
    WEAK_PASSWORD = "weak_password"  # noqa: S105 -- the name of a code
    INVALID_CREDENTIALS = "invalid_credentials"
    INVALID_REFRESH_TOKEN = "invalid_refresh_token"  # noqa: S105 -- the name of a code
    INVALID_ISRC = "invalid_isrc"
    NOT_FOUND = "not_found"
    TOO_LARGE = "too_large"
    UNSUPPORTED_TYPE = "unsupported_type"
    UPLOAD_MISSING = "upload_missing"
    UPLOAD_INCOMPLETE = "upload_incomplete"
    UPLOAD_SIZE_MISMATCH = "upload_size_mismatch"
    UPLOAD_CHECKSUM_MISMATCH = "upload_checksum_mismatch"
    UPLOAD_EXPIRED = "upload_expired"
    UPLOAD_COMPLETED = "upload_completed"
    NOT_PLAYABLE = "not_playable"
    TRACK_WITHDRAWN = "track_withdrawn"
    NOT_LICENSED = "not_licensed"
    IMAGE_FAILED = "image_failed"
    STALE_REVISION = "stale_revision"
    PLAYLIST_FULL = "playlist_full"
    QUOTA_REACHED = "quota_reached"
    NOT_SHAREABLE = "not_shareable"
    IDEMPOTENCY_KEY_REUSED = "idempotency_key_reused"


PROBLEM_MEANINGS: dict[ProblemCode, str] = {
    ProblemCode.REQUIRED: "The value is empty.",
    ProblemCode.TOO_LONG: "The value is longer than the field allows.",
    ProblemCode.INVALID_VALUE: "The value is outside what the field allows; the message says how.",
    ProblemCode.INVALID_EMAIL: "This is not an e-mail address that we can write to.",
    ProblemCode.EMAIL_TAKEN: "An account with this e-mail address exists.",
    ProblemCode.WEAK_PASSWORD: "The password is too short or too easy to guess.",
    ProblemCode.INVALID_CREDENTIALS: "The e-mail address and the password do not belong together.",
    ProblemCode.INVALID_REFRESH_TOKEN: "The refresh token is unknown, expired, revoked or used; sign in again.",
    ProblemCode.INVALID_ISRC: "This is not an ISRC: two letters, three letters or digits, seven digits.",
    ProblemCode.NOT_FOUND: "The id in this field names nothing that you may use.",
    ProblemCode.TOO_LARGE: "The file is larger than a master, or a picture, may be.",
    ProblemCode.UNSUPPORTED_TYPE: "The file is announced as something that we cannot read as audio, or as a picture.",
    ProblemCode.UPLOAD_INCOMPLETE: "Some parts have not arrived. Call createUpload again to see which, and send them.",
    ProblemCode.UPLOAD_MISSING: "The file has not arrived. Send it with the request that createUpload answered.",
    ProblemCode.UPLOAD_SIZE_MISMATCH: "The stored file has another size than announced. Send the whole file again.",
    ProblemCode.UPLOAD_CHECKSUM_MISMATCH: "The stored file has another SHA-256 than announced. Send it again.",
    ProblemCode.UPLOAD_EXPIRED: (
        "The upload has expired. Call createUpload again with the same file; what has arrived need not be sent again."
    ),
    ProblemCode.UPLOAD_COMPLETED: "The upload has been completed: its file belongs to the track now.",
    ProblemCode.IMAGE_FAILED: "This picture could not be used; the image's `failure` says why. Upload another one.",
    ProblemCode.NOT_PLAYABLE: "There is nothing to play in this track yet, or not any more.",
    ProblemCode.STALE_REVISION: (
        "The playlist has changed since the revision that you name. Read it again, and decide anew."
    ),
    ProblemCode.PLAYLIST_FULL: "The playlist would have more entries than a playlist may have.",
    ProblemCode.QUOTA_REACHED: "The account has as many of these as it may have.",
    ProblemCode.NOT_SHAREABLE: "Only what everybody may see can be shared. Make the playlist public first.",
    ProblemCode.IDEMPOTENCY_KEY_REUSED: "This key was sent with another input before. Make a new one for a new thing.",
    ProblemCode.NOT_LICENSED: "The track may not be heard in your market at this time.",
    ProblemCode.TRACK_WITHDRAWN: "The track was withdrawn; its owner may offer it again.",
}


class Problem(msgspec.Struct, frozen=True):
    """One thing that the user has to mend; `field` is the path below `input`."""

    code: ProblemCode
    field: tuple[str, ...]
    message: str


class Refused(CallerError):
    """A rule of the domain was not kept and nothing was changed; a mutation answers with `userErrors`."""

    def __init__(self, *problems: Problem) -> None:
        super().__init__("; ".join(problem.message for problem in problems))
        self.problems = problems


def refused(code: ProblemCode, field: str, message: str | None = None) -> Refused:
    """A refusal for one field, named by its path with dots; without a message, the code's meaning."""
    return Refused(Problem(code, tuple(field.split(".")), message or PROBLEM_MEANINGS[code]))

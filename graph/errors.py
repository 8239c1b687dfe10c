"""Errors of the graph, and the registry of the codes that clients see.

::

    GraphError
    ├── CallerError
    │   ├── BadRequest         BAD_REQUEST          the request is malformed or exceeds a limit
    │   ├── Unauthenticated    UNAUTHENTICATED      nobody is signed in, or the token is not valid (any more)
    │   ├── Forbidden          FORBIDDEN            the viewer's role or ownership does not allow it
    │   ├── NotFound           NOT_FOUND            there is no such thing, or not for this viewer
    │   └── Refused            (never top-level)    a rule of the domain; becomes the payload's `userErrors`
    ├── Unavailable            SERVICE_UNAVAILABLE  an upstream's; retryable
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
    SERVICE_UNAVAILABLE = "SERVICE_UNAVAILABLE"
    INTERNAL = "INTERNAL"


class GraphError(Exception):
    """Root of the errors that this package raises."""

    code = Code.INTERNAL
    retryable = False


class CallerError(GraphError):
    """The caller's to mend."""

    code = Code.BAD_REQUEST


class BadRequest(CallerError):
    """The request is malformed or exceeds a limit; the message says which."""


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


class Unavailable(GraphError):
    """A service behind the API did not answer; the same request may succeed in a moment."""

    code = Code.SERVICE_UNAVAILABLE
    retryable = True

    def __init__(self, message: str = "A service behind the API does not answer. Try again in a moment.") -> None:
        super().__init__(message)


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
    IMAGE_FAILED = "image_failed"


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
    """A refusal for one field; without a message, the code's meaning."""
    return Refused(Problem(code, (field,), message or PROBLEM_MEANINGS[code]))

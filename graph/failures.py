"""Why an upload was refused, in GraphQL: the same codes and sentences for a master and for a picture."""

from __future__ import annotations

import strawberry

from graph import enums
from ingest.contract import REMEDIES, FailureCode

enums.publish(
    FailureCode,
    name="IngestFailureCode",
    description="Why a master or a picture was refused; stable, for programs.",
    values=REMEDIES,
)


@strawberry.type(description="Why a master or a picture was refused.")
class IngestFailure:
    code: FailureCode = strawberry.field(description="For programs.")
    message: str = strawberry.field(description="What to do about it, for people.")

    @classmethod
    def of(cls, code: FailureCode) -> IngestFailure:
        return cls(code=code, message=REMEDIES[code])

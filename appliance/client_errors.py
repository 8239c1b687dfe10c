"""Errors of the API's client; a branch of the appliance's tree.

::

    ApplianceError
    └── ClientError
        ├── GraphAway      nobody answers at the API's address, or not in GraphQL; retryable
        ├── GraphRefused   a system error of the API, with its code; retryable when a service behind it is away
        ├── TokenExpired   a socket outlived its token; open another, with a new one
        ├── InputRefused   the first of a mutation's userErrors
        └── StoreRefused   the object store did not take the file; retryable unless it says why not
"""

from __future__ import annotations

import msgspec

from appliance.errors import ApplianceError


class UserError(msgspec.Struct, frozen=True):
    """One entry of a payload's `userErrors`."""

    message: str
    code: str
    field: list[str] | None = None


class ClientError(ApplianceError):
    """Root of the errors of the API's client."""

    code = "client"


class GraphAway(ClientError):
    """Nobody answers at the API's address; start it with `make up`, or point SEGUE_GRAPH_URL at it."""

    code = "graph_away"
    retryable = True

    def __init__(self, url: str, cause: str) -> None:
        super().__init__(f"the graph does not answer at {url} ({cause}); start it with `make up`")
        self.url = url


class GraphRefused(ClientError):
    """The API answered with a system error; its message says what to mend."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(f"the API refused: {message}")
        self.code = code.lower()
        self.message = message
        self.retryable = code in {"SERVICE_UNAVAILABLE", "INTERNAL"}


class TokenExpired(ClientError):
    """A subscription lasted longer than the token that opened it; subscribe again."""

    code = "token_expired"
    retryable = True

    def __init__(self) -> None:
        super().__init__("the subscription outlived its access token; subscribe again")


class InputRefused(ClientError):
    """The API did not accept a value; mend the field that the message names."""

    def __init__(self, problem: UserError) -> None:
        super().__init__(problem.message)
        self.code = problem.code.lower()
        self.field = ".".join(problem.field or ())


class StoreRefused(ClientError):
    """The object store did not take the file; import it again."""

    code = "store_refused"

    def __init__(self, cause: str, *, retryable: bool, status: int | None = None) -> None:
        super().__init__(f"the object store did not take the file ({cause})")
        self.retryable = retryable
        self.status = status

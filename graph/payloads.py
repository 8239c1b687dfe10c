"""How a mutation answers: a payload with the object, or with `userErrors` when a rule of the domain was not kept.

A service raises :class:`graph.errors.Refused`; the field extension :class:`UserErrors` turns it into the payload.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING, Annotated, Any, cast
from uuid import UUID

import strawberry
from strawberry.extensions import FieldExtension

from graph import enums
from graph.context import Info
from graph.errors import PROBLEM_MEANINGS, Problem, ProblemCode, Refused
from graph.idempotency import Attempt, fingerprint_of
from graph.viewer import Viewer

if TYPE_CHECKING:
    from graph.schema import Query

enums.publish(
    ProblemCode,
    name="UserErrorCode",
    description="What is wrong with an input; stable, for programs.",
    values=PROBLEM_MEANINGS,
)

INPUT = strawberry.argument(name="input", description="What to do it with.")
"""The annotation of every mutation's one argument, whatever its name in Python."""


@strawberry.input(description="What may be sent again without being done twice.")
class Repeatable:
    """The inputs of mutations that make something anew each time; no type of the schema."""

    idempotency_key: UUID | None = strawberry.field(
        default=None,
        description="A random UUID of yours for this one thing. Sent again under the same key within a day, also by"
        " another device of yours, it is done once and answered as it was the first time.",
    )

    def attempt(self, viewer: Viewer) -> Attempt | None:
        """The attempt that this input is, if it has a key."""
        key = self.idempotency_key
        return None if key is None else Attempt(user_id=viewer.user_id, key=key, fingerprint=fingerprint_of(self))


@strawberry.type(description="One thing in the input that the user has to mend.")
class UserError:
    field: list[str] = strawberry.field(description="The path to the value below `input`.")
    message: str = strawberry.field(description="One sentence for people.")
    code: ProblemCode = strawberry.field(description="The same for programs.")

    @classmethod
    def of(cls, problem: Problem) -> UserError:
        return cls(field=list(problem.field), message=problem.message, code=problem.code)


LazyQuery = Annotated["Query", strawberry.lazy("graph.schema")]
"""Query is made of everybody's fields, so it can only be named here."""


@strawberry.interface(description="What every mutation answers.")
class Payload:
    user_errors: list[UserError] = strawberry.field(
        default_factory=list, description="Empty when the mutation did what it says; otherwise nothing was changed."
    )

    @strawberry.field(description="All that can be read, as it is after the change, for whoever sent it.")
    def query(self) -> LazyQuery | None:
        # A root's fields belong to no object; what stands for it must not be null, and is not looked at.
        return cast("Query", self)


class UserErrors(FieldExtension):
    """Turns a refusal of the service into `userErrors` of the given payload, whose other fields default to null."""

    def __init__(self, payload: type[Payload]) -> None:
        self._payload = payload

    async def resolve_async(
        self, next_: Callable[..., Awaitable[Any]], source: Any, info: Info, **arguments: Any
    ) -> Any:
        try:
            return await next_(source, info, **arguments)
        except Refused as refusal:
            return self._payload(user_errors=[UserError.of(problem) for problem in refusal.problems])

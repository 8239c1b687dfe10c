"""How a mutation answers: a payload with the object, or with `userErrors` when a rule of the domain was not kept.

A service raises :class:`graph.errors.Refused`; the field extension :class:`UserErrors` turns it into the payload.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any

import strawberry
from strawberry.extensions import FieldExtension

from graph import enums
from graph.context import Info
from graph.errors import PROBLEM_MEANINGS, Problem, ProblemCode, Refused

enums.publish(
    ProblemCode,
    name="UserErrorCode",
    description="What is wrong with an input; stable, for programs.",
    values=PROBLEM_MEANINGS,
)

INPUT = strawberry.argument(name="input", description="What to do it with.")
"""The annotation of every mutation's one argument, whatever its name in Python."""


@strawberry.type(description="One thing in the input that the user has to mend.")
class UserError:
    field: list[str] = strawberry.field(description="The path to the value below `input`.")
    message: str = strawberry.field(description="One sentence for people.")
    code: ProblemCode = strawberry.field(description="The same for programs.")

    @classmethod
    def of(cls, problem: Problem) -> UserError:
        return cls(field=list(problem.field), message=problem.message, code=problem.code)


@strawberry.interface(description="What every mutation answers.")
class Payload:
    user_errors: list[UserError] = strawberry.field(
        default_factory=list, description="Empty when the mutation did what it says; otherwise nothing was changed."
    )


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

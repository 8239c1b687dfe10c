"""Everything that is wrong with an input, told together instead of one thing a time. Pure."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar

from msgspec import UNSET, UnsetType

from graph.errors import PROBLEM_MEANINGS, Problem, ProblemCode, Refused

T = TypeVar("T")
G = TypeVar("G")


class Check:
    """Keeps the rules of an input one after the other, and collects what they refuse."""

    def __init__(self) -> None:
        self.problems: list[Problem] = []

    def __call__(self, rule: Callable[[], T], *, otherwise: T) -> T:
        """What the rule makes of its part of the input; what it refuses is kept, and stood for by `otherwise`."""
        try:
            return rule()
        except Refused as refusal:
            self.problems += refusal.problems
            return otherwise

    def given(self, part: G | UnsetType, rule: Callable[[G], T]) -> T | UnsetType:
        """The same for a part that may be left out, and is then."""
        if isinstance(part, UnsetType):
            return UNSET
        kept: T | UnsetType = UNSET
        return self(lambda: rule(part), otherwise=kept)

    def refuse(self, code: ProblemCode, field: tuple[str, ...], message: str | None = None) -> None:
        self.problems.append(Problem(code, field, message or PROBLEM_MEANINGS[code]))

    def require(self) -> None:
        """Raises Refused with all that was refused."""
        if self.problems:
            raise Refused(*self.problems)

"""What a licence is, and what an input may say of them. Pure.

A licence lets one track be heard in one market, or everywhere, from its start until before its end. A track without any
may be heard everywhere, so that an operator who owns all of its music need not know of licences; a track that has some
may be heard where and when one of them says so: `graph.catalog.visibility` for lists, `graph.licences.answers` for
playback.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime

import msgspec

from graph.errors import Problem, ProblemCode, Refused
from graph.licences import markets

MAX_LICENCES = 2000
"""Of one track: every country of the world eight times over."""


class Licence(msgspec.Struct, frozen=True, kw_only=True):
    """What one licence says; None for no bound, `starts_at` is part of it and `ends_at` is not."""

    market: str
    starts_at: datetime | None = None
    ends_at: datetime | None = None


class Grant(msgspec.Struct, frozen=True, kw_only=True):
    """One licence of an input, for several markets, or for everywhere when none is named."""

    markets: tuple[str, ...] | None = None
    starts_at: datetime | None = None
    ends_at: datetime | None = None


def checked(grants: Sequence[Grant], *, field: tuple[str, ...]) -> frozenset[Licence]:
    """The licences that the grants of an input stand for, each once. Raises Refused."""
    problems = [problem for place, grant in enumerate(grants) for problem in _problems(grant, (*field, str(place)))]
    if problems:
        raise Refused(*problems)
    found = frozenset(_licences(grants))
    if len(found) > MAX_LICENCES:
        raise Refused(Problem(ProblemCode.TOO_LONG, field, f"At most {MAX_LICENCES} licences a track, by market."))
    return found


def _problems(grant: Grant, field: tuple[str, ...]) -> Iterator[Problem]:
    if grant.markets is not None and not grant.markets:
        message = "Name at least one market, or leave the field out for everywhere."
        yield Problem(ProblemCode.REQUIRED, (*field, "markets"), message)
    for code in grant.markets or ():
        if markets.known(code) is None:
            message = f"{code[:8]!r} is no country by its two letters (ISO 3166-1)."
            yield Problem(ProblemCode.INVALID_VALUE, (*field, "markets"), message)
    bounds = (grant.starts_at, grant.ends_at)
    if any(bound is not None and bound.tzinfo is None for bound in bounds):
        yield Problem(ProblemCode.INVALID_VALUE, field, "Give times with their offset from UTC.")
    elif grant.starts_at is not None and grant.ends_at is not None and grant.ends_at <= grant.starts_at:
        yield Problem(ProblemCode.INVALID_VALUE, (*field, "endsAt"), "A licence ends after it has started.")


def _licences(grants: Iterable[Grant]) -> Iterator[Licence]:
    for grant in grants:
        codes = [markets.EVERYWHERE] if grant.markets is None else [code.strip().upper() for code in grant.markets]
        for code in codes:
            yield Licence(market=code, starts_at=grant.starts_at, ends_at=grant.ends_at)

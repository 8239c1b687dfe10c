"""Licence in GraphQL."""

from __future__ import annotations

from datetime import datetime
from typing import ClassVar

import strawberry

from graph.licences.reads import LICENCE
from graph.licences.rules import Grant
from graph.reads.declarations import Entity
from graph.scalars import CountryCode


@strawberry.type(description="Where and when a track may be heard. A track without any may be heard everywhere.")
class Licence:
    entity: ClassVar[Entity] = LICENCE
    market: CountryCode | None = strawberry.field(description="The country; null for everywhere.")
    starts_at: datetime | None = strawberry.field(description="From when on; null for always.")
    ends_at: datetime | None = strawberry.field(description="Until when, which is not part of it; null for ever.")


@strawberry.input(description="Where and when a track may be heard.")
class LicenceInput:
    markets: list[str] | None = strawberry.field(
        default=None,
        description="The countries by their two letters (ISO 3166-1), each at most once; null for everywhere.",
    )
    starts_at: datetime | None = strawberry.field(default=None, description="From when on; null for always.")
    ends_at: datetime | None = strawberry.field(
        default=None, description="Until when, which is not part of it; null for ever."
    )

    @property
    def grant(self) -> Grant:
        markets = None if self.markets is None else tuple(self.markets)
        return Grant(markets=markets, starts_at=self.starts_at, ends_at=self.ends_at)

"""Charts in Query, and what an account has played; the latter is merged into User by `graph.accounts.types`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any

import strawberry

from graph import enums, ids
from graph.connections import paging
from graph.context import Info
from graph.listening.charts import chart_key
from graph.listening.reads import TRENDING_TRACKS
from graph.listening.spans import ChartSpan
from graph.scalars import CountryCode

if TYPE_CHECKING:
    from graph.listening.types import ChartConnection, Listening

enums.publish(
    ChartSpan,
    name="ChartSpan",
    description="How far back a chart looks.",
    values={
        ChartSpan.DAY: "24 hours; what was heard six hours ago counts half.",
        ChartSpan.WEEK: "Seven days; what was heard 42 hours ago counts half.",
    },
)

LazyCharts = Annotated["ChartConnection", strawberry.lazy("graph.listening.types")]
LazyListening = Annotated["Listening", strawberry.lazy("graph.listening.types")]
"""Types that lead to User, which is made of a class below, so they can only be named here."""


@strawberry.type
class ListeningQuery:
    """Merged into Query by `graph.schema`."""

    @strawberry.field(
        description="What is heard most of late, what was heard last counting most. It is written anew every ten"
        " minutes for a day and every hour for a week. A country or genre of which nothing was heard has an empty one;"
        " there is none (null) of a genre whose id names none."
    )
    @paging
    async def trending_tracks(
        self,
        info: Info,
        over: Annotated[ChartSpan, strawberry.argument(description="How far back it looks.")] = ChartSpan.DAY,
        market: Annotated[
            CountryCode | None,
            strawberry.argument(description="In this country alone; in all together without."),
        ] = None,
        genre_id: Annotated[
            strawberry.ID | None, strawberry.argument(description="Of this genre alone; of all without.")
        ] = None,
        **_page: Any,
    ) -> LazyCharts | None:
        genre = None if genre_id is None else ids.find("Genre", genre_id)
        if genre_id is not None and genre is None:
            return None
        key = chart_key(over, market=market, genre_id=genre)
        page: ChartConnection | None = await info.context.reader.page(info, TRENDING_TRACKS, key)
        return page


@strawberry.type
class ViewerPlays:
    """Fields that only the user sees."""

    listening: LazyListening | None = strawberry.field(
        description="What you have played; null for everybody but the user."
    )

"""What listeners have played, in GraphQL; `graph.listening.reads` declares how it is read."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, ClassVar, Generic, TypeVar

import strawberry

from graph import enums
from graph.catalog.types import Artist, Track
from graph.connections import Edge, Paged, listing
from graph.listening.reads import LISTENING, MOST_SHOWN_PLAYS, SHOWN_FROM_PLAYS
from graph.listening.rollup import MOST_IN_CHARTS
from graph.listening.spans import ListeningSpan
from graph.reads.declarations import Entity

T = TypeVar("T")

enums.publish(
    ListeningSpan,
    name="ListeningSpan",
    description="How far back a list of what you play most looks. Days are those of UTC.",
    values={
        ListeningSpan.FOUR_WEEKS: "The last 28 days with today.",
        ListeningSpan.SIX_MONTHS: "The last 26 weeks with today.",
        ListeningSpan.ALL_TIME: "Since your first play.",
    },
)
Over = Annotated[ListeningSpan, strawberry.argument(description="How far back it looks.")]
top = listing(over=(Over, ListeningSpan.FOUR_WEEKS))


@strawberry.type(description="A track that was played.")
class PlayEdge(Edge[Track]):
    played_at: datetime = strawberry.field(description="When it began.")


@strawberry.type(description="A page of what was played.")
class PlayConnection(Paged):
    edges: list[PlayEdge] = strawberry.field(description="What is on this page.")


@strawberry.type(description="Something that you play often.")
class TopEdge(Edge[T], Generic[T]):
    plays: int = strawberry.field(description="How often you have played it.")


@strawberry.type(description="A page of what you play most.")
class TopConnection(Paged, Generic[T]):
    edges: list[TopEdge[T]] = strawberry.field(description="What is on this page.")


@strawberry.type(description="A track in a chart.")
class ChartEdge(Edge[Track]):
    place: int = strawberry.field(
        description="Its place, from 1. A place is left out when its track was withdrawn or cannot be heard where you"
        " are. Of two that are heard alike, the one that was made first comes first."
    )


@strawberry.type(description="A page of a chart.")
class ChartConnection(Paged):
    edges: list[ChartEdge] = strawberry.field(description="What is on this page.")


@strawberry.type(description="A track that an artist is known for.")
class PopularTrackEdge(Edge[Track]):
    plays: int | None = strawberry.field(
        description="How often everybody together has played it; a listener counts"
        f" {MOST_IN_CHARTS} times a day at most, and not at all in private. Null below {SHOWN_FROM_PLAYS:,}, where it"
        f" would tell of single listeners; {MOST_SHOWN_PLAYS:,} stands for that and more."
    )


@strawberry.type(description="A page of what an artist is known for.")
class PopularTrackConnection(Paged):
    edges: list[PopularTrackEdge] = strawberry.field(description="What is on this page.")


@strawberry.type(description="What you have played. Tracks that you cannot see (any more) are left out.")
class Listening:
    entity: ClassVar[Entity] = LISTENING

    history: PlayConnection | None = strawberry.field(
        resolver=listing(), description="Every play that counted, the latest first."
    )
    recently_played: PlayConnection | None = strawberry.field(
        resolver=listing(), description="Each track that you have played once, by its last play, the latest first."
    )
    top_tracks: TopConnection[Track] | None = strawberry.field(
        resolver=top, description="The tracks that you play most; a play is counted within a minute."
    )
    top_artists: TopConnection[Artist] | None = strawberry.field(
        resolver=top, description="The artists whom you play most; a play is counted within a minute."
    )

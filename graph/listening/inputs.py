"""Reporting plays in GraphQL: inputs and payloads."""

from __future__ import annotations

from datetime import datetime

import strawberry

from graph import enums
from graph.catalog.types import Track
from graph.listening.plays import COUNTED_FROM_MS, LATEST, LONGEST_KEY, MOST_AT_ONCE, Outcome
from graph.payloads import Payload, UserError

enums.publish(
    Outcome,
    name="PlayOutcome",
    description="What became of a reported play.",
    values={
        Outcome.COUNTED: "It counts, and is kept.",
        Outcome.COUNTED_BEFORE: "A play with this key has been reported before; nothing was changed.",
        Outcome.TOO_SHORT: "Too little was heard to count; report it again under the same key when more was.",
        Outcome.REFUSED: "Something in the report has to be mended; the problem says what.",
    },
)

CLIENT_KEY = (
    f"Your name for this play, of up to {LONGEST_KEY} characters, such as a random UUID. Reported again under the same"
    " key, also from another device, it counts once."
)
STARTED_AT = f"When the play began, by your clock; at most {LATEST.days} days ago."
PLAYED_MS = (
    f"How much of the track was heard, in milliseconds. From {COUNTED_FROM_MS // 1000} seconds or half of the track on,"
    " whichever is less, it counts."
)
SENT_AT = (
    "What your clock shows as this request leaves. With it a clock that is wrong is allowed for: take it anew for every"
    " attempt."
)


@strawberry.input(description="A play of a track.")
class PlayInput:
    client_key: str = strawberry.field(description=CLIENT_KEY)
    track_id: strawberry.ID = strawberry.field(description="The track.")
    started_at: datetime = strawberry.field(description=STARTED_AT)
    played_ms: int = strawberry.field(description=PLAYED_MS)


@strawberry.input(description="A play of a track.")
class ReportPlayInput(PlayInput):
    sent_at: datetime | None = strawberry.field(default=None, description=SENT_AT)


@strawberry.type(description="What `reportPlay` answers.")
class ReportPlayPayload(Payload):
    outcome: Outcome | None = strawberry.field(default=None, description="What became of the play.")
    track: Track | None = strawberry.field(default=None, description="The track, if you still see it.")


@strawberry.input(description="Plays that were not reported yet, or perhaps not.")
class ReportPlaysInput:
    plays: list[PlayInput] = strawberry.field(description=f"At most {MOST_AT_ONCE}.")
    sent_at: datetime | None = strawberry.field(default=None, description=SENT_AT)


@strawberry.type(description="What became of one of several plays.")
class PlayResult:
    client_key: str = strawberry.field(description="Your name for the play.")
    outcome: Outcome = strawberry.field(description="What became of it.")
    problem: UserError | None = strawberry.field(description="Set when `outcome` is REFUSED.")


@strawberry.type(description="What `reportPlays` answers.")
class ReportPlaysPayload(Payload):
    results: list[PlayResult] | None = strawberry.field(
        default=None,
        description="One for each play, in their order; those that are refused keep no other from counting.",
    )

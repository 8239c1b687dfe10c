"""What listeners play, in GraphQL."""

from __future__ import annotations

from datetime import UTC, datetime
from uuid import UUID

import strawberry

from graph import enums
from graph.accounts.types import User
from graph.catalog.types import Track
from graph.context import Info
from graph.live import events
from graph.live.events import PlayState
from graph.payloads import Payload

enums.publish(
    PlayState,
    name="PlayState",
    description="What a listener's player does.",
    values={
        PlayState.PLAYING: "It plays.",
        PlayState.PAUSED: "It stands still within a track.",
        PlayState.STOPPED: "It plays nothing, or nothing that others may see.",
    },
)


@strawberry.type(description="What a listener plays.")
class NowPlaying:
    user_key: strawberry.Private[UUID]
    track_key: strawberry.Private[UUID | None]
    state: PlayState = strawberry.field(description="What the player does.")
    position_ms: int = strawberry.field(description="The place in the track at `reportedAt`, in milliseconds.")
    reported_at: datetime = strawberry.field(description="When the player told.")

    @classmethod
    def of(cls, event: events.NowPlaying) -> NowPlaying:
        return cls(
            user_key=event.user_id,
            track_key=event.track_id,
            state=event.state,
            position_ms=event.position_ms,
            reported_at=datetime.fromtimestamp(event.reported_at_ms / 1000, UTC),
        )

    @strawberry.field(description="Who plays it.")
    async def user(self, info: Info) -> User | None:
        return await info.context.reader.one(info, User, self.user_key)

    @strawberry.field(description="What is played; null when the player has stopped.")
    async def track(self, info: Info) -> Track | None:
        return None if self.track_key is None else await info.context.reader.one(info, Track, self.track_key)


@strawberry.input(description="What your player does.")
class ReportPlaybackInput:
    track_id: strawberry.ID = strawberry.field(description="The track.")
    state: PlayState = strawberry.field(description="What the player does with it.")
    position_ms: int = strawberry.field(description="The place in the track, in milliseconds.")


@strawberry.type(description="What `reportPlayback` answers.")
class ReportPlaybackPayload(Payload):
    now_playing: NowPlaying | None = strawberry.field(
        default=None, description="What others see; null while you listen in private."
    )


@strawberry.input(description="Who may see what you play.")
class SetListeningPrivacyInput:
    private: bool = strawberry.field(description="True: nobody. False: your followers, from the next report on.")


@strawberry.type(description="What `setListeningPrivacy` answers.")
class SetListeningPrivacyPayload(Payload):
    viewer: User | None = strawberry.field(default=None, description="You.")

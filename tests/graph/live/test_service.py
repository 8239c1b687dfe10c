import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from uuid import UUID

import pytest
from valkey.asyncio import Valkey

from config.errors import ServiceUnavailable
from config.postgres import Pool
from config.valkey import open_valkey
from graph.errors import Forbidden, ProblemCode, Refused
from graph.fanout import Fanout, open_fanout
from graph.keys import new_key
from graph.library import service as library
from graph.library.shelves import FOLLOWED_USERS
from graph.live import service
from graph.live.audience import Audience, Standing
from graph.live.events import SHOWN_FOR_S, NowPlaying, PlayState
from graph.live.presence import Presence, channel
from graph.viewer import Role, Viewer

PATIENCE_S = 60.0
QUIET_S = 0.3
"""Long enough for a message over loopback to have arrived if there was one."""


class Stage:
    """One listener with two tracks, a follower, and the service with its arguments filled in."""

    def __init__(self, pool: Pool, presence: Presence, fanout: Fanout, audience: Audience) -> None:
        self.pool = pool
        self.presence = presence
        self.fanout = fanout
        self.audience = audience
        self.listener: Viewer
        self.follower: Viewer
        self.tracks: list[UUID]

    async def report(self, track: UUID, state: PlayState = PlayState.PLAYING, position_ms: int = 0):
        return await service.report(
            self.pool,
            self.presence,
            user_id=self.listener.user_id,
            track_id=track,
            state=state,
            position_ms=position_ms,
        )

    async def hide(self, *, private: bool) -> None:
        await service.set_privacy(self.pool, self.presence, user_id=self.listener.user_id, private=private)

    async def follow(self) -> None:
        follower = self.follower.user_id
        seen = {"viewer_id": follower, "is_admin": False}
        await library.keep(self.pool, FOLLOWED_USERS, listener_id=follower, key=self.listener.user_id, seen=seen)

    async def unfollow_unnoticed(self) -> None:
        follower = self.follower.user_id
        await library.drop(self.pool, FOLLOWED_USERS, listener_id=follower, key=self.listener.user_id)

    async def unfollow(self) -> None:
        await self.unfollow_unnoticed()
        await service.announce_rights(self.presence, listener_id=self.listener.user_id)

    def watch(self, watcher: Viewer) -> AsyncIterator[NowPlaying]:
        return service.watch(
            self.audience,
            self.presence,
            self.fanout,
            watcher_id=watcher.user_id,
            listener_id=self.listener.user_id,
        )

    @asynccontextmanager
    async def watching(self, watcher: Viewer) -> AsyncIterator["Seen"]:
        seen = Seen(self.watch(watcher))
        try:
            await self.in_the_room()
            yield seen
        finally:
            await seen.close()

    async def in_the_room(self) -> None:
        async with asyncio.timeout(PATIENCE_S):
            while not (await self.presence._client.pubsub_numsub(channel(self.listener.user_id)))[0][1]:
                await asyncio.sleep(0.01)


class Seen:
    """What a watcher was shown, collected by a task."""

    def __init__(self, events: AsyncIterator[NowPlaying]) -> None:
        self.all: list[NowPlaying] = []
        self.task = asyncio.create_task(self._collect(events))

    async def _collect(self, events: AsyncIterator[NowPlaying]) -> None:
        async for event in events:
            self.all.append(event)

    async def count(self, number: int) -> list[NowPlaying]:
        async with asyncio.timeout(PATIENCE_S):
            while len(self.all) < number and not self.task.done():
                await asyncio.sleep(0.01)
        return self.all

    async def after_a_moment(self) -> list[NowPlaying]:
        await asyncio.sleep(QUIET_S)
        return self.all

    async def end(self) -> None:
        async with asyncio.timeout(PATIENCE_S):
            await self.task

    async def close(self) -> None:
        self.task.cancel()
        await asyncio.gather(self.task, return_exceptions=True)


@pytest.fixture
def empty_stage(pool: Pool, presence: Presence, fanout: Fanout, audience: Audience) -> Stage:
    return Stage(pool, presence, fanout, audience)


@pytest.fixture
async def stage(empty_stage: Stage, add_user, add_track) -> Stage:
    made = empty_stage
    made.listener = await add_user(Role.LISTENER)
    made.follower = await add_user(Role.LISTENER)
    artist = await add_user(Role.ARTIST)
    made.tracks = [await add_track(artist, ready=180_000) for _ in range(2)]
    await made.follow()
    return made


async def test_follower_sees_the_current_report_first_and_then_changes(stage: Stage) -> None:
    first, second = stage.tracks
    await stage.report(first, position_ms=1000)
    async with stage.watching(stage.follower) as seen:
        await seen.count(1)
        await stage.report(first, PlayState.PAUSED, 2000)
        await stage.report(second)
        await stage.report(second, PlayState.STOPPED)
        await seen.count(4)
        assert [(event.track_id, event.state, event.position_ms) for event in await seen.after_a_moment()] == [
            (first, PlayState.PLAYING, 1000),
            (first, PlayState.PAUSED, 2000),
            (second, PlayState.PLAYING, 0),
            (None, PlayState.STOPPED, 0),
        ]


async def test_listener_may_watch_itself_and_a_stranger_may_not(stage: Stage, add_user) -> None:
    await stage.report(stage.tracks[0])
    async with stage.watching(stage.listener) as seen:
        assert len(await seen.count(1)) == 1
    with pytest.raises(Forbidden):
        await anext(stage.watch(await add_user(Role.ADMIN)))


async def test_private_listener_is_neither_stored_nor_published(stage: Stage, valkey: Valkey) -> None:
    track, later = stage.tracks
    await stage.hide(private=True)
    async with stage.watching(stage.follower) as seen, stage.watching(stage.listener) as own:
        assert await stage.report(track) is None
        assert await seen.after_a_moment() == own.all == []
        held = await valkey.hgetall(channel(stage.listener.user_id))
        assert str(track).encode() not in b" ".join(held.values())
        await stage.hide(private=False)
        await stage.report(later)
        assert [event.track_id for event in await seen.count(1)] == [later]


async def test_private_listener_is_not_stored_when_valkey_has_forgotten_the_mark(stage: Stage, valkey: Valkey) -> None:
    await stage.hide(private=True)
    await valkey.delete(channel(stage.listener.user_id))
    assert await stage.report(stage.tracks[0]) is None
    assert await valkey.exists(channel(stage.listener.user_id)) == 0


async def test_going_private_in_mid_play_looks_like_a_stop(stage: Stage, valkey: Valkey) -> None:
    track, later = stage.tracks
    await stage.report(track)
    async with stage.watching(stage.follower) as seen:
        await seen.count(1)
        await stage.hide(private=True)
        await seen.count(2)
        await stage.report(later)
        _, last = await seen.after_a_moment()
        assert (last.track_id, last.state, last.position_ms) == (None, PlayState.STOPPED, 0)
    event = await valkey.hget(channel(stage.listener.user_id), "event")
    assert str(track).encode() not in event


async def test_report_under_way_while_going_private_is_dropped(stage: Stage) -> None:
    """The report has read the row before it was written, and reaches Valkey after the listener was hidden."""
    await stage.hide(private=True)
    late = service._event(stage.listener.user_id, stage.tracks[0], state=PlayState.PLAYING, position_ms=0)
    async with stage.watching(stage.follower) as seen:
        assert await stage.presence.report(late) is None
        assert await stage.presence.current(stage.listener.user_id) != late
        assert await seen.after_a_moment() == []


async def test_privacy_holds_when_valkey_was_away_while_it_was_set(
    stage: Stage, free_port: Callable[[], int], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(service, "RECHECK_S", 0.1)
    await stage.report(stage.tracks[0])
    async with stage.watching(stage.follower) as seen:
        await seen.count(1)
        async with Valkey(port=free_port()) as nowhere:
            await service.set_privacy(stage.pool, Presence(nowhere), user_id=stage.listener.user_id, private=True)
        assert [event.state for event in await seen.count(2)] == [PlayState.PLAYING, PlayState.STOPPED]
    # The report is still in Valkey, and is not shown to whoever comes now.
    async with stage.watching(stage.follower) as seen:
        assert await seen.after_a_moment() == []


async def test_unfollowing_ends_what_is_seen(stage: Stage) -> None:
    first, second = stage.tracks
    await stage.report(first)
    async with stage.watching(stage.follower) as seen:
        await seen.count(1)
        await stage.unfollow()
        await seen.end()
        await stage.report(second)
        assert [event.track_id for event in seen.all] == [first, None]


async def test_unfollowing_is_noticed_when_the_message_is_lost(stage: Stage, monkeypatch) -> None:
    monkeypatch.setattr(service, "RECHECK_S", 0.1)
    async with stage.watching(stage.follower) as seen:
        await stage.unfollow_unnoticed()
        await seen.end()
        assert seen.all == []


async def test_listener_who_vanished_stops_showing(stage: Stage, valkey: Valkey, monkeypatch) -> None:
    monkeypatch.setattr(service, "RECHECK_S", 0.1)
    await stage.report(stage.tracks[0])
    async with stage.watching(stage.follower) as seen:
        await seen.count(1)
        report = channel(stage.listener.user_id)
        assert 0 < await valkey.ttl(report) <= SHOWN_FOR_S[PlayState.PLAYING]
        await valkey.pexpire(report, 1)
        monkeypatch.setitem(SHOWN_FOR_S, PlayState.PLAYING, 0)  # as if all of its time had gone by
        assert [event.state for event in await seen.count(2)] == [PlayState.PLAYING, PlayState.STOPPED]
    async with stage.watching(stage.follower) as seen:
        assert await seen.after_a_moment() == []


async def test_lost_connection_is_bridged_by_reading_anew(stage: Stage, valkey: Valkey) -> None:
    first, second = stage.tracks
    await stage.report(first)
    async with stage.watching(stage.follower) as seen:
        await seen.count(1)
        await valkey.execute_command("CLIENT", "KILL", "TYPE", "PUBSUB")
        await stage.report(second)
        assert [event.track_id for event in await seen.count(2)] == [first, second]


async def test_valkey_away_is_said(stage: Stage, free_port: Callable[[], int]) -> None:
    async with Valkey(port=free_port()) as nowhere, open_fanout(nowhere) as fanout:
        lost = Stage(stage.pool, Presence(nowhere), fanout, stage.audience)
        lost.listener, lost.follower = stage.listener, stage.follower
        with pytest.raises(ServiceUnavailable):
            await lost.report(stage.tracks[0])
        with pytest.raises(ServiceUnavailable):
            await anext(lost.watch(lost.follower))


async def test_valkey_lost_in_mid_play_is_said_after_a_while(stage: Stage, valkey: Valkey, monkeypatch) -> None:
    monkeypatch.setattr(service, "RECHECK_S", 0.2)
    async with AsyncExitStack() as connection:
        stage.fanout = await connection.enter_async_context(open_fanout(valkey))
        await stage.report(stage.tracks[0])
        async with stage.watching(stage.follower) as seen:
            await seen.count(1)
            await connection.aclose()
            with pytest.raises(ServiceUnavailable):
                await seen.end()


@pytest.mark.usefixtures("frozen_valkey")
async def test_a_valkey_that_hangs_is_said_too(pool, settings, add_user, add_track) -> None:
    listener = await add_user(Role.LISTENER)
    track = await add_track(await add_user(Role.ARTIST), ready=1000)
    async with open_valkey(settings.valkey) as hanging:
        report = service.report(
            pool,
            Presence(hanging),
            user_id=listener.user_id,
            track_id=track,
            state=PlayState.PLAYING,
            position_ms=0,
        )
        with pytest.raises(ServiceUnavailable):
            await report


async def test_a_later_report_never_gives_way_to_an_earlier_one(stage: Stage) -> None:
    """Two graph processes whose clocks differ: the second report is stored after the first, whatever its time says."""
    first, second = (
        NowPlaying(
            user_id=stage.listener.user_id,
            track_id=track,
            state=PlayState.PLAYING,
            position_ms=0,
            reported_at_ms=reported_at_ms,
        )
        for track, reported_at_ms in zip(stage.tracks, (2_000_000, 1_000_000), strict=True)
    )
    stored = [await stage.presence.report(first), await stage.presence.report(second)]
    assert [event.sequence for event in stored] == [2_000_000_000, 2_000_000_001]
    current = await stage.presence.current(stage.listener.user_id)
    assert current.track_id == second.track_id


async def test_unplayable_track_is_not_reported(stage: Stage, add_user, add_track) -> None:
    for track in (await add_track(await add_user(Role.ARTIST)), new_key()):
        with pytest.raises(Refused) as refusal:
            await stage.report(track)
        assert [problem.code for problem in refusal.value.problems] == [ProblemCode.NOT_PLAYABLE]
    assert await stage.presence.current(stage.listener.user_id) is None


@pytest.mark.parametrize("position_ms", [-1, 24 * 3600 * 1000 + 1])
async def test_impossible_position_is_refused(stage: Stage, position_ms: int) -> None:
    with pytest.raises(Refused):
        await stage.report(stage.tracks[0], position_ms=position_ms)


async def test_questions_of_one_turn_are_one_statement(stage: Stage, add_user) -> None:
    class Counting:
        statements = 0

        async def fetch(self, *arguments: object) -> object:
            self.statements += 1
            return await stage.pool.fetch(*arguments)

    counting = Counting()
    audience = Audience(counting)
    stranger = await add_user(Role.LISTENER)
    listener = stage.listener.user_id
    asked = [stage.follower.user_id, stranger.user_id, listener, new_key()] * 5
    standings = await asyncio.gather(*(audience.standing(watcher, listener) for watcher in asked))
    expected = [Standing.WELCOME, Standing.STRANGER, Standing.WELCOME, Standing.STRANGER]
    assert standings == expected * 5
    assert counting.statements == 1
    assert await audience.standing(stage.follower.user_id, new_key()) is Standing.STRANGER

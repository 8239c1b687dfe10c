"""The follower is served by another process than the listener: nothing but Valkey and PostgreSQL lies between them."""

import asyncio

import pytest

from graph import ids
from graph.viewer import Role

NOW_PLAYING = """
subscription($user: ID!) {
  nowPlaying(userId: $user) { state positionMs reportedAt user { id } track { id title } }
}
"""
REPORT = """
mutation($track: ID!, $state: PlayState!, $position: Int!) {
  reportPlayback(input: {trackId: $track, state: $state, positionMs: $position}) {
    nowPlaying { state track { id } } userErrors { field code }
  }
}
"""
HIDE = """
mutation($private: Boolean!) {
  setListeningPrivacy(input: {private: $private}) { viewer { listeningPrivate } userErrors { code } }
}
"""
PRIVACY = "query($user: ID!) { node(id: $user) { ... on User { listeningPrivate } } }"
FOLLOW = "mutation($user: ID!) { followUser(input: {userId: $user}) { user { id } userErrors { code } } }"
UNFOLLOW = "mutation($user: ID!) { unfollowUser(input: {userId: $user}) { user { id } userErrors { code } } }"


@pytest.fixture
async def cast(start_graph, api, add_user, add_track):
    """The listener on one process, everybody else on the other; two tracks and the listener's id."""
    here, there = await asyncio.gather(asyncio.to_thread(start_graph), asyncio.to_thread(start_graph))
    artist = await add_user(Role.ARTIST)
    tracks = [ids.encode("Track", await add_track(artist, ready=180_000)) for _ in range(2)]
    listener, follower, stranger = [await add_user(Role.LISTENER) for _ in range(3)]
    user = ids.encode("User", listener.user_id)
    voices = [api(here, listener), api(there, follower), api(there, stranger), api(there, None)]
    assert (await voices[1].data(FOLLOW, user=user))["user"] == {"id": user}
    return *voices, tracks, user


async def test_follower_sees_what_the_listener_plays_and_no_more(cast) -> None:
    listener, follower, stranger, nobody, (first, second), user = cast
    reported = await listener.data(REPORT, track=first, state="PLAYING", position=1500)
    assert reported == {"nowPlaying": {"state": "PLAYING", "track": {"id": first}}, "userErrors": []}

    for outsider, code in ((stranger, "FORBIDDEN"), (nobody, "UNAUTHENTICATED")):
        async with outsider.watching(NOW_PLAYING, user=user) as seen:
            with pytest.raises(Exception, match=code):
                await seen.next()

    async with follower.watching(NOW_PLAYING, user=user) as seen:
        current = await seen.next()
        assert current.pop("reportedAt").endswith("+00:00")
        assert current == {
            "state": "PLAYING",
            "positionMs": 1500,
            "user": {"id": user},
            "track": {"id": first, "title": "Tune"},
        }
        await listener.data(REPORT, track=second, state="PLAYING", position=0)
        assert (await seen.next())["track"]["id"] == second

        assert await listener.data(HIDE, private=True) == {"viewer": {"listeningPrivate": True}, "userErrors": []}
        hidden = await seen.next()
        assert (hidden["state"], hidden["track"], hidden["positionMs"]) == ("STOPPED", None, 0)
        assert await listener.data(REPORT, track=first, state="PLAYING", position=0) == {
            "nowPlaying": None,
            "userErrors": [],
        }
        assert await seen.silence()
    assert await follower.data(PRIVACY, user=user) == {"listeningPrivate": None}  # that it is private is private


async def test_unfollowing_ends_the_subscription_on_the_other_process(cast) -> None:
    listener, follower, _, _, (first, _), user = cast
    async with follower.watching(NOW_PLAYING, user=user) as seen:
        await asyncio.sleep(0.3)  # there is no event that tells that the subscription has begun
        await listener.data(REPORT, track=first, state="PLAYING", position=0)
        assert (await seen.next())["track"]["id"] == first
        await follower.data(UNFOLLOW, user=user)
        assert (await seen.next())["state"] == "STOPPED"
        with pytest.raises(Exception, match="complete"):
            await seen.next()


async def test_malformed_report_is_a_user_error(cast) -> None:
    listener, _, _, nobody, (first, _), user = cast
    assert (await listener.data(REPORT, track=user, state="PLAYING", position=0))["userErrors"] == [
        {"field": ["trackId"], "code": "NOT_FOUND"}
    ]
    assert (await listener.data(REPORT, track=first, state="PLAYING", position=-1))["userErrors"] == [
        {"field": ["positionMs"], "code": "INVALID_VALUE"}
    ]
    assert await nobody.codes(REPORT, track=first, state="PLAYING", position=0) == ["UNAUTHENTICATED"]

"""Withdrawing a track by the API: who may, what listeners then meet, and what origins are told."""

import asyncio
from collections.abc import Callable
from datetime import datetime
from typing import Any
from uuid import UUID

import pytest

from config.objects import ObjectStore
from config.settings import GraphSettings, graph_settings
from config.withdrawals import CHANNEL
from graph import ids
from graph.keys import new_key
from graph.viewer import Role, Viewer
from origin.asset import withdrawal_key

PATIENCE_S = 60.0
CHANGE = """
mutation($in: %sTrackInput!) {
  %sTrack(input: $in) { track { id withdrawnAt } userErrors { field code } }
}
"""
WITHDRAW, REINSTATE = CHANGE % ("Withdraw", "withdraw"), CHANGE % ("Reinstate", "reinstate")
PLAY = "mutation($in: StartPlaybackInput!) { startPlayback(input: $in) { playback { id } userErrors { field code } } }"
GAPLESS = """
mutation($in: StartGaplessPlaybackInput!) {
  startGaplessPlayback(input: $in) { playback { id } userErrors { field code message } }
}
"""
ALBUM = """
mutation($in: StartAlbumPlaybackInput!) {
  startAlbumPlayback(input: $in) { playback { tracks { trackId } } userErrors { field code } }
}
"""
TRACK = "query($id: ID!) { node(id: $id) { ... on Track { title withdrawnAt } } }"
DELETE = "mutation($in: DeleteTrackInput!) { deleteTrack(input: $in) { deletedTrackId } }"
PROMISED = "SELECT asset_id, withdrawn FROM withdrawals"


class Published:
    """A ready track of an artist, as both know it: by its id in GraphQL, and by its asset's."""

    def __init__(self, owner: Viewer, track: UUID, asset_id: UUID) -> None:
        self.owner = owner
        self.id = ids.encode("Track", track)
        self.given = {"in": {"trackId": self.id}}
        self.asset_id = asset_id


@pytest.fixture
async def published(add_user: Any, add_track: Any, pool: Any) -> Published:
    owner = await add_user(Role.ARTIST)
    track = await add_track(owner, ready=180_000)
    return Published(owner, track, await pool.fetchval("SELECT asset_id FROM tracks WHERE id = $1", track))


async def marked(store: ObjectStore, published: Published) -> bool:
    return withdrawal_key(published.asset_id) in await store.keys("assets/")


async def problem(ask: Any, published: Published, viewer: Viewer) -> str | None:
    """Why the track cannot be played, if it cannot."""
    payload = await ask.data(PLAY, viewer, **published.given)
    return payload["userErrors"][0]["code"] if payload["userErrors"] else None


async def test_withdrawn_track_cannot_be_played_until_it_is_reinstated(
    ask: Any, add_user: Any, pool: Any, store: Any, published: Published
) -> None:
    listener = await add_user(Role.LISTENER)
    payload = await ask.data(WITHDRAW, published.owner, **published.given)
    withdrawn_at = payload["track"].pop("withdrawnAt")
    assert datetime.fromisoformat(withdrawn_at).utcoffset() is not None
    assert payload == {"track": {"id": published.id}, "userErrors": []}
    assert await marked(store, published)
    assert await pool.fetch(PROMISED) == []
    for viewer in (listener, published.owner):
        assert await problem(ask, published, viewer) == "TRACK_WITHDRAWN"
        assert await ask.data(TRACK, viewer, id=published.id) == {"title": "Tune", "withdrawnAt": withdrawn_at}

    again = await ask.data(WITHDRAW, published.owner, **published.given)
    assert again["track"]["withdrawnAt"] == withdrawn_at, "the first withdrawal counts"

    payload = await ask.data(REINSTATE, published.owner, **published.given)
    assert payload == {"track": {"id": published.id, "withdrawnAt": None}, "userErrors": []}
    assert not await marked(store, published)
    assert await problem(ask, published, listener) is None


async def test_withdrawn_track_among_others_is_named(
    ask: Any, add_user: Any, add_track: Any, published: Published
) -> None:
    other = ids.encode("Track", await add_track(published.owner, ready=1000))
    await ask.data(WITHDRAW, published.owner, **published.given)
    payload = await ask.data(GAPLESS, await add_user(Role.LISTENER), **{"in": {"trackIds": [other, published.id]}})
    refusal = {"field": ["trackIds", "1"], "code": "TRACK_WITHDRAWN", "message": "'Tune' was withdrawn."}
    assert payload == {"playback": None, "userErrors": [refusal]}


async def test_album_plays_without_its_withdrawn_tracks(
    ask: Any, add_track: Any, pool: Any, published: Published
) -> None:
    album, other = new_key(), await add_track(published.owner, ready=1000)
    await pool.execute(
        "INSERT INTO albums (id, artist_id, title, search_text) SELECT $1, artist_id, 'Rivers', 'rivers' FROM tracks"
        " WHERE id = $2",
        *(album, other),
    )
    await pool.execute("UPDATE tracks SET album_id = $1", album)
    given = {"in": {"albumId": ids.encode("Album", album)}}
    await ask.data(WITHDRAW, published.owner, **published.given)
    payload = await ask.data(ALBUM, published.owner, **given)
    assert payload == {"playback": {"tracks": [{"trackId": ids.encode("Track", other)}]}, "userErrors": []}

    await ask.data(WITHDRAW, published.owner, **{"in": {"trackId": ids.encode("Track", other)}})
    payload = await ask.data(ALBUM, published.owner, **given)
    assert payload == {"playback": None, "userErrors": [{"field": ["albumId"], "code": "NOT_PLAYABLE"}]}


async def test_running_origins_are_told(ask: Any, valkey: Any, published: Published) -> None:
    async with valkey.pubsub() as pubsub, asyncio.timeout(PATIENCE_S):
        await pubsub.subscribe(CHANNEL)
        for mutation, withdrawn in ((WITHDRAW, "true"), (REINSTATE, "false")):
            await ask.data(mutation, published.owner, **published.given)
            expected = f'{{"asset_id":"{published.asset_id}","withdrawn":{withdrawn}}}'.encode()
            heard = None
            while heard != expected:
                message = await pubsub.get_message(ignore_subscribe_messages=True, timeout=PATIENCE_S)
                heard = None if message is None else message["data"]


@pytest.mark.parametrize("mutation", [WITHDRAW, REINSTATE], ids=["withdraw", "reinstate"])
@pytest.mark.parametrize(
    ("role", "code"),
    [
        pytest.param(None, "UNAUTHENTICATED", id="nobody"),
        pytest.param(Role.LISTENER, "FORBIDDEN", id="a listener"),
        pytest.param(Role.ARTIST, "FORBIDDEN", id="another artist"),
    ],
)
async def test_others_may_not(  # noqa: PLR0917 -- pytest's fixtures
    ask: Any, add_user: Any, pool: Any, published: Published, role: Role | None, code: str, mutation: str
) -> None:
    await pool.execute("UPDATE tracks SET withdrawn_at = '2026-01-01'")
    viewer = None if role is None else await add_user(role)
    assert await ask.codes(mutation, viewer, **published.given) == [code]
    assert await pool.fetchval("SELECT count(*) FROM tracks WHERE withdrawn_at = '2026-01-01'") == 1
    assert await pool.fetch(PROMISED) == []


async def test_admin_may(ask: Any, add_user: Any, store: Any, published: Published) -> None:
    admin = await add_user(Role.ADMIN)
    assert (await ask.data(WITHDRAW, admin, **published.given))["userErrors"] == []
    assert await marked(store, published)


async def test_unknown_track_is_not_found(ask: Any, published: Published) -> None:
    unknown = {"in": {"trackId": ids.encode("Track", UUID(int=1))}}
    payload = await ask.data(WITHDRAW, published.owner, **unknown)
    assert payload == {"track": None, "userErrors": [{"field": ["trackId"], "code": "NOT_FOUND"}]}


async def test_deleting_withdraws_nothing_and_takes_no_withdrawal_back(
    ask: Any, pool: Any, store: Any, published: Published
) -> None:
    await ask.data(WITHDRAW, published.owner, **published.given)
    await pool.execute("INSERT INTO withdrawals VALUES ($1, true)", published.asset_id)
    await ask.data(DELETE, published.owner, **published.given)
    assert await marked(store, published), "it goes with the media, after the removal delay"
    assert [tuple(row) for row in await pool.fetch(PROMISED)] == [(published.asset_id, True)]


class TestWithoutServices:
    """Valkey and S3 at ports where nobody listens."""

    @pytest.fixture
    def settings(self, environment: dict[str, str], free_port: Callable[[], int]) -> GraphSettings:
        nobody = {
            "SEGUE_VALKEY_URL": f"redis://127.0.0.1:{free_port()}/0",
            "SEGUE_S3_ENDPOINT": f"http://127.0.0.1:{free_port()}",
        }
        return graph_settings({**environment, **nobody})

    async def test_withdrawal_is_promised_and_playback_refused(self, ask: Any, pool: Any, published: Published) -> None:
        payload = await ask.data(WITHDRAW, published.owner, **published.given)
        assert payload["track"]["withdrawnAt"] is not None
        assert [tuple(row) for row in await pool.fetch(PROMISED)] == [(published.asset_id, True)]
        assert await problem(ask, published, published.owner) == "TRACK_WITHDRAWN"
        await ask.data(REINSTATE, published.owner, **published.given)
        assert [tuple(row) for row in await pool.fetch(PROMISED)] == [(published.asset_id, False)]

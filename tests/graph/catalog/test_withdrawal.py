"""Withdrawing by the API, a track or its release: who may, what listeners then meet, and what origins are told."""

import asyncio
from collections.abc import Callable
from datetime import datetime
from functools import partial
from typing import Any
from uuid import UUID

import pytest

from config.objects import ObjectStore
from config.settings import GraphSettings, graph_settings
from config.withdrawals import CHANNEL
from graph import ids
from graph.catalog.changes import AlbumChange, TrackChange, update_album, update_track
from graph.catalog.releases import ReleaseState
from graph.keys import new_key
from graph.viewer import Role, Viewer
from origin.layout import withdrawal_key
from tests.graph.locks import waits

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
    assert [*await pool.fetch(PROMISED)] == [(published.asset_id, True)], "scripts promise, too"
    await pool.execute("DELETE FROM withdrawals")
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


RELEASE = "mutation($in: UpdateAlbumInput!) { updateAlbum(input: $in) { album { state } userErrors { code } } }"
MOVE = "mutation($in: UpdateTrackInput!) { updateTrack(input: $in) { track { id } userErrors { code } } }"
UPSERT = "mutation($in: UpsertTracksInput!) { upsertTracks(input: $in) { rejected { code } userErrors { code } } }"


class Release:
    """An album of the published track's artist with one more track, and which of the two the origins have lost."""

    def __init__(self, ask: Any, store: ObjectStore, album: str, *tracks: Published) -> None:
        self.ask = ask
        self.store = store
        self.album = album
        self.tracks = tracks

    async def set_state(self, state: str) -> None:
        given = {"in": {"albumId": self.album, "state": state}}
        assert (await self.ask.data(RELEASE, self.tracks[0].owner, **given))["userErrors"] == []

    async def move(self, track: Published, album: str | None) -> None:
        given = {"in": {"trackId": track.id, "albumId": album}}
        assert (await self.ask.data(MOVE, track.owner, **given))["userErrors"] == []

    async def gone(self) -> list[bool]:
        return [await marked(self.store, track) for track in self.tracks]


@pytest.fixture
async def release(ask: Any, add_track: Any, pool: Any, store: Any, published: Published) -> Release:
    album, key = new_key(), await add_track(published.owner, ready=1000)
    await pool.execute(
        "INSERT INTO albums (id, artist_id, title, search_text) SELECT $1, artist_id, 'Rivers', 'rivers' FROM tracks"
        " WHERE id = $2",
        *(album, key),
    )
    await pool.execute("UPDATE tracks SET artist_id = (SELECT artist_id FROM albums), album_id = $1", album)
    await pool.execute("DELETE FROM artists WHERE id NOT IN (SELECT artist_id FROM albums)")
    asset_id = await pool.fetchval("SELECT asset_id FROM tracks WHERE id = $1", key)
    return Release(ask, store, ids.encode("Album", album), published, Published(published.owner, key, asset_id))


async def test_release_takes_its_tracks_from_the_origins_and_gives_them_back(
    ask: Any, add_user: Any, pool: Any, release: Release
) -> None:
    listener, (first, second) = await add_user(Role.LISTENER), release.tracks
    await release.set_state("WITHDRAWN")
    assert await release.gone() == [True, True]
    assert await pool.fetch(PROMISED) == []
    assert await problem(ask, first, listener) == "NOT_PLAYABLE"
    assert await problem(ask, first, first.owner) == "TRACK_WITHDRAWN", "the origins have it no more for its owner, too"

    await ask.data(WITHDRAW, first.owner, **first.given)
    await release.set_state("LIVE")
    assert await release.gone() == [True, False], "one was withdrawn by itself"
    assert await problem(ask, second, listener) is None
    await ask.data(REINSTATE, first.owner, **first.given)
    assert await release.gone() == [False, False]


async def test_release_that_leaves_the_lists_by_another_state_stays_at_the_origins(release: Release) -> None:
    await release.set_state("DRAFT")
    assert await release.gone() == [False, False]


async def test_track_of_a_withdrawn_release_is_not_reinstated_by_itself(ask: Any, release: Release) -> None:
    first = release.tracks[0]
    await ask.data(WITHDRAW, first.owner, **first.given)
    await release.set_state("WITHDRAWN")
    await ask.data(REINSTATE, first.owner, **first.given)
    assert await release.gone() == [True, True]


async def test_track_goes_and_comes_back_with_the_release_that_it_moves_to(ask: Any, release: Release) -> None:
    first, second = release.tracks
    await release.move(first, None)
    await release.set_state("WITHDRAWN")
    assert await release.gone() == [False, True]
    await release.move(first, release.album)
    await release.move(second, None)
    assert await release.gone() == [True, False]
    await ask.data(WITHDRAW, first.owner, **first.given)
    await release.move(first, None)
    assert await release.gone() == [True, False], "it was withdrawn by itself meanwhile"


async def test_delivery_that_withdraws_a_release_promises_it_to_the_origins(
    ask: Any, pool: Any, release: Release
) -> None:
    owner = release.tracks[0].owner
    artist = await pool.fetchval("SELECT name FROM artists WHERE id = (SELECT artist_id FROM albums)")
    row = {"key": "k", "title": "Another", "artist": artist, "album": {"title": "Rivers", "state": "WITHDRAWN"}}
    payload = await ask.data(UPSERT, owner, **{"in": {"tracks": [row]}})
    assert payload == {"rejected": [], "userErrors": []}
    promised = {row["asset_id"] for row in await pool.fetch(PROMISED) if row["withdrawn"]}
    assert promised == {track.asset_id for track in release.tracks}


@pytest.mark.parametrize("first", ["the release", "the move"])
async def test_release_that_is_withdrawn_as_a_track_comes_to_it_takes_the_track_along(
    pool: Any, release: Release, first: str
) -> None:
    track, owner = release.tracks[0], release.tracks[0].owner
    track_id, album_id = ids.require("Track", track.id, field=""), ids.require("Album", release.album, field="")
    await pool.execute("UPDATE tracks SET album_id = NULL WHERE id = $1", track_id)
    move = partial(update_track, pool, owner, track_id=track_id, change=TrackChange(album_id=album_id))
    leave = partial(update_album, pool, owner, album_id=album_id, change=AlbumChange(state=ReleaseState.WITHDRAWN))
    async with asyncio.timeout(PATIENCE_S):
        async with pool.acquire() as connection, connection.transaction():
            if first == "the release":
                await connection.execute("UPDATE albums SET state = 'withdrawn' WHERE id = $1", album_id)
            else:
                await connection.execute("UPDATE tracks SET album_id = $1 WHERE id = $2", album_id, track_id)
            second = asyncio.create_task(move() if first == "the release" else leave())
            assert await waits(pool, second)
        await second
    promised = {row["asset_id"] for row in await pool.fetch(PROMISED) if row["withdrawn"]}
    assert promised == {one.asset_id for one in release.tracks}


async def test_track_that_leaves_a_release_as_that_comes_back_goes_with_its_new_one(
    pool: Any, release: Release
) -> None:
    track, stays = release.tracks
    track_id, album_id = ids.require("Track", track.id, field=""), ids.require("Album", release.album, field="")
    await release.set_state("WITHDRAWN")
    withdrawn = new_key()
    await pool.execute(
        "INSERT INTO albums (id, artist_id, title, search_text, state) SELECT $1, artist_id, 'Lakes', 'lakes', state"
        " FROM albums",
        withdrawn,
    )
    script = "UPDATE tracks SET album_id = $1 WHERE id = $2"
    async with asyncio.timeout(PATIENCE_S):
        async with pool.acquire() as connection, connection.transaction():
            await connection.execute("UPDATE albums SET state = 'live' WHERE id = $1", album_id)
            move = asyncio.create_task(pool.execute(script, withdrawn, track_id))
            await waits(pool, move)
        await move
    promised = {row["asset_id"]: row["withdrawn"] for row in await pool.fetch(PROMISED)}
    assert promised == {track.asset_id: True, stays.asset_id: False}


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

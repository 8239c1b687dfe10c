"""Albums and lists of tracks as one presentation, on a real graph; the origin's own code reads the URLs."""

from typing import Any
from urllib.parse import urlsplit
from uuid import UUID

import msgspec
import pytest

from config.postgres import Pool
from config.settings import GraphSettings
from edge import token
from edge.terms import Terms
from graph import ids
from graph.keys import new_key
from graph.playback import service
from graph.playback.service import Session
from graph.viewer import Role, Viewer
from origin import routes
from origin.layout import asset_directory
from origin.protection.scheme import Scheme
from origin.routes import DashManifest, License, MasterPlaylist, PresentationRoute, Route
from origin.running_order import MAX_TRACKS, Place, directory

PLAYBACK = """
  playback {
    id hlsUrl dashUrl expiresAt tracks { trackId title startsAtMs durationMs licenseUrl }
  }
  userErrors { field code message }
"""
ALBUM = f"mutation($in: StartAlbumPlaybackInput!) {{ startAlbumPlayback(input: $in) {{ {PLAYBACK} }} }}"
TRACKS = f"mutation($in: StartGaplessPlaybackInput!) {{ startGaplessPlayback(input: $in) {{ {PLAYBACK} }} }}"
DURATIONS_MS = (61_000, 200_500, 4_250)


class Record:
    """An album of one artist, whose tracks are numbered against the order in which they were made."""

    def __init__(self, pool: Pool, add_track: Any, artist: Viewer) -> None:
        self.key = new_key()
        self.pool, self.add_track, self.artist = pool, add_track, artist

    async def press(self) -> "Record":
        await self.pool.execute(
            "INSERT INTO artists (id, owner_id, name, search_text) VALUES ($1, $2, 'Band', 'band')",
            artist := new_key(),
            self.artist.user_id,
        )
        await self.pool.execute(
            "INSERT INTO albums (id, artist_id, title, search_text) VALUES ($1, $2, 'Rivers', 'rivers')",
            self.key,
            artist,
        )
        return self

    async def add(self, number: int, *, ready: int | None) -> UUID:
        track: UUID = await self.add_track(self.artist, ready=ready)
        await self.pool.execute(
            "UPDATE tracks SET album_id = $2, track_number = $3, title = 'Tune ' || $3::integer WHERE id = $1",
            track,
            self.key,
            number,
        )
        return track

    async def places(self, tracks: list[UUID]) -> tuple[Place, ...]:
        rows = await self.pool.fetch("SELECT id, asset_id FROM tracks WHERE id = ANY($1::uuid[])", tracks)
        assets = {row["id"]: row["asset_id"] for row in rows}
        return tuple(Place(assets[track], 1) for track in tracks)

    @property
    def id(self) -> str:
        return ids.encode("Album", self.key)


@pytest.fixture
async def listener(add_user) -> Viewer:
    viewer: Viewer = await add_user(Role.LISTENER)
    return viewer


@pytest.fixture
async def record(pool, add_user, add_track) -> Record:
    return await Record(pool, add_track, await add_user(Role.ARTIST)).press()


@pytest.fixture
async def tracks(record: Record) -> list[UUID]:
    made = [await record.add(number, ready=DURATIONS_MS[number - 1]) for number in (3, 1, 2)]
    return [made[1], made[2], made[0]]


def opened(url: str, settings: GraphSettings, scope: str) -> token.Grant:
    """What the token of a URL lets its bearer do below `scope`."""
    (key, *_) = settings.media.edge_keys
    return token.verify(
        routed(url).token, directory=scope, keys={key.key_id: bytes.fromhex(key.secret.reveal())}, now_s=0
    )


def routed(url: str) -> Any:
    """The URL as the origin takes it apart."""
    return routes.parse(urlsplit(url).path.encode())


async def test_an_album_is_one_presentation_in_its_own_order(ask, listener, record, tracks, settings) -> None:
    started = await ask.data(ALBUM, listener, **{"in": {"albumId": record.id}})

    assert started["userErrors"] == []
    playback, order = started["playback"], await record.places(tracks)
    for url, file in ((playback["hlsUrl"], MasterPlaylist()), (playback["dashUrl"], DashManifest())):
        assert url.startswith(f"{settings.media.origin_url}/s1.")
        assert routed(url) == PresentationRoute(token=routed(url).token, order=order, file=file)
        assert opened(url, settings, directory(order)).terms == Terms()
    assert playback["tracks"] == [
        {
            "trackId": ids.encode("Track", track),
            "title": f"Tune {number}",
            "startsAtMs": sum(DURATIONS_MS[: number - 1]),
            "durationMs": DURATIONS_MS[number - 1],
            "licenseUrl": None,
        }
        for number, track in enumerate(tracks, start=1)
    ]


@pytest.mark.usefixtures("tracks")
async def test_an_album_takes_one_statement(ask, counting, listener, record) -> None:
    async with counting() as statements:
        await ask.data(ALBUM, listener, **{"in": {"albumId": record.id}})

    assert len([each for each in statements if "FROM tracks" in each]) == 1


async def test_tracks_are_played_in_the_order_given_also_twice(ask, listener, record, tracks) -> None:
    wanted = [tracks[2], tracks[0], tracks[2]]

    whole = TRACKS.replace("tracks {", "tracks { track { id title }")
    started = await ask.data(whole, listener, **{"in": {"trackIds": [ids.encode("Track", key) for key in wanted]}})

    assert routed(started["playback"]["hlsUrl"]).order == await record.places(wanted)
    assert [part["title"] for part in started["playback"]["tracks"]] == ["Tune 3", "Tune 1", "Tune 3"]
    assert [part["track"]["title"] for part in started["playback"]["tracks"]] == ["Tune 3", "Tune 1", "Tune 3"]


async def test_each_track_of_a_protected_album_has_a_licence_of_its_own(
    ask, listener, record, tracks, settings
) -> None:
    wanted = {"albumId": record.id, "protection": "CENC", "codecs": ["AAC"], "maxBandwidthBps": 160_000}
    terms = Terms(codecs=frozenset({"aac"}), max_bandwidth_bps=160_000, protection="protected")

    playback = (await ask.data(ALBUM, listener, **{"in": wanted}))["playback"]

    order = await record.places(tracks)
    assert routed(playback["dashUrl"]).scheme is Scheme.CENC
    assert opened(playback["hlsUrl"], settings, directory(order)).terms == terms
    for place, part in zip(order, playback["tracks"], strict=True):
        route = routed(part["licenseUrl"])
        assert route == Route(token=route.token, asset_id=place.asset_id, revision=1, file=License())
        assert opened(part["licenseUrl"], settings, asset_directory(place.asset_id)).terms == terms


@pytest.mark.usefixtures("tracks")
async def test_whole_segments_are_encrypted_for_hls_alone(ask, listener, record) -> None:
    wanted = {"albumId": record.id, "protection": "AES_128"}

    playback = (await ask.data(ALBUM, listener, **{"in": wanted}))["playback"]

    assert routed(playback["hlsUrl"]).scheme is Scheme.AES_128
    assert playback["dashUrl"] is None
    assert {part["licenseUrl"] for part in playback["tracks"]} == {None}


async def test_the_urls_outlive_all_of_it(ask, listener, record, settings) -> None:
    for number in (1, 2):
        await record.add(number, ready=4 * 3600 * 1000)

    playback = (await ask.data(ALBUM, listener, **{"in": {"albumId": record.id}}))["playback"]

    session = msgspec.json.decode(
        await ask.app.state.services.valkey.get(service.session_key(ids.find("GaplessPlayback", playback["id"]))),
        type=Session,
    )
    order = routed(playback["hlsUrl"]).order
    assert (session.user_id, session.order) == (listener.user_id, order)
    assert opened(playback["hlsUrl"], settings, directory(order)).expires_at_s == session.started_at_s + 9 * 3600


async def test_a_track_that_is_not_ready_is_named(ask, listener, record, tracks) -> None:
    unready = await record.add(4, ready=None)

    refused = await ask.data(ALBUM, record.artist, **{"in": {"albumId": record.id}})
    heard = await ask.data(ALBUM, listener, **{"in": {"albumId": record.id}})
    wanted = [ids.encode("Track", tracks[0]), ids.encode("Track", unready), "no id"]
    listed = await ask.data(TRACKS, record.artist, **{"in": {"trackIds": wanted}})

    message = "There is nothing to play in 'Tune 4' yet."
    assert refused == {
        "playback": None,
        "userErrors": [{"field": ["albumId"], "code": "NOT_PLAYABLE", "message": message}],
    }
    assert len(heard["playback"]["tracks"]) == 3  # of what is not ready a listener does not know
    assert listed["playback"] is None
    assert [(error["field"], error["code"]) for error in listed["userErrors"]] == [
        (["trackIds", "1"], "NOT_PLAYABLE"),
        (["trackIds", "2"], "NOT_PLAYABLE"),
    ]


@pytest.mark.parametrize(
    ("document", "given", "refusal"),
    [
        pytest.param(ALBUM, {"albumId": "no id"}, ("albumId", "NOT_FOUND"), id="no id"),
        pytest.param(
            ALBUM, {"albumId": ids.encode("Album", UUID(int=1))}, ("albumId", "NOT_PLAYABLE"), id="an album of nothing"
        ),
        pytest.param(TRACKS, {"trackIds": []}, ("trackIds", "REQUIRED"), id="no track"),
        pytest.param(
            TRACKS,
            {"trackIds": [ids.encode("Track", UUID(int=1))] * (MAX_TRACKS + 1)},
            ("trackIds", "TOO_LONG"),
            id="more tracks than a URL holds",
        ),
    ],
)
async def test_refuses(ask, listener, document: str, given: dict[str, Any], refusal: tuple[str, str]) -> None:
    refused = await ask.data(document, listener, **{"in": given})

    assert refused["playback"] is None
    assert [(*error["field"], error["code"]) for error in refused["userErrors"]] == [refusal]


async def test_an_album_of_a_hundred_tracks_is_the_longest(ask, listener, record) -> None:
    for number in range(1, MAX_TRACKS + 1):
        await record.add(number, ready=1000)

    whole = await ask.data(ALBUM, listener, **{"in": {"albumId": record.id}})
    await record.add(MAX_TRACKS + 1, ready=1000)
    refused = await ask.data(ALBUM, listener, **{"in": {"albumId": record.id}})

    assert len(routed(whole["playback"]["hlsUrl"]).order) == MAX_TRACKS
    assert [(error["field"], error["code"]) for error in refused["userErrors"]] == [(["albumId"], "TOO_LONG")]


async def test_is_for_those_who_are_signed_in(ask, record) -> None:
    assert await ask.codes(ALBUM, None, **{"in": {"albumId": record.id}}) == ["UNAUTHENTICATED"]
    assert await ask.codes(TRACKS, None, **{"in": {"trackIds": []}}) == ["UNAUTHENTICATED"]

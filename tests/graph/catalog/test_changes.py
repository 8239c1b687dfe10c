"""Changing albums and tracks: what is given changes, what is left out stays, and who may not changes nothing."""

import json
from typing import Any

import pytest

from graph import ids
from graph.keys import new_key
from graph.viewer import Role, Viewer

TRACK = "track { id title isrc discNumber trackNumber explicit album { title } }"
CREATE_ARTIST = "mutation($in: CreateArtistInput!) { createArtist(input: $in) { artist { id } } }"
CREATE_ALBUM = "mutation($in: CreateAlbumInput!) { createAlbum(input: $in) { album { id } } }"
CREATE_TRACK = f"mutation($in: CreateTrackInput!) {{ createTrack(input: $in) {{ {TRACK} }} }}"
UPDATE_ALBUM = (
    "mutation($in: UpdateAlbumInput!) { updateAlbum(input: $in)"
    " { album { title releaseDate } userErrors { field code } } }"
)
UPDATE_TRACK = (
    f"mutation($in: UpdateTrackInput!) {{ updateTrack(input: $in) {{ {TRACK} userErrors {{ field code }} }} }}"
)
ROWS = "SELECT (SELECT array_agg(a ORDER BY id) FROM albums a), (SELECT array_agg(t ORDER BY id) FROM tracks t)"


class Release:
    """An artist with two albums, and a track on the first, made as an artist's page makes them."""

    def __init__(self, ask: Any, owner: Viewer) -> None:
        self.ask = ask
        self.owner = owner
        self.artist = self.album = self.other_album = self.track = ""

    async def write(self) -> "Release":
        self.artist = (await self._do(CREATE_ARTIST, name="Alma"))["artist"]["id"]
        self.album = await self.add_album("Rivers")
        self.other_album = await self.add_album("Lakes")
        self.track = await self.add_track("Flood", albumId=self.album)
        return self

    async def add_album(self, title: str) -> str:
        album: str = (await self._do(CREATE_ALBUM, artistId=self.artist, title=title, releaseDate="2024-05-01"))[
            "album"
        ]["id"]
        return album

    async def add_track(self, title: str, **given: object) -> str:
        given = {"isrc": "GBAYE6900531", "discNumber": 2, "trackNumber": 7, "explicit": True, **given}
        track: str = (await self._do(CREATE_TRACK, artistId=self.artist, title=title, **given))["track"]["id"]
        return track

    async def search_text(self, track: str) -> str:
        key = ids.require("Track", track, field="")
        text: str = await self._pool.fetchval("SELECT search_text FROM tracks WHERE id = $1", key)
        return text

    async def remeasured(self) -> list[str]:
        rows = await self._pool.fetch("SELECT payload FROM pgqueuer WHERE entrypoint = 'album_loudness'")
        return sorted(json.loads(row["payload"])["album_id"] for row in rows)

    async def rows(self) -> list[Any]:
        return list(await self._pool.fetchrow(ROWS))

    @property
    def _pool(self) -> Any:
        return self.ask.app.state.services.pool

    async def _do(self, document: str, **given: object) -> Any:
        return await self.ask.data(document, self.owner, **{"in": given})


@pytest.fixture
async def release(ask: Any, owner: Viewer) -> Release:
    return await Release(ask, owner).write()


BEFORE = {
    "title": "Flood",
    "isrc": "GBAYE6900531",
    "discNumber": 2,
    "trackNumber": 7,
    "explicit": True,
    "album": {"title": "Rivers"},
}


@pytest.mark.parametrize(
    ("given", "changed"),
    [
        pytest.param({}, {}, id="nothing"),
        pytest.param({"title": "  High   Water "}, {"title": "High Water"}, id="the title"),
        pytest.param({"isrc": "us-rc1-76-07839"}, {"isrc": "USRC17607839"}, id="the ISRC"),
        pytest.param({"isrc": None, "trackNumber": None}, {"isrc": None, "trackNumber": None}, id="what goes"),
        pytest.param({"isrc": ""}, {"isrc": None}, id="an empty ISRC"),
        pytest.param({"discNumber": 1, "trackNumber": 3}, {"discNumber": 1, "trackNumber": 3}, id="its place"),
        pytest.param({"explicit": False}, {"explicit": False}, id="what it is marked as"),
        pytest.param({"albumId": None}, {"album": None}, id="off its album"),
        pytest.param({"title": None, "discNumber": None, "explicit": None}, {}, id="null for what there has to be"),
    ],
)
async def test_track_becomes_what_is_given_and_stays_the_rest(
    ask: Any, owner: Viewer, release: Release, given: dict[str, object], changed: dict[str, object]
) -> None:
    payload = await ask.data(UPDATE_TRACK, owner, **{"in": {"trackId": release.track, **given}})
    wanted = {"id": release.track, **BEFORE, **changed}
    assert payload == {"track": wanted, "userErrors": []}
    assert await ask.data(f'{{ node(id: "{release.track}") {{ ... on Track {{ {TRACK[8:-2]} }} }} }}', owner) == wanted


async def test_changed_track_is_found_as_if_it_had_been_made_so(ask: Any, owner: Viewer, release: Release) -> None:
    given = {"trackId": release.track, "title": "High Water", "albumId": release.other_album}
    await ask.data(UPDATE_TRACK, owner, **{"in": given})
    twin = await release.add_track("High Water", albumId=release.other_album)
    assert await release.search_text(release.track) == await release.search_text(twin)


async def test_track_of_a_renamed_album_is_found_by_the_new_name(ask: Any, owner: Viewer, release: Release) -> None:
    untouched = await release.add_track("Ice", albumId=release.other_album)
    before = await release.search_text(untouched)
    await ask.data(UPDATE_ALBUM, owner, **{"in": {"albumId": release.album, "title": "Streams"}})
    twin = await release.add_track("Flood", albumId=release.album)
    assert await release.search_text(release.track) == await release.search_text(twin)
    assert await release.search_text(untouched) == before


async def test_albums_that_a_track_leaves_and_joins_are_measured_again(
    ask: Any, owner: Viewer, release: Release
) -> None:
    for given in ({"title": "High Water"}, {"albumId": release.album}):
        await ask.data(UPDATE_TRACK, owner, **{"in": {"trackId": release.track, **given}})
    assert await release.remeasured() == []
    await ask.data(UPDATE_TRACK, owner, **{"in": {"trackId": release.track, "albumId": release.other_album}})
    albums = [str(ids.require("Album", album, field="")) for album in (release.album, release.other_album)]
    assert await release.remeasured() == sorted(albums)


@pytest.mark.parametrize(
    ("given", "wanted"),
    [
        pytest.param({"title": "Streams"}, {"title": "Streams", "releaseDate": "2024-05-01"}, id="the title"),
        pytest.param({"releaseDate": "1999-12-31"}, {"title": "Rivers", "releaseDate": "1999-12-31"}, id="the day"),
        pytest.param({"title": None, "releaseDate": None}, {"title": "Rivers", "releaseDate": None}, id="no day"),
    ],
)
async def test_album_becomes_what_is_given_and_stays_the_rest(
    ask: Any, owner: Viewer, release: Release, given: dict[str, object], wanted: dict[str, object]
) -> None:
    payload = await ask.data(UPDATE_ALBUM, owner, **{"in": {"albumId": release.album, **given}})
    assert payload == {"album": wanted, "userErrors": []}


@pytest.mark.parametrize(
    ("given", "field", "code"),
    [
        pytest.param({"title": " "}, "title", "REQUIRED", id="no title"),
        pytest.param({"title": "x" * 201}, "title", "TOO_LONG", id="an endless title"),
        pytest.param({"isrc": "GB-AYE-69-0053"}, "isrc", "INVALID_ISRC", id="a short ISRC"),
        pytest.param({"discNumber": 0}, "discNumber", "INVALID_VALUE", id="disc 0"),
        pytest.param({"trackNumber": 1000}, "trackNumber", "INVALID_VALUE", id="number 1000"),
        pytest.param({"albumId": ids.encode("Album", new_key())}, "albumId", "NOT_FOUND", id="nobody's album"),
        pytest.param({"albumId": "garbage"}, "albumId", "NOT_FOUND", id="an id that is none"),
        pytest.param({"trackId": ids.encode("Track", new_key())}, "trackId", "NOT_FOUND", id="nobody's track"),
    ],
)
async def test_wrong_change_of_a_track_is_refused_and_changes_nothing(  # noqa: PLR0917 -- pytest's fixtures
    ask: Any, owner: Viewer, release: Release, given: dict[str, object], field: str, code: str
) -> None:
    before = await release.rows()
    payload = await ask.data(UPDATE_TRACK, owner, **{"in": {"trackId": release.track, "explicit": False, **given}})
    assert payload == {"track": None, "userErrors": [{"field": [field], "code": code}]}
    assert await release.rows() == before


async def test_wrong_change_of_an_album_is_refused_and_changes_nothing(
    ask: Any, owner: Viewer, release: Release
) -> None:
    before = await release.rows()
    for given, field, code in (
        ({"albumId": release.album, "title": " "}, "title", "REQUIRED"),
        ({"albumId": ids.encode("Album", new_key()), "title": "Streams"}, "albumId", "NOT_FOUND"),
    ):
        payload = await ask.data(UPDATE_ALBUM, owner, **{"in": {"releaseDate": None, **given}})
        assert payload == {"album": None, "userErrors": [{"field": [field], "code": code}]}
    wrong = {"title": " ", "state": "SCHEDULED", "genres": ["?"]}
    payload = await ask.data(UPDATE_ALBUM, owner, **{"in": {"albumId": release.album, **wrong}})
    assert [error["field"] for error in payload["userErrors"]] == [["title"], ["liveAt"], ["genres", "0"]]
    assert await release.rows() == before


async def test_track_does_not_go_to_another_accounts_album(
    ask: Any, add_user: Any, owner: Viewer, release: Release
) -> None:
    theirs = await Release(ask, await add_user(Role.ARTIST)).write()
    given = {"trackId": release.track, "albumId": theirs.album}
    payload = await ask.data(UPDATE_TRACK, owner, **{"in": given})
    assert payload == {"track": None, "userErrors": [{"field": ["albumId"], "code": "NOT_FOUND"}]}


@pytest.mark.parametrize(
    ("role", "codes"),
    [
        pytest.param(None, ["UNAUTHENTICATED"], id="nobody"),
        pytest.param(Role.LISTENER, ["FORBIDDEN"], id="a listener"),
        pytest.param(Role.ARTIST, ["FORBIDDEN"], id="another artist"),
        pytest.param(Role.ADMIN, [], id="an admin, who may"),
    ],
)
async def test_who_may_not_changes_nothing(
    ask: Any, add_user: Any, release: Release, role: Role | None, codes: list[str]
) -> None:
    before = await release.rows()
    viewer = None if role is None else await add_user(role)
    assert await ask.codes(UPDATE_TRACK, viewer, **{"in": {"trackId": release.track, "title": "Mine"}}) == codes
    assert await ask.codes(UPDATE_ALBUM, viewer, **{"in": {"albumId": release.album, "title": "Mine"}}) == codes
    assert (await release.rows() == before) is bool(codes)

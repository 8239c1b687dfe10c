"""Who may add what to the catalogue, and what is refused."""

from typing import Any
from uuid import UUID

import pytest

from graph import ids
from graph.viewer import Role, Viewer
from tests.graph.catalog.catalogue import CREATE_ALBUM, CREATE_ARTIST, CREATE_TRACK, Catalogue


async def test_an_artist_adds_an_artist_an_album_and_a_track(ask: Any, owner: Viewer, catalogue: Catalogue) -> None:
    artist = await catalogue.artist("  Alma   Lund ")
    given = {"artistId": artist, "title": "Rivers", "releaseDate": "2024-02-29"}
    album = (await ask.data(CREATE_ALBUM, owner, **{"in": given}))["album"]
    assert album == {
        "id": album["id"],
        "title": "Rivers",
        "releaseDate": "2024-02-29",
        "artist": {"name": "Alma Lund"},
    }
    given = {
        "artistId": artist,
        "albumId": album["id"],
        "title": "River",
        "isrc": "gb-aye-69-00531",
        "discNumber": 2,
        "trackNumber": 7,
        "explicit": True,
    }
    track = (await ask.data(CREATE_TRACK, owner, **{"in": given}))["track"]
    assert track == {
        "id": track["id"],
        "title": "River",
        "isrc": "GBAYE6900531",
        "discNumber": 2,
        "trackNumber": 7,
        "explicit": True,
        "durationMs": None,
        "artist": {"name": "Alma Lund"},
        "album": {"title": "Rivers"},
        "ingest": None,
    }


async def test_what_is_left_out_of_a_track_has_its_default(ask: Any, owner: Viewer, catalogue: Catalogue) -> None:
    artist = await catalogue.artist()
    nulls = {"albumId": None, "isrc": None, "discNumber": None, "trackNumber": None, "explicit": None}
    for given in ({}, nulls):
        payload = await ask.data(CREATE_TRACK, owner, **{"in": {"artistId": artist, "title": "River", **given}})
        track = payload["track"]
        assert (track["discNumber"], track["trackNumber"], track["explicit"]) == (1, None, False)
        assert (track["isrc"], track["album"]) == (None, None)


@pytest.mark.parametrize(
    ("role", "code"),
    [
        pytest.param(None, "UNAUTHENTICATED", id="nobody"),
        pytest.param(Role.LISTENER, "FORBIDDEN", id="a listener"),
        pytest.param(Role.ARTIST, "FORBIDDEN", id="another artist"),
    ],
)
async def test_who_may_not_add_changes_nothing(
    ask: Any, add_user: Any, catalogue: Catalogue, role: Role | None, code: str
) -> None:
    artist = await catalogue.artist()
    before = await catalogue.count()
    viewer = None if role is None else await add_user(role)
    for mutation in (CREATE_ALBUM, CREATE_TRACK):
        assert await ask.codes(mutation, viewer, **{"in": {"artistId": artist, "title": "Mine"}}) == [code]
    if role is not Role.ARTIST:
        assert await ask.codes(CREATE_ARTIST, viewer, **{"in": {"name": "Mine"}}) == [code]
    assert await catalogue.count() == before


async def test_an_admin_adds_to_anybodys_artist(ask: Any, add_user: Any, catalogue: Catalogue) -> None:
    artist = await catalogue.artist()
    admin = await add_user(Role.ADMIN)
    payload = await ask.data(CREATE_ALBUM, admin, **{"in": {"artistId": artist, "title": "Rivers"}})
    assert payload["album"]["artist"]["name"] == "Alma Lund"


@pytest.mark.parametrize(
    ("changes", "field", "code"),
    [
        pytest.param({"title": " "}, "title", "REQUIRED", id="no title"),
        pytest.param({"title": "x" * 201}, "title", "TOO_LONG", id="an endless title"),
        pytest.param({"title": "a\u0000b"}, "title", "INVALID_VALUE", id="a title that no database takes"),
        pytest.param({"isrc": "GB-AYE-69-0053"}, "isrc", "INVALID_ISRC", id="a short ISRC"),
        pytest.param({"discNumber": 0}, "discNumber", "INVALID_VALUE", id="disc 0"),
        pytest.param({"trackNumber": -1}, "trackNumber", "INVALID_VALUE", id="number -1"),
        pytest.param({"trackNumber": 1000}, "trackNumber", "INVALID_VALUE", id="number 1000"),
        pytest.param({"artistId": "garbage"}, "artistId", "NOT_FOUND", id="an id that is none"),
        pytest.param({"artistId": ids.encode("Album", UUID(int=1))}, "artistId", "NOT_FOUND", id="an album's id"),
        pytest.param({"artistId": ids.encode("Artist", UUID(int=1))}, "artistId", "NOT_FOUND", id="nobody's id"),
        pytest.param({"albumId": ids.encode("Album", UUID(int=1))}, "albumId", "NOT_FOUND", id="no album"),
        pytest.param({"albumId": ""}, "albumId", "NOT_FOUND", id="an empty album"),
    ],
)
async def test_a_wrong_track_is_refused_field_by_field(
    ask: Any, catalogue: Catalogue, changes: dict[str, Any], field: str, code: str
) -> None:
    given = {"artistId": await catalogue.artist(), "title": "River", **changes}
    before = await catalogue.count()
    payload = await ask.data(CREATE_TRACK, catalogue.owner, **{"in": given})
    assert payload == {"track": None, "userErrors": [{"field": [field], "code": code}]}
    assert await catalogue.count() == before


async def test_everything_that_is_wrong_with_a_track_or_an_album_is_told_at_once(
    ask: Any, catalogue: Catalogue
) -> None:
    artist, before = await catalogue.artist(), await catalogue.count()
    wrong = {"title": " ", "isrc": "GB", "discNumber": 0, "trackNumber": 1000}
    payload = await ask.data(CREATE_TRACK, catalogue.owner, **{"in": {"artistId": artist, **wrong}})
    assert [error["field"] for error in payload["userErrors"]] == [[field] for field in wrong]
    unscheduled = {"artistId": artist, "title": " ", "state": "SCHEDULED"}
    payload = await ask.data(CREATE_ALBUM, catalogue.owner, **{"in": unscheduled})
    assert [error["field"] for error in payload["userErrors"]] == [["title"], ["liveAt"]]
    assert await catalogue.count() == before


async def test_a_compilation_holds_tracks_of_its_accounts_artists(ask: Any, catalogue: Catalogue) -> None:
    album = await catalogue.album(await catalogue.artist("Various Artists"))
    track = await catalogue.track(await catalogue.artist("One"), albumId=album)
    document = f'{{ track(id: "{track}") {{ artist {{ name }} album {{ artist {{ name }} }} }} }}'
    found = await ask.data(document, catalogue.owner)
    assert found == {"artist": {"name": "One"}, "album": {"artist": {"name": "Various Artists"}}}


async def test_a_track_does_not_go_on_another_accounts_album(
    ask: Any, owner: Viewer, add_user: Any, catalogue: Catalogue
) -> None:
    stranger = Catalogue(ask, await add_user(Role.ARTIST))
    album = await stranger.album(await stranger.artist("One"))
    given = {"artistId": await catalogue.artist("Two"), "albumId": album, "title": "River"}
    payload = await ask.data(CREATE_TRACK, owner, **{"in": given})
    assert payload["userErrors"] == [{"field": ["albumId"], "code": "NOT_FOUND"}]


async def test_a_date_that_is_none_is_a_bad_request(ask: Any, owner: Viewer, catalogue: Catalogue) -> None:
    given = {"artistId": await catalogue.artist(), "title": "Rivers", "releaseDate": "2023-02-29"}
    assert await ask.codes(CREATE_ALBUM, owner, **{"in": given}) == ["BAD_REQUEST"]

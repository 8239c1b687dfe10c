"""The catalogue from outside: who may add what, who sees what, how lists are paged."""

from typing import Any
from uuid import UUID

import pytest

from graph import ids
from graph.keys import new_key
from graph.viewer import Role, Viewer

ERRORS = "userErrors { field code }"
CREATE_ARTIST = f"mutation($in: CreateArtistInput!) {{ createArtist(input: $in) {{ artist {{ id name }} {ERRORS} }} }}"
CREATE_ALBUM = (
    "mutation($in: CreateAlbumInput!) { createAlbum(input: $in) {"
    f" album {{ id title releaseDate artist {{ name }} }} {ERRORS} }} }}"
)
CREATE_TRACK = (
    "mutation($in: CreateTrackInput!) { createTrack(input: $in) { track { id title isrc discNumber trackNumber explicit"
    f" durationMs artist {{ name }} album {{ title }} ingest {{ status }} }} {ERRORS} }} }}"
)
TRACK = "query($id: ID!) { track(id: $id) { id } }"
ALBUM_TRACKS = """
query($id: ID!, $first: Int!, $after: String) {
  album(id: $id) { tracks(first: $first, after: $after) {
    edges { cursor node { title } } pageInfo { hasNextPage hasPreviousPage startCursor endCursor }
  } }
}
"""
ARTIST_TRACKS = """
query($id: ID!, $after: String) { artist(id: $id) { tracks(first: 2, after: $after) {
  edges { node { title } } pageInfo { hasNextPage endCursor } } } }
"""
COUNT = "SELECT (SELECT count(*) FROM artists) + (SELECT count(*) FROM albums) + (SELECT count(*) FROM tracks)"


@pytest.fixture
async def owner(add_user: Any) -> Viewer:
    viewer: Viewer = await add_user(Role.ARTIST)
    return viewer


class Catalogue:
    """Adds to the catalogue through the API, as its owner."""

    def __init__(self, ask: Any, owner: Viewer) -> None:
        self.ask = ask
        self.owner = owner

    async def artist(self, name: str = "Alma Lund") -> str:
        payload = await self.ask.data(CREATE_ARTIST, self.owner, **{"in": {"name": name}})
        return str(payload["artist"]["id"])

    async def album(self, artist: str, title: str = "Rivers", **more: Any) -> str:
        payload = await self.ask.data(CREATE_ALBUM, self.owner, **{"in": {"artistId": artist, "title": title, **more}})
        return str(payload["album"]["id"])

    async def track(self, artist: str, title: str = "River", **more: Any) -> str:
        payload = await self.ask.data(CREATE_TRACK, self.owner, **{"in": {"artistId": artist, "title": title, **more}})
        return str(payload["track"]["id"])

    async def finish(self, track: str, *, status: str = "ready", revision: int = 1) -> None:
        """Give a track a revision, as ingest would."""
        pool = self.ask.app.state.services.pool
        key, upload = ids.find("Track", track), new_key()
        await pool.execute(
            "INSERT INTO uploads (id, user_id, track_id, object_key, file_name, content_type, size_bytes, sha256,"
            " expires_at) VALUES ($1, $2, $3, $4, 'a.wav', 'audio/wav', 1, $5, now())",
            *(upload, self.owner.user_id, key, f"uploads/{upload}", bytes(32)),
        )
        ready = status == "ready"
        await pool.execute(
            "INSERT INTO assets (asset_id, revision, upload_id, status, stage, fraction, failure_code, duration_ms,"
            " integrated_lufs, true_peak_dbtp) SELECT asset_id, $2, $3, $4, $5, $6, $7, $8, $9, $10 FROM tracks"
            " WHERE id = $1",
            *(key, revision, upload, status),
            *(
                ("done", 1.0, None, 1000 * revision, -14.5, -1.25)
                if ready
                else ("decode", 0.25, None, None, None, None)
            ),
        )

    async def count(self) -> int:
        total: int = await self.ask.app.state.services.pool.fetchval(COUNT)
        return total


@pytest.fixture
def catalogue(ask: Any, owner: Viewer) -> Catalogue:
    return Catalogue(ask, owner)


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


async def test_a_track_that_is_not_ready_is_there_for_owner_and_admins_only(
    ask: Any, owner: Viewer, add_user: Any, catalogue: Catalogue
) -> None:
    artist = await catalogue.artist()
    album = await catalogue.album(artist)
    track = await catalogue.track(artist, albumId=album)
    places = f"""{{
      node(id: "{track}") {{ id }}
      nodes(ids: ["{track}"]) {{ id }}
      track(id: "{track}") {{ id }}
      album(id: "{album}") {{ tracks {{ edges {{ node {{ id }} }} }} }}
      artist(id: "{artist}") {{ tracks {{ edges {{ node {{ id }} }} }} }}
      search(query: "river", kinds: [TRACK]) {{ edges {{ node {{ ... on Track {{ id }} }} }} }}
    }}"""
    strangers = [None, await add_user(Role.LISTENER), await add_user(Role.ARTIST)]
    for status in ("queued", "processing"):
        for stranger in strangers:
            assert track not in str((await ask(places, stranger))["data"])
        for insider in (owner, await add_user(Role.ADMIN)):
            assert str((await ask(places, insider))["data"]).count(track) == 6
        await catalogue.finish(track, status="processing" if status == "queued" else "queued", revision=len(status))
    await catalogue.finish(track, revision=99)
    for viewer in (*strangers, owner):
        assert str((await ask(places, viewer))["data"]).count(track) == 6


async def test_a_track_shows_the_media_of_its_newest_ready_revision(ask: Any, catalogue: Catalogue) -> None:
    track = await catalogue.track(await catalogue.artist())
    await catalogue.finish(track, revision=1)
    await catalogue.finish(track, revision=2)
    await catalogue.finish(track, status="processing", revision=3)
    query = "query($id: ID!) { track(id: $id) { durationMs integratedLufs truePeakDbtp ingest { status } } }"
    assert await ask.data(query, id=track) == {
        "durationMs": 2000,
        "integratedLufs": -14.5,
        "truePeakDbtp": -1.25,
        "ingest": None,
    }


async def test_the_owner_sees_how_far_the_newest_revision_is(ask: Any, owner: Viewer, catalogue: Catalogue) -> None:
    track = await catalogue.track(await catalogue.artist())
    await catalogue.finish(track, revision=1)
    await catalogue.finish(track, status="processing", revision=2)
    query = "query($id: ID!) { track(id: $id) { ingest { status stage fraction failure { code } } } }"
    state = {"status": "PROCESSING", "stage": "DECODE", "fraction": 0.25, "failure": None}
    assert await ask.data(query, owner, id=track) == {"ingest": state}
    pool = ask.app.state.services.pool
    await pool.execute("UPDATE assets SET status = 'failed', failure_code = 'truncated' WHERE revision = 2")
    state |= {"status": "FAILED", "failure": {"code": "TRUNCATED"}}
    assert await ask.data(query, owner, id=track) == {"ingest": state}


@pytest.mark.parametrize(
    "text",
    [
        pytest.param("", id="nothing"),
        pytest.param("garbage", id="garbage"),
        pytest.param("\u0000", id="a control character"),
        pytest.param(ids.encode("Playlist", UUID(int=1)), id="a type that there is not"),
        pytest.param(ids.encode("Artist", UUID(int=1)), id="nothing that exists"),
    ],
)
async def test_an_id_of_nothing_is_null_everywhere(ask: Any, text: str) -> None:
    for field in ("node", "artist", "album", "track"):
        assert await ask.data(f"query($id: ID!) {{ {field}(id: $id) {{ id }} }}", id=text) is None
    assert await ask.data("query($ids: [ID!]!) { nodes(ids: $ids) { id } }", ids=[text, text]) == [None, None]


async def test_an_id_of_another_type_is_null(ask: Any, catalogue: Catalogue) -> None:
    artist = await catalogue.artist()
    for field in ("album", "track"):
        assert await ask.data(f"query($id: ID!) {{ {field}(id: $id) {{ id }} }}", id=artist) is None


async def test_nodes_come_in_the_order_of_their_ids_and_are_capped(ask: Any, catalogue: Catalogue) -> None:
    artists = [await catalogue.artist(name) for name in ("One", "Two")]
    query = "query($ids: [ID!]!) { nodes(ids: $ids) { id } }"
    asked = [artists[1], "garbage", artists[0], artists[1]]
    assert await ask.data(query, ids=asked) == [{"id": artists[1]}, None, {"id": artists[0]}, {"id": artists[1]}]
    assert await ask.codes(query, ids=artists * 51) == ["BAD_REQUEST"]


async def test_an_albums_tracks_are_paged_by_disc_and_number(ask: Any, owner: Viewer, catalogue: Catalogue) -> None:
    artist = await catalogue.artist()
    album = await catalogue.album(artist)
    for title, disc, number in (("d", 2, 1), ("b", 1, 2), ("c", 1, None), ("a", 1, 1), ("e", 2, None), ("f", 2, None)):
        await catalogue.track(artist, title, albumId=album, discNumber=disc, trackNumber=number)
    titles, after = [], None
    while True:
        page = (await ask.data(ALBUM_TRACKS, owner, id=album, first=2, after=after))["tracks"]
        titles.append([edge["node"]["title"] for edge in page["edges"]])
        after = page["pageInfo"]["endCursor"]
        assert page["edges"][-1]["cursor"] == after
        if not page["pageInfo"]["hasNextPage"]:
            break
    assert titles == [["a", "b"], ["c", "d"], ["e", "f"]]


async def test_a_page_stays_where_it_is_while_tracks_are_added_before_it(
    ask: Any, owner: Viewer, catalogue: Catalogue
) -> None:
    artist = await catalogue.artist()
    album = await catalogue.album(artist)
    for number in (10, 20, 30):
        await catalogue.track(artist, f"t{number}", albumId=album, trackNumber=number)
    first = (await ask.data(ALBUM_TRACKS, owner, id=album, first=1, after=None))["tracks"]
    for number in (1, 5):
        await catalogue.track(artist, f"t{number}", albumId=album, trackNumber=number)
    after = first["pageInfo"]["endCursor"]
    second = (await ask.data(ALBUM_TRACKS, owner, id=album, first=9, after=after))["tracks"]
    assert [edge["node"]["title"] for edge in second["edges"]] == ["t20", "t30"]


async def test_an_artists_tracks_are_paged_as_they_were_added(ask: Any, owner: Viewer, catalogue: Catalogue) -> None:
    artist = await catalogue.artist()
    for title in ("a", "b", "c"):
        await catalogue.track(artist, title)
    page = (await ask.data(ARTIST_TRACKS, owner, id=artist, after=None))["tracks"]
    assert [edge["node"]["title"] for edge in page["edges"]] == ["a", "b"]
    await catalogue.track(artist, "d")
    page = (await ask.data(ARTIST_TRACKS, owner, id=artist, after=page["pageInfo"]["endCursor"]))["tracks"]
    assert [edge["node"]["title"] for edge in page["edges"]] == ["c", "d"]
    assert page["pageInfo"]["hasNextPage"] is False


@pytest.mark.parametrize(
    "arguments",
    [
        pytest.param("first: 0", id="no row"),
        pytest.param("first: -1", id="less than none"),
        pytest.param("first: 101", id="beyond the cap"),
        pytest.param('after: "garbage"', id="a cursor that is none"),
        pytest.param(f'after: "{ids.encode("Track", UUID(int=1))}"', id="an id for a cursor"),
    ],
)
async def test_a_page_that_cannot_be_is_a_bad_request(ask: Any, catalogue: Catalogue, arguments: str) -> None:
    artist = await catalogue.artist()
    query = f"query($id: ID!) {{ artist(id: $id) {{ name tracks({arguments}) {{ edges {{ cursor }} }} }} }}"
    body = await ask(query, id=artist)
    assert [error["extensions"]["code"] for error in body["errors"]] == ["BAD_REQUEST"]
    assert body["data"] == {"artist": {"name": "Alma Lund", "tracks": None}}


PAGE = """
query($id: ID!) { artist(id: $id) { name albums(first: 50) { edges { node {
  title artist { name } tracks(first: 10) { edges { node { title durationMs artist { name } album { title } } } }
} } } } }
"""


async def test_a_page_of_albums_with_artists_and_tracks_takes_three_statements(
    ask: Any, owner: Viewer, catalogue: Catalogue, counting: Any
) -> None:
    artist = await catalogue.artist()
    for number in range(6):
        album = await catalogue.album(artist, f"Album {number}")
        for track in range(3):
            await catalogue.track(artist, f"Track {track}", albumId=album, trackNumber=track + 1)
    async with counting() as statements:
        page = await ask.data(PAGE, owner, id=artist)
    titles = [len(edge["node"]["tracks"]["edges"]) for edge in page["albums"]["edges"]]
    assert titles == [3] * 6
    # The artist, its albums with their artists, and their tracks with the artists and albums of those.
    assert len(statements) == 3


async def test_every_statement_has_one_text_whatever_the_number_of_keys(
    ask: Any, owner: Viewer, catalogue: Catalogue, counting: Any
) -> None:
    artist = await catalogue.artist()
    texts = set()
    for number in range(3):
        await catalogue.track(artist, albumId=await catalogue.album(artist, f"Album {number}"))
        async with counting() as statements:
            await ask.data(PAGE, owner, id=artist)
        texts.add(tuple(statements))
    assert len(texts) == 1


async def test_two_operations_share_nothing_that_was_loaded(ask: Any, catalogue: Catalogue, counting: Any) -> None:
    artist = await catalogue.artist()
    query = "query($id: ID!) { artist(id: $id) { name } }"
    async with counting() as statements:
        for _ in range(2):
            await ask.data(query, id=artist)
    assert len(statements) == 2


async def test_every_root_field_takes_one_statement(ask: Any, catalogue: Catalogue, counting: Any) -> None:
    artist = await catalogue.artist()
    query = "query($id: ID!) { a: artist(id: $id) { name } b: artist(id: $id) { name } c: node(id: $id) { id } }"
    async with counting() as statements:
        assert len((await ask(query, id=artist))["data"]) == 3
    assert len(statements) == 3

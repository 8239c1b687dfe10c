"""What describes the music: releases, credits, genres, lyrics, profiles, and who looks after them."""

import asyncio
from datetime import UTC, datetime, timedelta
from typing import Any

import msgspec
import pytest

from appliance.demo.describing import describe
from appliance.demo.library import PIECES
from graph import ids
from graph.accounts.records import User
from graph.keys import new_key
from graph.viewer import Role, Viewer

NEW_ARTIST = "mutation($in: CreateArtistInput!) { createArtist(input: $in) { artist { id } } }"
NEW_ALBUM = (
    "mutation($in: CreateAlbumInput!) { createAlbum(input: $in)"
    " { album { id type state liveAt } userErrors { field code } } }"
)
ALBUM = "album { id title type state liveAt musicbrainzReleaseId genres { edges { node { name } } } }"
SET_ALBUM = f"mutation($in: UpdateAlbumInput!) {{ updateAlbum(input: $in) {{ {ALBUM} userErrors {{ field code }} }} }}"
TRACK = """
track {
    id lyrics syncedLyrics { startMs text } musicbrainzRecordingId waveform
    genres { edges { node { name } } }
    credits { totalCount edges { node { role name artist { id } } } }
    composers: credits(role: COMPOSER) { edges { node { name } } }
}
"""
SET_TRACK = f"mutation($in: UpdateTrackInput!) {{ updateTrack(input: $in) {{ {TRACK} userErrors {{ field code }} }} }}"
SET_ARTIST = (
    "mutation($in: UpdateArtistInput!) { updateArtist(input: $in)"
    " { artist { name biography links { title url } } userErrors { field code } } }"
)
HAND_OVER = (
    "mutation($in: HandOverArtistInput!) { handOverArtist(input: $in) { artist { id } userErrors { field code } } }"
)
RECORDING = "b1a9c0e9-d987-4042-ae91-78d6a3267d69"


class Page:
    """An artist's page: what its account does there."""

    def __init__(self, ask: Any, owner: Viewer) -> None:
        self.ask = ask
        self.owner = owner

    async def do(self, document: str, viewer: Viewer | None = None, **given: Any) -> Any:
        return await self.ask.data(document, viewer or self.owner, **{"in": given})

    async def artist(self, name: str = "Alma") -> str:
        key: str = (await self.do(NEW_ARTIST, name=name))["artist"]["id"]
        return key

    async def album(self, artist: str, **given: Any) -> str:
        key: str = (await self.do(NEW_ALBUM, artistId=artist, title="Rivers", **given))["album"]["id"]
        return key


@pytest.fixture
async def page(ask: Any, add_user: Any) -> Page:
    return Page(ask, await add_user(Role.ARTIST))


@pytest.fixture
async def track(page: Page, add_track: Any) -> str:
    return ids.encode("Track", await add_track(page.owner, ready=180_000))


def iso(moment: datetime) -> str:
    return moment.isoformat()


HOUR = timedelta(hours=1)


@pytest.mark.parametrize(
    ("given", "seen", "state"),
    [
        pytest.param({}, True, "LIVE", id="as ever"),
        pytest.param({"state": "DRAFT"}, False, "DRAFT", id="a draft"),
        pytest.param({"state": "SCHEDULED", "liveAt": HOUR}, False, "SCHEDULED", id="scheduled for later"),
        pytest.param({"state": "SCHEDULED", "liveAt": -HOUR}, True, "LIVE", id="scheduled, and its time has come"),
        pytest.param({"state": "WITHDRAWN"}, False, "WITHDRAWN", id="withdrawn"),
    ],
)
async def test_listeners_see_releases_that_are_out_and_their_tracks(
    page: Page, add_user: Any, track: str, given: dict[str, Any], *, seen: bool, state: str
) -> None:
    given = {name: iso(datetime.now(UTC) + value) if name == "liveAt" else value for name, value in given.items()}
    artist = (await page.ask.data("query($id: ID!) { track(id: $id) { artist { id } } }", page.owner, id=track))[
        "artist"
    ]
    album = await page.album(artist["id"], **given)
    await page.do(SET_TRACK, trackId=track, albumId=album)
    query = (
        "query($album: ID!, $track: ID!, $artist: ID!) { album(id: $album) { state } track(id: $track) { id }"
        " artist(id: $artist) { albums { totalCount } tracks { totalCount } } }"
    )
    play = "mutation($id: ID!) { startPlayback(input: {trackId: $id}) { userErrors { code } } }"
    listener = await add_user(Role.LISTENER)
    names = {"album": album, "track": track, "artist": artist["id"]}
    own = (await page.ask(query, page.owner, **names))["data"]
    theirs = (await page.ask(query, listener, **names))["data"]
    assert own["album"] == {"state": state}
    assert theirs["album"] == (own["album"] if seen else None)
    assert theirs["track"] == ({"id": track} if seen else None)
    assert theirs["artist"] == {"albums": {"totalCount": int(seen)}, "tracks": {"totalCount": int(seen)}}
    errors = (await page.ask.data(play, listener, id=track))["userErrors"]
    assert errors == ([] if seen else [{"code": "NOT_PLAYABLE"}])


async def test_album_becomes_what_is_given(page: Page) -> None:
    album = await page.album(await page.artist(), type="SINGLE")
    given = {"type": "COMPILATION", "state": "SCHEDULED", "liveAt": "2130-01-01T00:00:00Z", "genres": ["Folk", "folk "]}
    changed = (await page.do(SET_ALBUM, albumId=album, musicbrainzReleaseId=RECORDING, **given))["album"]
    assert (changed["type"], changed["state"], changed["liveAt"]) == (
        "COMPILATION",
        "SCHEDULED",
        "2130-01-01T00:00:00+00:00",
    )
    assert changed["musicbrainzReleaseId"] == RECORDING
    assert [edge["node"]["name"] for edge in changed["genres"]["edges"]] == ["Folk"]
    # Another state takes the time away; the rest stays.
    live = (await page.do(SET_ALBUM, albumId=album, state="LIVE"))["album"]
    assert live == {**changed, "state": "LIVE", "liveAt": None}


@pytest.mark.parametrize(
    "given",
    [{"state": "SCHEDULED"}, {"liveAt": "2130-01-01T00:00:00Z"}, {"state": "DRAFT", "liveAt": "2130-01-01T00:00:00Z"}],
)
async def test_time_of_a_release_belongs_to_a_schedule(page: Page, given: dict[str, Any]) -> None:
    artist = await page.artist()
    made = await page.do(NEW_ALBUM, artistId=artist, title="Rivers", **given)
    assert made["album"] is None
    assert [error["field"] for error in made["userErrors"]] == [["liveAt"]]
    album = await page.album(artist)
    changed = await page.do(SET_ALBUM, albumId=album, **given)
    assert [error["field"] for error in changed["userErrors"]] == [["liveAt"]]


async def test_albums_come_by_the_day_of_their_release(page: Page) -> None:
    artist = await page.artist()
    days = ["2001-01-01", None, "2024-05-01", "2001-01-01"]
    albums = [await page.album(artist, releaseDate=day, type="EP" if day else "ALBUM") for day in days]
    query = (
        "query($id: ID!, $after: String, $type: ReleaseType) { artist(id: $id)"
        " { albums(orderBy: NEWEST, type: $type, first: 3, after: $after)"
        " { pageInfo { endCursor hasNextPage } edges { node { id } } } } }"
    )
    first = (await page.ask.data(query, page.owner, id=artist))["albums"]
    rest = (await page.ask.data(query, page.owner, id=artist, after=first["pageInfo"]["endCursor"]))["albums"]
    found = [edge["node"]["id"] for edge in (*first["edges"], *rest["edges"])]
    assert found == [albums[2], albums[3], albums[0], albums[1]]
    assert (first["pageInfo"]["hasNextPage"], rest["pageInfo"]["hasNextPage"]) == (True, False)
    eps = (await page.ask.data(query, page.owner, id=artist, type="EP"))["albums"]
    assert [edge["node"]["id"] for edge in eps["edges"]] == [albums[2], albums[3], albums[0]]


async def test_track_is_described(page: Page, track: str) -> None:
    guest = await page.artist("Bela")
    given = {
        "lyrics": "One\r\n\r\n  Two\u202e\n",
        "syncedLyrics": [{"startMs": 0, "text": "One"}, {"startMs": 900, "text": ""}],
        "genres": ["Trip Hop", "Ambient", "trip-hop"],
        "credits": [
            {"role": "FEATURED", "name": "Bela", "artistId": guest},
            {"role": "COMPOSER", "name": "  Alma   Ek "},
            {"role": "COMPOSER", "name": "Alma Ek"},
        ],
        "musicbrainzRecordingId": RECORDING,
    }
    written = await page.do(SET_TRACK, trackId=track, **given)
    assert written["userErrors"] == []
    assert written["track"] == {
        "id": track,
        "lyrics": "One\n\n  Two",
        "syncedLyrics": [{"startMs": 0, "text": "One"}, {"startMs": 900, "text": ""}],
        "musicbrainzRecordingId": RECORDING,
        "waveform": None,
        "genres": {"edges": [{"node": {"name": "Trip Hop"}}, {"node": {"name": "Ambient"}}]},
        "credits": {
            "totalCount": 2,
            "edges": [
                {"node": {"role": "FEATURED", "name": "Bela", "artist": {"id": guest}}},
                {"node": {"role": "COMPOSER", "name": "Alma Ek", "artist": None}},
            ],
        },
        "composers": {"edges": [{"node": {"name": "Alma Ek"}}]},
    }
    # What is left out stays, and what is given anew takes its place.
    again = (await page.do(SET_TRACK, trackId=track, title="Flood", lyrics=None, credits=[]))["track"]
    assert again == {
        **written["track"],
        "lyrics": None,
        "credits": {"totalCount": 0, "edges": []},
        "composers": {"edges": []},
    }


@pytest.mark.parametrize(
    ("given", "field"),
    [
        pytest.param({"genres": [f"Genre {n}" for n in range(11)]}, ["genres"], id="eleven genres"),
        pytest.param({"genres": ["?"]}, ["genres", "0"], id="a genre of signs"),
        pytest.param({"credits": [{"role": "MIXER", "name": " "}]}, ["credits", "0", "name"], id="a credit to nobody"),
        pytest.param(
            {"credits": [{"role": "MIXER", "name": "A", "artistId": "x"}]},
            ["credits", "0", "artistId"],
            id="to no artist",
        ),
        pytest.param({"lyrics": "a" * 50_001}, ["lyrics"], id="a book"),
        pytest.param({"syncedLyrics": [{"startMs": -1, "text": ""}]}, ["syncedLyrics", "0", "startMs"], id="before it"),
        pytest.param(
            {"syncedLyrics": [{"startMs": 2, "text": ""}, {"startMs": 1, "text": ""}]}, ["syncedLyrics"], id="disorder"
        ),
    ],
)
async def test_what_cannot_describe_a_track_changes_nothing(
    page: Page, track: str, given: dict[str, Any], field: list[str]
) -> None:
    refused = await page.do(SET_TRACK, trackId=track, title="Other", **given)
    assert refused["track"] is None
    assert [error["field"] for error in refused["userErrors"]] == [field]
    title = await page.ask.data("query($id: ID!) { track(id: $id) { title } }", page.owner, id=track)
    assert title == {"title": "Tune"}


async def test_everything_that_is_wrong_with_a_description_is_told_at_once(page: Page, track: str) -> None:
    lines, credits_ = [{"startMs": -1, "text": ""}], [{"role": "MIXER", "name": "A"}, {"role": "MIXER", "name": " "}]
    wrong = {"title": " ", "genres": ["Folk", "?"], "credits": credits_, "lyrics": "a" * 50_001, "syncedLyrics": lines}
    fields = [["title"], ["genres", "1"], ["credits", "1", "name"], ["lyrics"], ["syncedLyrics", "0", "startMs"]]
    refused = await page.do(SET_TRACK, trackId=track, **wrong)
    assert [error["field"] for error in refused["userErrors"]] == fields
    links = [{"title": " ", "url": "https://a.example/"}]
    refused = await page.do(SET_ARTIST, artistId=await page.artist(), name=" ", biography="a" * 50_001, links=links)
    assert [error["field"] for error in refused["userErrors"]] == [["name"], ["biography"], ["links", "0", "title"]]


async def test_waveform_is_a_row_of_numbers(page: Page, track: str, pool: Any) -> None:
    await pool.execute("UPDATE assets SET waveform = $1", bytes([0, 128, 255]))
    found = await page.ask.data("query($id: ID!) { track(id: $id) { waveform } }", None, id=track)
    assert found == {"waveform": [0, 128, 255]}


async def test_genre_leads_to_its_music_and_the_newest_comes_first(page: Page, add_track: Any) -> None:
    tracks = [ids.encode("Track", await add_track(page.owner, ready=1000)) for _ in range(3)]
    for one in tracks:
        await page.do(SET_TRACK, trackId=one, genres=["Folk"])
    hidden = ids.encode("Track", await add_track(page.owner))
    await page.do(SET_TRACK, trackId=hidden, genres=["Ambient", "Folk"])
    query = (
        "{ genres { totalCount edges { node { id name albums { totalCount }"
        " tracks(first: 2) { totalCount pageInfo { hasNextPage } edges { node { id } } } } } } }"
    )
    genres = await page.ask.data(query)
    ambient, folk = (edge["node"] for edge in genres["edges"])
    assert (ambient["name"], ambient["tracks"]["totalCount"], folk["name"]) == ("Ambient", 0, "Folk")
    assert folk["tracks"] == {
        "totalCount": 3,
        "pageInfo": {"hasNextPage": True},
        "edges": [{"node": {"id": tracks[2]}}, {"node": {"id": tracks[1]}}],
    }
    assert await page.ask.data("query($id: ID!) { genre(id: $id) { name } }", None, id=folk["id"]) == {"name": "Folk"}


async def test_two_who_name_the_same_new_genres_make_each_once(page: Page, add_track: Any, pool: Any) -> None:
    tracks = [ids.encode("Track", await add_track(page.owner)) for _ in range(4)]
    names = [f"Genre {n}" for n in range(8)]
    orders = [names, names[::-1], names[4:], names[::2]]
    await asyncio.gather(
        *(page.do(SET_TRACK, trackId=one, genres=order) for one, order in zip(tracks, orders, strict=True))
    )
    assert await pool.fetchval("SELECT count(*) FROM genres") == len(names)


async def test_profile_is_changed_field_by_field_and_a_new_name_is_found(page: Page, pool: Any) -> None:
    artist = await page.artist()
    album = await page.album(artist)
    links = [{"title": "Home", "url": "https://alma.example/"}]
    changed = await page.do(SET_ARTIST, artistId=artist, biography=" Born by a river.\n", links=links)
    assert changed == {
        "artist": {"name": "Alma", "biography": "Born by a river.", "links": links},
        "userErrors": [],
    }
    renamed = await page.do(SET_ARTIST, artistId=artist, name="Alma Ek")
    assert renamed["artist"] == {**changed["artist"], "name": "Alma Ek"}
    key = ids.require("Album", album, field="")
    assert await pool.fetchval("SELECT search_text FROM albums WHERE id = $1", key) == "rivers\nalma ek"


@pytest.mark.parametrize(
    "url", ["javascript:alert(1)", "ftp://a.example/", "https://", "https://a.example@b.example/", "https://a b/", "x"]
)
async def test_links_are_web_addresses(page: Page, url: str) -> None:
    artist = await page.artist()
    refused = await page.do(SET_ARTIST, artistId=artist, links=[{"title": "Home", "url": url}])
    assert [error["field"] for error in refused["userErrors"]] == [["links", "0", "url"]]


async def test_label_looks_after_an_artist_that_was_handed_over(page: Page, add_user: Any) -> None:
    artist = await page.artist()
    label, listener = await add_user(Role.LABEL), await add_user(Role.LISTENER)
    to_listener = await page.do(HAND_OVER, artistId=artist, userId=ids.encode("User", listener.user_id))
    assert [error["code"] for error in to_listener["userErrors"]] == ["INVALID_VALUE"]
    await page.do(HAND_OVER, artistId=artist, userId=ids.encode("User", label.user_id))
    changed = await page.do(SET_ARTIST, label, artistId=artist, biography="Signed.")
    assert changed["artist"]["biography"] == "Signed."
    assert (await page.do(NEW_ALBUM, label, artistId=artist, title="Rivers"))["userErrors"] == []
    query = "query($id: ID!) { node(id: $id) { ... on User { artists { edges { node { id } } } } } }"
    for viewer, expected in ((label, {"edges": [{"node": {"id": artist}}]}), (page.owner, None)):
        found = await page.ask.data(query, viewer, id=ids.encode("User", label.user_id))
        assert found == {"artists": expected}
    assert await page.ask.codes(SET_ARTIST, page.owner, **{"in": {"artistId": artist, "name": "X"}}) == ["FORBIDDEN"]


async def test_artist_whose_music_shares_albums_stays(page: Page, add_user: Any, track: str) -> None:
    various = await page.artist("Various Artists")
    await page.do(SET_TRACK, trackId=track, albumId=await page.album(various))
    found = await page.ask.data("query($id: ID!) { track(id: $id) { artist { id } } }", page.owner, id=track)
    label = ids.encode("User", (await add_user(Role.LABEL)).user_id)
    for artist in (found["artist"]["id"], various):
        refused = await page.do(HAND_OVER, artistId=artist, userId=label)
        assert [error["field"] for error in refused["userErrors"]] == [["artistId"]]


@pytest.mark.parametrize("role", [Role.LISTENER, Role.ARTIST, Role.LABEL])
async def test_nobody_else_changes_what_is_not_theirs(page: Page, add_user: Any, track: str, role: Role) -> None:
    artist = await page.artist()
    album = await page.album(artist)
    stranger = await add_user(role)
    given = {
        SET_ARTIST: {"artistId": artist, "biography": "Mine."},
        SET_ALBUM: {"albumId": album, "state": "WITHDRAWN"},
        SET_TRACK: {"trackId": track, "genres": ["Mine"]},
        HAND_OVER: {"artistId": artist, "userId": ids.encode("User", stranger.user_id)},
    }
    for document, fields in given.items():
        assert await page.ask.codes(document, stranger, **{"in": fields}) == ["FORBIDDEN"]
    assert (await page.ask.data("{ genres { totalCount } }"))["totalCount"] == 0


async def test_account_chooses_its_country_and_the_next_token_has_it(page: Page) -> None:
    sign_up = (
        "mutation($in: SignUpInput!) { signUp(input: $in)"
        " { session { refreshToken user { market } } userErrors { field code } } }"
    )
    given = {"email": "a@tests.example", "password": "a few words together", "displayName": "A"}
    refused = await page.ask.data(sign_up, None, **{"in": {**given, "market": "XX"}})
    assert refused["userErrors"] == [{"field": ["market"], "code": "INVALID_VALUE"}]
    session = (await page.ask.data(sign_up, None, **{"in": {**given, "market": "se"}}))["session"]
    assert session["user"] == {"market": "SE"}
    update = (
        "mutation($in: UpdateAccountInput!) { updateAccount(input: $in)"
        " { user { displayName market } userErrors { field code } } }"
    )
    changed = await page.ask.data(update, page.owner, **{"in": {"market": "NO", "displayName": "Nora"}})
    assert changed == {"user": {"displayName": "Nora", "market": "NO"}, "userErrors": []}
    assert (await page.ask.data(update, page.owner, **{"in": {}}))["user"]["market"] == "NO"
    assert (await page.ask.data(update, page.owner, **{"in": {"market": None}}))["user"]["market"] is None
    other = msgspec.structs.replace(page.owner, market="NO")
    query = "query($id: ID!) { node(id: $id) { ... on User { market } } }"
    assert await page.ask.data(query, None, id=ids.encode("User", other.user_id)) == {"market": None}


async def test_demo_describes_the_records_that_it_has(pool, add_user) -> None:
    owner, artist = await add_user(Role.ARTIST), new_key()
    account = User(
        id=owner.user_id, email="a@b.example", display_name="A", role=Role.ARTIST, listening_private=False, market=None
    )
    piece, missing = PIECES[-1], PIECES[0]
    await pool.execute(
        "INSERT INTO artists (id, owner_id, name, search_text) VALUES ($1, $2, 'Band', 'band')", artist, owner.user_id
    )
    await pool.execute(
        "INSERT INTO albums (id, artist_id, title, search_text) VALUES ($1, $1, 'Record', 'record')", artist
    )
    await pool.execute(
        "INSERT INTO tracks (id, artist_id, album_id, title, search_text, asset_id, isrc)"
        " VALUES ($1, $1, $1, 'Tune', 'tune', $1, $2)",
        artist,
        piece.isrc,
    )
    await describe(pool, account, [missing, piece])
    told = "SELECT (SELECT type FROM albums), (SELECT count(*) FROM album_genres), (SELECT name FROM track_credits)"
    assert tuple(await pool.fetchrow(told)) == ("single", 1, "Paper Orrery")

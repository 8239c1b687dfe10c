"""The page for frontend developers: every operation as it is printed, and its tables against the registries."""

import hashlib
import json
import re
from collections.abc import Awaitable, Callable, Iterator
from datetime import UTC, datetime, timedelta
from typing import Any, NamedTuple
from uuid import uuid4

import pytest

from config.postgres import Pool
from graph import ids, names, paging
from graph.accounts import passwords
from graph.accounts import service as accounts
from graph.errors import PROBLEM_MEANINGS, Code, GraphError, ProblemCode
from graph.keys import new_key
from graph.listening import plays
from graph.listening.charts import write_daily
from graph.listening.rollup import roll_up
from graph.playlists import records as playlists
from graph.search import service as search
from graph.viewer import Role, Viewer
from tests.graph.clients import Ask
from tests.graph.masters import add_revision
from tests.graph.pages import Page, shape

PASSWORD = "seven quiet lakes"
DELIVER = "mutation($tracks: [SuppliedTrackInput!]!) { upsertTracks(input: {tracks: $tracks}) { tracks { trackId } } }"
DESCRIBE_TRACK = "mutation($in: UpdateTrackInput!) { updateTrack(input: $in) { userErrors { code } } }"
DESCRIBE_ARTIST = "mutation($in: UpdateArtistInput!) { updateArtist(input: $in) { userErrors { code } } }"
FIND = "query($id: ID!) { track(id: $id) { id artist { id } album { id } } }"

Do = Callable[..., Awaitable[Any]]
"""Run an operation of the page: what comes back has the form that is printed there."""


class Release(NamedTuple):
    """Global ids of an album with one track, complete with artwork, lyrics and media."""

    artist: str
    album: str
    track: str


@pytest.fixture
async def release(ask: Ask, pool: Pool, add_user: Any) -> Release:
    owner = await add_user(Role.ARTIST)
    album = {"title": "Rivers", "releaseDate": "2026-10-02"}
    row = {"key": "1", "title": "River", "artist": "Alma", "genres": ["Folk"], "trackNumber": 1, "album": album}
    (delivered,) = (await ask.data(DELIVER, owner, tracks=[row]))["tracks"]
    found = await ask.data(FIND, owner, id=delivered["trackId"])
    made = Release(found["artist"]["id"], found["album"]["id"], found["id"])
    await _publish(pool, owner, made)
    lyrics = {"lyrics": "River, river", "syncedLyrics": [{"startMs": 1000, "text": "River, river"}]}
    await ask.data(DESCRIBE_TRACK, owner, **{"in": {"trackId": made.track, **lyrics}})
    told = {"biography": "Writes songs.", "links": [{"title": "Home", "url": "https://alma.example.com"}]}
    await ask.data(DESCRIBE_ARTIST, owner, **{"in": {"artistId": made.artist, **told}})
    return made


async def _publish(pool: Pool, owner: Viewer, made: Release) -> None:
    """Media and artwork, as if a worker had made them."""
    track, image = ids.find("Track", made.track), new_key()
    assert track is not None
    asset = await pool.fetchval("SELECT asset_id FROM tracks WHERE id = $1", track)
    await add_revision(pool, owner, track=track, asset=asset, duration_ms=60_000)
    await pool.execute(
        "INSERT INTO images (id, owner_id, status, size_bytes, sha256, width_px, height_px, color, placeholder, sizes)"
        " VALUES ($1, $2, 'ready', 1, $3, 64, 64, '#102030', 'L00000fQfQfQfQfQfQfQfQfQfQfQ', $4)",
        image,
        owner.user_id,
        hashlib.sha256(image.bytes).digest(),
        json.dumps([{"size_px": 64, "width_px": 64, "height_px": 64}]),
    )
    await pool.execute("UPDATE albums SET image_id = $2 WHERE id = $1", ids.find("Album", made.album), image)


def doing(page: Page, ask: Ask, viewer: Viewer | None) -> Do:
    async def do(operation: str, **variables: Any) -> Any:
        document, shown = page.take(operation)
        body = await ask(document, viewer, **variables)
        assert "errors" not in body, body
        shown_variables = shown[:1] if variables else ()
        assert [shape(one) for one in shown_variables] == ([shape(variables)] if variables else []), operation
        for answer in shown[len(shown_variables) :]:
            assert shape(body["data"]) == shape(answer), operation
        return body["data"]

    return do


async def test_every_operation_answers_what_the_page_shows(
    ask: Ask, pool: Pool, add_user: Any, release: Release
) -> None:
    page, listener = Page("api.md"), await add_user(Role.LISTENER)
    do = doing(page, ask, listener)
    await _sign_up_and_stay(doing(page, ask, None))
    begun = await ask.data(page.document("Changes"), listener)
    await _collect(do, release, cursor=begun["changes"]["cursor"])
    await _arrange(do, release)
    await _play(do, release)
    async with pool.acquire() as connection:
        await roll_up(connection, datetime.now(UTC))
        await write_daily(connection, datetime.now(UTC))
    await _browse(do, release)
    assert page.left == set()


async def _sign_up_and_stay(do: Do) -> None:
    account = {"email": "mira@example.com", "password": PASSWORD}
    await do("SignUp", input={**account, "displayName": "Mira", "market": "SE"})
    session = (await do("SignIn", input=account))["signIn"]["session"]
    refreshed = (await do("Refresh", input={"refreshToken": session["refreshToken"]}))["refreshSession"]
    assert refreshed["session"]["refreshToken"] != session["refreshToken"]


async def _collect(do: Do, release: Release, *, cursor: str) -> None:
    assert (await do("Like", track=release.track))["likeTrack"]["track"]["viewerHasLiked"]
    (told,) = (await do("Changes", after=cursor))["viewer"]["changes"]["changes"]
    assert (told["part"], told["nodeId"]) == ("LIKED_TRACK", release.track)
    assert (await do("Save", album=release.album))["saveAlbum"]["album"]["viewerHasSaved"]
    liked = (await do("LikedTracks", after=None))["viewer"]["library"]["likedTracks"]
    assert [edge["node"]["id"] for edge in liked["edges"]] == [release.track]


async def _arrange(do: Do, release: Release) -> None:
    wanted = {"name": "Evening", "public": False, "idempotencyKey": str(uuid4())}
    made = (await do("CreatePlaylist", input=wanted))["createPlaylist"]["playlist"]
    assert (await do("CreatePlaylist", input=wanted))["createPlaylist"]["playlist"] == made
    given = {"playlistId": made["id"], "trackIds": [release.track, release.track], "idempotencyKey": str(uuid4())}
    added = (await do("AddToPlaylist", input=given))["addPlaylistEntries"]
    assert (await do("AddToPlaylist", input=given))["addPlaylistEntries"] == added
    first, last = (entry["id"] for entry in added["entries"])
    move = {"playlistId": made["id"], "revision": added["revision"], "entryIds": [last], "place": {"end": "START"}}
    moved = (await do("MoveInPlaylist", input=move))["movePlaylistEntries"]["playlist"]
    assert [edge["node"]["id"] for edge in moved["entries"]["edges"]] == [last, first]
    assert (await do("Library"))["viewer"]["library"]["savedAlbums"]["totalCount"] == 1


async def _play(do: Do, release: Release) -> None:
    await do("Play", input={"trackId": release.track, "maxBandwidthBps": 320_000})
    now = datetime.now(UTC)
    began_at = (now - timedelta(minutes=3)).isoformat()
    play = {"clientKey": "one", "trackId": release.track, "startedAt": began_at, "playedMs": 60_000}
    (told,) = (await do("ReportPlays", plays=[play], sentAt=now.isoformat()))["reportPlays"]["results"]
    assert told["outcome"] == "COUNTED"


async def _browse(do: Do, release: Release) -> None:
    home = await do("Home")
    assert home["trendingTracks"]["edges"][0]["node"]["id"] == release.track
    found = [edge["node"]["id"] for edge in (await do("Search", query="river", after=None))["search"]["edges"]]
    assert found == [release.track, release.album]
    assert (await do("ArtistPage", artist=release.artist, after=None))["artist"]["id"] == release.artist
    assert (await do("AlbumPage", album=release.album, after=None))["album"]["viewerHasSaved"]
    assert (await do("TrackPage", track=release.track))["track"]["viewerHasLiked"]


async def test_refusals_have_the_codes_that_the_page_names(ask: Ask, add_user: Any, release: Release) -> None:
    page, listener = Page("api.md"), await add_user(Role.LISTENER)

    async def refusals(operation: str, **variables: Any) -> set[str]:
        payload = await ask.data(page.document(operation), listener, **variables)
        return {error["code"] for error in payload["userErrors"]}

    account = {"email": "mira@example.com", "password": PASSWORD, "displayName": "Mira"}
    assert await refusals("SignUp", input=account) == set()
    assert await refusals("SignUp", input=account) == {"EMAIL_TAKEN"}
    wrong = {"email": "mira", "password": "short", "displayName": " "}
    assert await refusals("SignUp", input=wrong) == {"INVALID_EMAIL", "WEAK_PASSWORD", "REQUIRED"}
    guess = {"email": "mira@example.com", "password": "a wrong guess"}
    assert await refusals("SignIn", input=guess) == {"INVALID_CREDENTIALS"}
    assert await refusals("Refresh", input={"refreshToken": "used"}) == {"INVALID_REFRESH_TOKEN"}
    assert await refusals("Play", input={"trackId": release.album}) == {"NOT_FOUND"}
    assert await refusals("Play", input={"trackId": ids.encode("Track", new_key())}) == {"NOT_PLAYABLE"}
    assert await refusals("Like", track=ids.encode("Track", new_key())) == {"NOT_FOUND"}
    made = (await ask.data(page.document("CreatePlaylist"), listener, input={"name": "Evening"}))["playlist"]
    given = {"playlistId": made["id"], "trackIds": [release.track]}
    assert await refusals("AddToPlaylist", input={**given, "trackIds": []}) == {"REQUIRED"}
    (entry,) = (await ask.data(page.document("AddToPlaylist"), listener, input=given))["entries"]
    move = {"playlistId": made["id"], "revision": 1, "entryIds": [entry["id"]], "place": {"end": "START"}}
    assert await refusals("MoveInPlaylist", input=move) == {"STALE_REVISION"}


async def test_failures_have_the_codes_that_the_page_names(ask: Ask, add_user: Any, release: Release) -> None:
    page, listener, other = Page("api.md"), await add_user(Role.LISTENER), await add_user(Role.LISTENER)
    assert await ask.codes(page.document("Play"), input={"trackId": release.track}) == ["UNAUTHENTICATED"]
    assert await ask.codes(page.document("Search"), listener, query="x" * 201) == ["BAD_REQUEST"]
    assert await ask.codes(page.document("LikedTracks"), listener, after="x") == ["BAD_REQUEST"]
    begun = await ask.data(page.document("Changes"), other)
    assert await ask.codes(page.document("Changes"), listener, after=begun["changes"]["cursor"]) == ["BAD_REQUEST"]
    home = (await ask(page.document("Home")))["data"]
    assert (home["viewer"], home["trendingTracks"]) == (None, {"edges": []})
    assert (await ask(page.document("AlbumPage"), album=release.track))["data"] == {"album": None}


def _errors(base: type[GraphError]) -> Iterator[type[GraphError]]:
    yield base
    for kind in base.__subclasses__():
        yield from _errors(kind)


def test_the_tables_of_errors_are_those_of_the_registries() -> None:
    page = Page("api.md")
    retryable = {kind.code for kind in _errors(GraphError) if kind.retryable}
    assert [row[:2] for row in page.rows("`extensions.code`")] == [
        [f"`{code.value}`", "yes" if code in retryable else "no"] for code in Code
    ]
    assert page.rows("`userErrors.code`") == [[f"`{code.name}`", PROBLEM_MEANINGS[code]] for code in ProblemCode]


def test_every_code_that_is_named_is_one_of_the_registries() -> None:
    known = {code.value for code in Code} | {code.name for code in ProblemCode}
    cells = " ".join(row[0] for row in Page("api.md").rows("error"))
    assert set(re.findall(r"`([A-Z_]+)`", cells)) <= known


def test_the_limits_are_those_of_the_code() -> None:
    limits = [
        paging.MAX_PAGE,
        paging.MAX_PAGE,
        search.MAX_QUERY_LENGTH,
        names.MAX_LENGTH,
        accounts.MAX_DISPLAY_NAME,
        passwords.MAX_LENGTH,
        plays.MOST_AT_ONCE,
        playlists.MAX_ENTRIES,
        playlists.MAX_AT_ONCE,
        playlists.MAX_DESCRIPTION,
    ]
    assert [row[1] for row in Page("api.md").rows("what | at most")] == [f"{limit:,}" for limit in limits]

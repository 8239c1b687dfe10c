"""Search from outside, on a small catalogue.

::

    Alma Lund            an artist whose name is found in her tracks too
    ├── Rivers           an album that begins like a track's title
    │   ├── River        the exact title of a query
    │   └── Riverside    begins with the query
    └── Don't Look Back  an apostrophe
    River                an artist who is named like a track
    Björk Ødegård        letters that people type without their strokes
    Мельница, 東京事変    other scripts
"""

from typing import Any
from uuid import UUID

import pytest

from config.postgres import Pool
from graph.catalog import service as catalogue
from graph.keys import new_key
from graph.playlists.service import create_playlist
from graph.viewer import Role, Viewer

SEARCH = """
query($query: String!, $kinds: [SearchKind!], $first: Int! = 20, $after: String) {
  search(query: $query, kinds: $kinds, first: $first, after: $after) {
    edges { cursor node { __typename ... on Artist { name } ... on Album { title } ... on Track { title } } }
    pageInfo { hasNextPage hasPreviousPage endCursor }
  }
}
"""


@pytest.fixture
async def owner(add_user: Any) -> Viewer:
    viewer: Viewer = await add_user(Role.ARTIST)
    return viewer


async def add_track(pool: Pool, owner: Viewer, artist: UUID, title: str, album: UUID | None = None) -> UUID:
    return await catalogue.create_track(
        pool,
        owner,
        artist_id=artist,
        album_id=album,
        title=title,
        isrc=None,
        disc_number=1,
        track_number=None,
        explicit=False,
    )


@pytest.fixture
async def library(app: Any, owner: Viewer) -> None:
    pool = app.state.services.pool
    alma = await catalogue.create_artist(pool, owner, name="Alma Lund")
    rivers = await catalogue.create_album(pool, owner, artist_id=alma, title="Rivers", release_date=None)
    for title, album in (("River", rivers), ("Riverside", rivers), ("Don\u2019t Look Back", None)):
        await add_track(pool, owner, alma, title, album)
    for name in ("River", "Björk Ødegård", "Мельница", "東京事変"):
        await catalogue.create_artist(pool, owner, name=name)


def names(connection: Any) -> list[str]:
    found = [edge["node"] for edge in connection["edges"]]
    return [f"{node['__typename']} {node.get('name') or node.get('title')}" for node in found]


@pytest.mark.parametrize(
    ("query", "found"),
    [
        pytest.param(
            "river",
            ["Artist River", "Track River", "Album Rivers", "Track Riverside"],
            id="exact before begun, artists before albums before tracks",
        ),
        pytest.param("RIV", ["Artist River", "Album Rivers", "Track River", "Track Riverside"], id="a word begun"),
        pytest.param("alma riv", ["Album Rivers", "Track River", "Track Riverside"], id="an artist and a title begun"),
        pytest.param("river alma", ["Track River"], id="the words in another order, the first one whole"),
        pytest.param("rivers riverside", ["Track Riverside"], id="an album and a title"),
        pytest.param("dont look", ["Track Don\u2019t Look Back"], id="without the apostrophe"),
        pytest.param("don't look back", ["Track Don\u2019t Look Back"], id="with another apostrophe"),
        pytest.param("bjork odegard", ["Artist Björk Ødegård"], id="without strokes and dots"),
        pytest.param("BJÖRK", ["Artist Björk Ødegård"], id="with them, in capitals"),
        pytest.param("мельн", ["Artist Мельница"], id="Cyrillic"),
        pytest.param("東京", ["Artist 東京事変"], id="Japanese"),
        pytest.param("iver", [], id="the middle of a word is not looked at"),
        pytest.param("river nowhere", [], id="one word too many"),
        pytest.param("", [], id="nothing"),
        pytest.param("!?", [], id="signs only"),
        pytest.param("'; DROP TABLE tracks; --", [], id="SQL"),
        pytest.param("river & !alma | <-> (lund):*", ["Track River"], id="operators of a text query"),
        pytest.param("\\ ' \" \u0000 %", [], id="what quoting is for"),
    ],
)
@pytest.mark.usefixtures("library")
async def test_finds(ask: Any, owner: Viewer, query: str, found: list[str]) -> None:
    assert names(await ask.data(SEARCH, owner, query=query)) == found


@pytest.mark.usefixtures("library")
async def test_looks_for_the_kinds_that_are_asked_for(ask: Any, owner: Viewer) -> None:
    assert names(await ask.data(SEARCH, owner, query="river", kinds=["ALBUM", "TRACK"])) == [
        "Track River",
        "Album Rivers",
        "Track Riverside",
    ]
    assert names(await ask.data(SEARCH, owner, query="river", kinds=[])) == []


@pytest.mark.usefixtures("library")
async def test_pages_stay_in_order_while_the_catalogue_grows(ask: Any, owner: Viewer) -> None:
    pool = ask.app.state.services.pool
    seen, after = [], None
    for expected_next in (True, True, True, False):
        connection = await ask.data(SEARCH, owner, query="river", first=1, after=after)
        seen += names(connection)
        assert connection["pageInfo"]["hasNextPage"] is expected_next
        after = connection["pageInfo"]["endCursor"]
        if len(seen) == 2:
            await catalogue.create_artist(pool, owner, name="River")  # before the cursor
            await catalogue.create_artist(pool, owner, name="Rive Rouge")  # not what is looked for
    assert seen == ["Artist River", "Track River", "Album Rivers", "Track Riverside"]


@pytest.mark.usefixtures("library")
async def test_a_page_takes_one_statement_for_the_search_and_one_for_each_kind(
    ask: Any, owner: Viewer, counting: Any
) -> None:
    async with counting() as statements:
        assert len((await ask.data(SEARCH, owner, query="river"))["edges"]) == 4
    assert len(statements) == 4


async def test_an_endless_query_is_a_bad_request(ask: Any) -> None:
    assert await ask.codes(SEARCH, query="x" * 201) == ["BAD_REQUEST"]
    assert await ask.codes(SEARCH, query="x" * 200) == []


async def test_a_long_word_of_many_bytes_is_looked_for(ask: Any) -> None:
    assert await ask.codes(SEARCH, query="\ufdfa" * 200) == []  # one character that folds to eighteen


async def test_each_kind_is_looked_up_in_its_index(app: Any, owner: Viewer) -> None:
    pool: Pool = app.state.services.pool
    artist = await catalogue.create_artist(pool, owner, name="Nobody")
    await pool.executemany(
        "INSERT INTO tracks (id, artist_id, title, search_text, asset_id) VALUES ($1, $2, 'x', $3, $4)",
        [(new_key(), artist, f"word{number} tune", new_key()) for number in range(2000)],
    )
    await pool.execute("ANALYZE tracks")
    plan = await pool.fetch(
        "EXPLAIN SELECT id FROM tracks WHERE to_tsvector('simple', search_text) @@ to_tsquery('simple', '''word7'':*')"
    )
    assert "tracks_search" in str(plan)


@pytest.mark.usefixtures("library")
async def test_public_playlists_are_found_by_their_name_behind_the_music(ask: Any, app: Any, owner: Viewer) -> None:
    pool = app.state.services.pool
    for name, public in (("Rivers and Lakes", True), ("River of mine", False), ("Río", True)):
        await create_playlist(pool, owner, name=name, description="river", public=public)
    query = SEARCH.replace("... on Track { title }", "... on Track { title } ... on Playlist { title: name }")
    assert names(await ask.data(query, owner, query="lakes river")) == ["Playlist Rivers and Lakes"]
    assert names(await ask.data(query, None, query="river"))[-1] == "Playlist Rivers and Lakes"
    assert names(await ask.data(query, None, query="rio", kinds=["PLAYLIST"])) == ["Playlist Río"]

"""How lists of the catalogue are paged, and how many statements that takes."""

from typing import Any
from uuid import UUID

import pytest

from graph import ids
from graph.viewer import Viewer
from tests.graph.catalog.catalogue import Catalogue

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
PAGE = """
query($id: ID!) { artist(id: $id) { name albums(first: 50) { edges { node {
  title artist { name } tracks(first: 10) { edges { node { title durationMs artist { name } album { title } } } }
} } } } }
"""


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

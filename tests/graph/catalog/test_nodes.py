"""What an id finds, alone and among others."""

from typing import Any
from uuid import UUID

import pytest

from graph import ids
from tests.graph.catalog.catalogue import Catalogue


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

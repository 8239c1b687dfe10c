"""Which album is meant, against a hand-written client; the documents are judged by the schema elsewhere."""

from typing import Any
from uuid import UUID

import pytest

from appliance.albums import ALBUM, SEARCH_ALBUMS, START_ALBUM, Album, find_album, start_album
from appliance.listening import NothingFound
from graph import ids
from tests.appliance.play.test_listening import Answers

KEY = UUID("0197b1a0-0000-7000-8000-000000000001")
RIVERS = {"id": "id of Rivers", "title": "Rivers", "artist": {"name": "Band"}}


async def test_takes_the_first_album_of_a_search() -> None:
    client = Answers({SEARCH_ALBUMS: {"edges": [{"node": RIVERS}]}})

    found = await find_album(client, "rivers")

    assert (found.id, found.described) == ("id of Rivers", "Rivers, by Band")
    assert client.asked == [(SEARCH_ALBUMS, {"query": "rivers"})]


@pytest.mark.parametrize("words", [ids.encode("Album", KEY), str(KEY)], ids=["global id", "uuid"])
async def test_takes_an_id_for_the_album_itself(words: str) -> None:
    client = Answers({ALBUM: RIVERS})

    assert (await find_album(client, words)).title == "Rivers"
    assert client.asked == [(ALBUM, {"id": ids.encode("Album", KEY)})]


@pytest.mark.parametrize(
    ("answers", "words"),
    [
        pytest.param({ALBUM: None}, str(KEY), id="no such album"),
        pytest.param({SEARCH_ALBUMS: {"edges": []}}, "noise", id="no match"),
    ],
)
async def test_says_that_nothing_was_found(answers: dict[str, Any], words: str) -> None:
    with pytest.raises(NothingFound, match=f"no album was found for '{words}'"):
        await find_album(Answers(answers), words)


async def test_starts_it_in_the_scheme_that_was_asked_for() -> None:
    client = Answers({START_ALBUM: {"playback": {"hlsUrl": "https://origin.example/hls", "dashUrl": None}}})

    playback = await start_album(client, Album(id="id", title="Rivers"), "AES_128")

    assert (playback.hls_url, playback.dash_url) == ("https://origin.example/hls", None)
    assert client.asked == [(START_ALBUM, {"albumId": "id", "protection": "AES_128"})]

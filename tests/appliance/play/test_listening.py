"""Which track is meant, against a hand-written client; the documents are judged by the schema elsewhere."""

from typing import Any
from uuid import UUID

import msgspec
import pytest

from appliance.client import GraphClient
from appliance.listening import SEARCH, TRACK, NothingFound, find_track
from graph import ids

KEY = UUID("0197b1a0-0000-7000-8000-000000000001")


class Answers(GraphClient):
    """Answers queries from a table and remembers what was asked."""

    def __init__(self, answers: dict[str, Any]) -> None:
        self.answers = answers
        self.asked: list[tuple[str, Any]] = []

    async def query(self, document: str, variables: Any, *, to: Any) -> Any:
        self.asked.append((document, dict(variables)))
        return msgspec.convert(self.answers[document], to)


def track(title: str, *, ready: bool = True) -> dict[str, Any]:
    return {"id": f"id of {title}", "title": title, "durationMs": 1000 if ready else None, "artist": {"name": "Band"}}


def hits(*nodes: dict[str, Any]) -> dict[str, Any]:
    return {SEARCH: {"edges": [{"node": node} for node in nodes]}}


def holding(*tracks: dict[str, Any]) -> dict[str, Any]:
    return {"tracks": {"edges": [{"node": each} for each in tracks]}}


@pytest.mark.parametrize(
    ("nodes", "title"),
    [
        pytest.param([track("One"), track("Two")], "One", id="the first track"),
        pytest.param([holding(track("Below")), track("One")], "One", id="a track before what an artist has"),
        pytest.param([holding(), holding(track("Below"))], "Below", id="the first track of an album"),
        pytest.param([track("Soon", ready=False), track("Now")], "Now", id="only what can be heard"),
        pytest.param([holding(track("Soon", ready=False), track("Now"))], "Now", id="only what can be heard below"),
    ],
)
async def test_takes_from_a_search(nodes: list[dict[str, Any]], title: str) -> None:
    client = Answers(hits(*nodes))

    found = await find_track(client, "words")

    assert (found.title, found.described) == (title, f"{title}, by Band")
    assert client.asked == [(SEARCH, {"query": "words"})]


@pytest.mark.parametrize(
    "words", [ids.encode("Track", KEY), str(KEY), str(KEY).upper()], ids=["global id", "uuid", "uuid in capitals"]
)
async def test_takes_an_id_for_the_track_itself(words: str) -> None:
    client = Answers({TRACK: track("One")})

    assert (await find_track(client, words)).title == "One"
    assert client.asked == [(TRACK, {"id": ids.encode("Track", KEY)})]


@pytest.mark.parametrize(
    "answers",
    [
        pytest.param({TRACK: None}, id="no such track"),
        pytest.param({TRACK: track("Soon", ready=False)}, id="a track that is not ready"),
    ],
)
async def test_says_that_an_id_leads_to_nothing(answers: dict[str, Any]) -> None:
    with pytest.raises(NothingFound, match=f"nothing to play was found for '{KEY}'"):
        await find_track(Answers(answers), str(KEY))


async def test_says_that_a_search_found_nothing() -> None:
    with pytest.raises(NothingFound, match="nothing to play was found for 'noise'"):
        await find_track(Answers(hits()), "noise")


async def test_an_artists_id_is_searched_for_like_words() -> None:
    client = Answers(hits())

    with pytest.raises(NothingFound):
        await find_track(client, ids.encode("Artist", KEY))

    assert client.asked[0][0] == SEARCH

"""Which track is meant, against a hand-written client; the documents are judged by the schema elsewhere."""

from typing import Any
from uuid import UUID

import msgspec
import pytest

from appliance.client import GraphClient
from appliance.listening import (
    SEARCH,
    START_WHOLE,
    TRACK,
    NoSuchQuality,
    NothingFound,
    Track,
    find_track,
    start_whole,
)
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

    async def mutate(self, document: str, value: Any, *, to: Any, **_options: Any) -> Any:
        return await self.query(document, value, to=to)


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


TYPES = {"m4a": "audio/mp4", "flac": "audio/flac", "mp3": "audio/mpeg", "ogg": "audio/ogg"}


def stored(*file_names: str) -> dict[str, Any]:
    """The answer for a track of these whole files."""
    files = [
        {"quality": name.split(".")[0], "mediaType": TYPES[name.split(".")[1]], "url": f"https://origin.example/{name}"}
        for name in file_names
    ]
    return {START_WHOLE: {"playback": {"files": files}}}


LADDER = ("aac-160.m4a", "flac.flac", "mp3-320.mp3", "vorbis-96.ogg")


@pytest.mark.parametrize(
    ("file_names", "quality", "taken"),
    [
        pytest.param(LADDER, None, "mp3-320.mp3", id="what every player opens"),
        pytest.param(("vorbis-96.ogg", "flac.flac", "low.m4a"), None, "low.m4a", id="what most players open"),
        pytest.param(("vorbis-96.ogg", "flac.flac"), None, "vorbis-96.ogg", id="the first of a ladder of others"),
        pytest.param(LADDER, "flac", "flac.flac", id="the one that is named"),
    ],
)
async def test_takes_a_whole_file(file_names: tuple[str, ...], quality: str | None, taken: str) -> None:
    client = Answers(stored(*file_names))

    found = await start_whole(client, Track(id="id", title="One"), quality)

    assert found.url == f"https://origin.example/{taken}"
    assert client.asked == [(START_WHOLE, {"trackId": "id"})]


async def test_names_the_qualities_that_there_are() -> None:
    with pytest.raises(NoSuchQuality, match="'best'; there are aac-160, flac, mp3-320, vorbis-96"):
        await start_whole(Answers(stored(*LADDER)), Track(id="id", title="One"), "best")


@pytest.mark.parametrize("quality", [None, "flac"])
async def test_says_that_there_are_no_whole_files(quality: str | None) -> None:
    with pytest.raises(NoSuchQuality, match="not stored as a whole file"):
        await start_whole(Answers(stored()), Track(id="id", title="One"), quality)

"""Descriptions after an import, with a client that is written by hand."""

from pathlib import Path
from typing import Any

import msgspec
import pytest

from appliance.client_errors import GraphRefused
from appliance.importer.description import take_over
from appliance.importer.outcome import Outcome, Status
from config.errors import ServiceUnavailable

LINES = [{"startMs": 0, "text": "River"}]
SAID = {
    "genres": ["Folk", "Ambient"],
    "lyrics": "River",
    "syncedLyrics": LINES,
    "musicbrainzRecordingId": "recording",
    "musicbrainzReleaseId": "release",
}
SILENT: dict[str, Any] = {
    "genres": [],
    "lyrics": None,
    "syncedLyrics": [],
    "musicbrainzRecordingId": None,
    "musicbrainzReleaseId": None,
}


class FakeClient:
    """Tracks by id, in their order; `fault` is raised for a query or a mutation of this id."""

    def __init__(self, *tracks: dict[str, Any] | None, fault: tuple[str, Exception] | None = None) -> None:
        self.tracks = tracks
        self.fault = fault
        self.written: list[dict[str, Any]] = []

    async def query(self, _document: str, variables: dict[str, Any], *, to: Any) -> Any:
        self._fail(variables["ids"][0])
        return msgspec.convert(list(self.tracks), to)

    async def mutate(self, _document: str, value: dict[str, Any], *, to: Any) -> Any:
        self._fail(value.get("trackId", ""))
        self.written.append(value)
        return msgspec.convert({}, to)

    def _fail(self, key: str) -> None:
        if self.fault is not None and self.fault[0] == key:
            raise self.fault[1]


def track(id_: str, *, said: dict[str, Any] = SAID, album: bool = True, **held: Any) -> dict[str, Any]:
    some = {"edges": [{"node": {"id": "genre"}}]}
    return {
        "id": id_,
        "lyrics": None,
        "syncedLyrics": [],
        "musicbrainzRecordingId": None,
        **held,
        "genres": some if held else {"edges": []},
        "album": {"id": "album", "musicbrainzReleaseId": None, "genres": {"edges": []}} if album else None,
        "proposal": {"tags": said},
    }


OUTCOMES = [Outcome(file=Path("a.flac"), status=Status.READY, track="first")]
TRACK = {name: SAID[name] for name in ("genres", "lyrics", "syncedLyrics", "musicbrainzRecordingId")}
ALBUM = {"albumId": "album", "genres": ["Folk", "Ambient"], "musicbrainzReleaseId": "release"}


async def test_what_masters_say_is_written_and_an_album_is_described_once() -> None:
    client = FakeClient(track("1"), None, track("2", said={**SAID, "genres": ["Jazz"] * 20}))
    await take_over(client, OUTCOMES)
    assert client.written == [{"trackId": "1", **TRACK}, ALBUM, {"trackId": "2", **TRACK, "genres": ["Jazz"] * 10}]


async def test_what_somebody_has_said_stays_and_silence_writes_nothing() -> None:
    held = {"lyrics": "Lake", "syncedLyrics": LINES, "musicbrainzRecordingId": "other"}
    foreign = {**track("3", album=False), "proposal": None}
    client = FakeClient(track("1", album=False, **held), track("2", said=SILENT), foreign)
    await take_over(client, OUTCOMES)
    assert client.written == []


@pytest.mark.parametrize(
    ("fault", "written"),
    [
        pytest.param(("1", GraphRefused("FORBIDDEN", "no")), ["2"], id="one refused"),
        pytest.param(("1", ServiceUnavailable("graph", "away")), [], id="away"),
        pytest.param(("first", GraphRefused("FORBIDDEN", "no")), [], id="nothing to be read"),
    ],
)
async def test_import_is_not_spoilt(fault: tuple[str, Exception], written: list[str]) -> None:
    client = FakeClient(track("1", album=False), track("2", album=False), fault=fault)
    await take_over(client, OUTCOMES)
    assert [value["trackId"] for value in client.written] == written

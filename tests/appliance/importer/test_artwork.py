"""Covers after an import, with a client that is written by hand."""

from pathlib import Path
from typing import Any

import msgspec
import pytest

from appliance.client_errors import GraphRefused
from appliance.importer.artwork import take_over
from appliance.importer.outcome import Outcome, Status
from config.errors import ServiceUnavailable


class FakeClient:
    """Tracks by id; `fault` is raised instead of an answer."""

    def __init__(self, tracks: dict[str, Any], fault: Exception | None = None) -> None:
        self.tracks = tracks
        self.fault = fault
        self.asked: list[int] = []
        self.artwork: dict[str, str] = {}

    async def query(self, _document: str, variables: dict[str, Any], *, to: Any) -> Any:
        if self.fault is not None:
            raise self.fault
        self.asked.append(len(variables["ids"]))
        return msgspec.convert([self.tracks.get(id_) for id_ in variables["ids"]], to)

    async def mutate(self, _document: str, value: dict[str, str], *, to: Any) -> Any:
        assert value["subjectId"] not in self.artwork
        self.artwork[value["subjectId"]] = value["imageId"]
        return msgspec.convert({"subject": {"id": value["subjectId"]}}, to)


def track(album: str | None, image: str | None, *, status: str = "QUEUED", shown: bool = False) -> dict[str, Any]:
    return {
        "album": album and {"id": album, "image": {"id": "shown"} if shown else None},
        "proposal": {"image": image and {"id": image, "status": status}},
    }


def outcomes(*tracks: str | None, status: Status = Status.READY) -> list[Outcome]:
    return [Outcome(file=Path("a.flac"), status=status, track=track) for track in tracks]


async def test_first_picture_that_can_be_used_is_the_albums() -> None:
    client = FakeClient({
        "1": track("rivers", None),
        "2": track("rivers", "damaged", status="FAILED"),
        "3": track("rivers", "cover"),
        "4": track("rivers", "another"),
        "5": track("lakes", "lake", status="READY"),
        "6": track("shown", "new", shown=True),
        "7": track(None, "single"),
        "8": {"album": {"id": "foreign"}, "proposal": None},
    })  # fmt: skip
    await take_over(client, outcomes(*"12345678", "gone", None))
    assert client.artwork == {"rivers": "cover", "lakes": "lake"}


async def test_failed_files_have_no_say() -> None:
    client = FakeClient({"1": track("rivers", "cover")})
    await take_over(client, outcomes("1", status=Status.FAILED))
    assert (client.artwork, client.asked) == ({}, [])


async def test_many_tracks_are_asked_for_in_pages() -> None:
    client = FakeClient({})
    await take_over(client, outcomes(*(str(number) for number in range(250)), status=Status.EXISTS))
    assert client.asked == [100, 100, 50]


@pytest.mark.parametrize(
    "fault", [ServiceUnavailable("graph", "away"), GraphRefused("FORBIDDEN", "no")], ids=["away", "refused"]
)
async def test_import_is_not_spoilt(fault: Exception) -> None:
    await take_over(FakeClient({}, fault), outcomes("1"))

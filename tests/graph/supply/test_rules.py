"""What a delivered row has to be: what is wrong is named with its row and field, and holds up no other row."""

from datetime import UTC, datetime
from typing import Any

import pytest

from graph.catalog.credits import Credit, CreditRole
from graph.catalog.lyrics import Line
from graph.catalog.releases import ReleaseState
from graph.errors import ProblemCode
from graph.licences.rules import Grant
from graph.supply.rules import SuppliedAlbum, SuppliedTrack, examined


def track(**given: Any) -> SuppliedTrack:
    return SuppliedTrack(**{"key": "k", "title": "Flood", "artist": "Alma", **given})


@pytest.mark.parametrize(
    ("given", "field", "code"),
    [
        pytest.param({"key": None}, ("key",), ProblemCode.REQUIRED, id="neither key nor ISRC"),
        pytest.param({"key": "k" * 201}, ("key",), ProblemCode.INVALID_VALUE, id="a long key"),
        pytest.param({"key": "a\x00b"}, ("key",), ProblemCode.INVALID_VALUE, id="a key with a control character"),
        pytest.param({"isrc": "SE-123"}, ("isrc",), ProblemCode.INVALID_ISRC, id="no ISRC"),
        pytest.param({"title": " "}, ("title",), ProblemCode.REQUIRED, id="an empty title"),
        pytest.param({"artist": "A" * 201}, ("artist",), ProblemCode.TOO_LONG, id="a long name"),
        pytest.param({"disc_number": 0}, ("discNumber",), ProblemCode.INVALID_VALUE, id="disc 0"),
        pytest.param({"track_number": 1000}, ("trackNumber",), ProblemCode.INVALID_VALUE, id="track 1000"),
        pytest.param(
            {"synced_lyrics": [Line(start_ms=-1, text="River")]},
            ("syncedLyrics", "0", "startMs"),
            ProblemCode.INVALID_VALUE,
            id="a line before the start",
        ),
        pytest.param({"genres": ["!"]}, ("genres", "0"), ProblemCode.INVALID_VALUE, id="a genre of signs"),
        pytest.param(
            {"album": SuppliedAlbum(title="Rivers", key="a\x00b")},
            ("album", "key"),
            ProblemCode.INVALID_VALUE,
            id="a release's key",
        ),
        pytest.param(
            {"album": SuppliedAlbum(title="Rivers", genres=["!"])},
            ("album", "genres", "0"),
            ProblemCode.INVALID_VALUE,
            id="a release's genre",
        ),
        pytest.param(
            {"album": SuppliedAlbum(title="")}, ("album", "title"), ProblemCode.REQUIRED, id="an album's title"
        ),
        pytest.param(
            {"album": SuppliedAlbum(title="Rivers", state=ReleaseState.SCHEDULED)},
            ("album", "liveAt"),
            ProblemCode.REQUIRED,
            id="a schedule without a time",
        ),
        pytest.param(
            {"album": SuppliedAlbum(title="Rivers", live_at=datetime(2030, 1, 1, tzinfo=UTC))},
            ("album", "liveAt"),
            ProblemCode.INVALID_VALUE,
            id="a time without a schedule",
        ),
        pytest.param(
            {"credits": [Credit(role=CreditRole.MIXER, name="")]},
            ("credits", "0", "name"),
            ProblemCode.REQUIRED,
            id="a credit",
        ),
        pytest.param(
            {"licences": [Grant(markets=("QQ",))]},
            ("licences", "0", "markets"),
            ProblemCode.INVALID_VALUE,
            id="a market that is none",
        ),
    ],
)
def test_what_is_wrong_is_named_and_the_others_are_taken(
    given: dict[str, Any], field: tuple[str, ...], code: ProblemCode
) -> None:
    rows, rejections = examined([track(key="before"), track(**given), track(key="after")])
    assert [row.index for row in rows] == [0, 2]
    assert [(one.index, one.problem.field, one.problem.code) for one in rejections] == [(1, field, code)]


def test_everything_that_is_wrong_with_a_row_is_named() -> None:
    rows, rejections = examined([track(key=None, title="", isrc="x", disc_number=0)])
    assert rows == []
    assert sorted(one.problem.field for one in rejections) == [("discNumber",), ("isrc",), ("title",)]


@pytest.mark.parametrize(
    ("first", "second", "field"),
    [
        pytest.param({"key": "k"}, {"key": " k "}, ("key",), id="the same key"),
        pytest.param(
            {"key": None, "isrc": "GBAYE6900531"},
            {"key": None, "isrc": "gb-aye-69-00531"},
            ("isrc",),
            id="the same ISRC",
        ),
    ],
)
def test_second_row_of_one_track_is_refused(
    first: dict[str, Any], second: dict[str, Any], field: tuple[str, ...]
) -> None:
    rows, (rejection,) = examined([track(**first), track(**second)])
    assert [row.index for row in rows] == [0]
    assert (rejection.index, rejection.problem.field) == (1, field)


def test_same_recording_under_two_keys_is_two_tracks() -> None:
    rows, rejections = examined([track(key="one", isrc="GBAYE6900531"), track(key="two", isrc="GBAYE6900531")])
    assert (len(rows), rejections) == (2, [])

from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ingest.contract import Tags
from ingest.tags import MAX_LENGTH, MAX_LYRICS_LENGTH, MAX_VALUES, tags_of

RECORDING = UUID("b1a9c0e9-d987-4042-ae91-78d6a3267d69")
OTHER = UUID("9d1f0c6e-6b23-4c5f-9d64-0d5a3c1f0b77")


@pytest.mark.parametrize("fields", [{}, {"comment": ["hello"]}, {"title": ["", " \0\u202e "]}, {"track": ["0"]}])
def test_nothing_worth_proposing_is_none(fields) -> None:
    assert tags_of(fields) is None


@pytest.mark.parametrize(
    ("fields", "wanted"),
    [
        pytest.param({"title": ["  A\tSong\u0007\r\n"]}, Tags(title="A Song"), id="control characters and spaces"),
        pytest.param({"title": ["Cafe\u0301"]}, Tags(title="Caf\u00e9"), id="normalisation form C"),
        pytest.param({"title": ["\u202eevil\u202c"]}, Tags(title="evil"), id="turned direction"),
        pytest.param({"title": ["\ud800x"]}, Tags(title="x"), id="half a surrogate pair"),
        pytest.param({"title": ["a" * 500]}, Tags(title="a" * MAX_LENGTH), id="a title beyond its limit"),
        pytest.param(
            {"artist": ["Ada & Ben", "Ada", "Ben"]},
            Tags(artist="Ada & Ben", artists=("Ada", "Ben")),
            id="a credit and its names",
        ),
        pytest.param(
            {"artist": ["Ada & Ben", "Ada\0Ben"]},
            Tags(artist="Ada & Ben", artists=("Ada", "Ben")),
            id="names with zeros between them",
        ),
        pytest.param(
            {"artist": ["AC/DC feat. Ben", "AC/DC", "Ben"]},
            Tags(artist="AC/DC feat. Ben", artists=("AC/DC", "Ben")),
            id="a slash in a name",
        ),
        pytest.param(
            {"artist": ["Ada feat. Ben", "Ada/Ben"]},
            Tags(artist="Ada feat. Ben", artists=("Ada", "Ben")),
            id="a slash between names",
        ),
        pytest.param(
            {"artist": ["Ada", "Somebody/Else"]},
            Tags(artist="Ada", artists=("Ada", "Somebody/Else")),
            id="names that are not in the credit",
        ),
        pytest.param(
            {"artist": ["Ada", "Ben"]}, Tags(artist="Ada", artists=("Ada", "Ben")), id="names without a credit"
        ),
        pytest.param({"track": ["7"], "track_total": ["12"]}, Tags(track_number=7, track_total=12), id="numbers"),
        pytest.param({"track": ["1000"], "disc": ["\u0663"]}, None, id="numbers that are none"),
        pytest.param({"year": ["2003", "2003-05-01T10:00"]}, Tags(date="2003-05-01"), id="the more exact date"),
        pytest.param({"year": ["2003-05"]}, Tags(date="2003-05"), id="a month"),
        pytest.param({"year": ["2003-02-31"]}, Tags(date="2003"), id="a day that is none"),
        pytest.param({"year": ["20030501"]}, None, id="a date without hyphens"),
        pytest.param({"year": ["0000"]}, None, id="the year zero"),
        pytest.param({"year": ["May 2003"]}, None, id="a date in words"),
        pytest.param(
            {"isrc": ["gb-aye-69-00531"]}, Tags(isrc="GBAYE6900531", isrc_as_written="gb-aye-69-00531"), id="a code"
        ),
        pytest.param({"isrc": ["unknown"]}, Tags(isrc_as_written="unknown"), id="a code that is none"),
        pytest.param(
            {"isrc": ["?", "ISRC GBAYE6900531"]},
            Tags(isrc="GBAYE6900531", isrc_as_written="ISRC GBAYE6900531"),
            id="the first code that is one",
        ),
        pytest.param(
            {"xid ": ["Some Label:isrc:GBAYE6900531"]},
            Tags(isrc="GBAYE6900531", isrc_as_written="GBAYE6900531"),
            id="a code as iTunes writes it",
        ),
        pytest.param({"genre": ["Folk", "Folk", "Ska"]}, Tags(genres=("Folk", "Ska")), id="genres, each once"),
        pytest.param(
            {"ufid": [f"http://www.cddb.com\0{OTHER}", f"http://musicbrainz.org\0{RECORDING}"]},
            Tags(musicbrainz_recording_id=RECORDING),
            id="the recording in a frame of its owner",
        ),
        pytest.param(
            {"musicbrainz_trackid": [str(RECORDING)], "musicbrainz_albumid": ["no id", str(OTHER)]},
            Tags(musicbrainz_recording_id=RECORDING, musicbrainz_release_id=OTHER),
            id="ids of a Vorbis comment",
        ),
        pytest.param(
            {"musicbrainz artist id": [f"{RECORDING}/{OTHER}"], "musicbrainz release group id": [str(OTHER).upper()]},
            Tags(musicbrainz_artist_ids=(RECORDING, OTHER), musicbrainz_release_group_id=OTHER),
            id="several ids in one field",
        ),
        pytest.param({"lyrics": ["One\r\nTwo\r\n"]}, Tags(lyrics="One\nTwo"), id="lyrics keep their lines"),
        pytest.param({"lyrics": ["a" * 60_000]}, Tags(lyrics="a" * MAX_LYRICS_LENGTH), id="lyrics beyond their limit"),
    ],
)
def test_proposes_what_fits(fields, wanted) -> None:
    assert tags_of(fields) == wanted


def test_lyrics_with_times_stand_beside_those_without() -> None:
    tags = tags_of({"lyrics": ["[00:01.00]One", "One"], "syncedlyrics": []})
    assert tags is not None
    assert tags.lyrics == "One"
    assert [(line.start_ms, line.text) for line in tags.synced_lyrics] == [(1000, "One")]


def test_many_values_are_bounded() -> None:
    tags = tags_of({"genre": [f"Genre {number}" for number in range(1000)]})
    assert tags is not None
    assert len(tags.genres) == MAX_VALUES


NAMES = st.sampled_from(
    ["title", "artist", "track", "disc", "year", "isrc", "xid ", "genre", "ufid", "lyrics", "musicbrainz_artistid"]
)


@given(st.dictionaries(NAMES, st.lists(st.text(st.characters(exclude_categories=())), max_size=4)))
def test_any_texts_give_tags_or_none(fields) -> None:
    tags = tags_of(fields)
    assert tags is None or tags != Tags()

from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from edge.token import DIRECTORY
from origin.running_order import MAX_TRACKS, Place, directory, read, spell

FIRST = Place(UUID("0192f3a0-7c1e-7b4a-9d55-3f1c2b7a6e01"), 3)
SECOND = Place(UUID(int=2**128 - 1), 12)

places = st.builds(Place, st.uuids(), st.integers(1, 999_999_999))


@given(st.lists(places, min_size=1, max_size=MAX_TRACKS))
def test_what_is_spelled_reads_the_same_and_may_be_a_tokens_directory(order: list[Place]) -> None:
    assert read(spell(order)) == tuple(order)
    assert DIRECTORY.fullmatch(directory(order))


def test_is_an_identifier_and_a_revision_for_each_track() -> None:
    assert spell([FIRST, SECOND]) == "AZLzoHwee0qdVT8cK3puAQ.3._____________________w.12"


def test_an_album_of_fifty_tracks_makes_a_path_of_a_kilobyte_and_a_half() -> None:
    assert len(directory([FIRST] * 50)) == 1264
    assert len(directory([Place(FIRST.asset_id, 999_999_999)] * MAX_TRACKS)) < 3400


@pytest.mark.parametrize(
    "text",
    [
        pytest.param("", id="nothing"),
        pytest.param("AZLzoHwee0qdVT8cK3puAQ", id="no revision"),
        pytest.param("AZLzoHwee0qdVT8cK3puAQ.0", id="revision zero"),
        pytest.param("AZLzoHwee0qdVT8cK3puAQ.03", id="a leading zero"),
        pytest.param("AZLzoHwee0qdVT8cK3puAQ==.3", id="padding"),
        pytest.param("AZLzoHwee0qdVT8cK3puAR.3", id="another spelling of the same bytes"),
        pytest.param("AZLzoHwee0qdVT8cK3puA.3", id="a character less"),
        pytest.param("AZLzoHwee0qdVT8cK3puAQ.3.", id="a dot at the end"),
        pytest.param(".".join(["AZLzoHwee0qdVT8cK3puAQ.3"] * (MAX_TRACKS + 1)), id="a track too many"),
    ],
)
def test_other_texts_are_no_order(text: str) -> None:
    assert read(text) is None


@pytest.mark.parametrize("order", [[], [FIRST] * (MAX_TRACKS + 1), [Place(UUID(int=1), 0)]], ids=["none", "many", "0"])
def test_what_no_url_holds_is_not_spelled(order: list[Place]) -> None:
    with pytest.raises(ValueError, match="running order"):
        spell(order)

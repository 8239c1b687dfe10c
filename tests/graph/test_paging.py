from contextlib import suppress
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from graph.catalog.records import AlbumPosition
from graph.errors import BadRequest
from graph.paging import MAX_PAGE, PageRequest, page_of, page_request, read_cursor, write_cursor
from graph.search.service import Place, SearchKind


@pytest.mark.parametrize("first", [0, -1, MAX_PAGE + 1, 2**31 - 1])
def test_a_page_size_outside_the_limits_is_refused(first: int) -> None:
    with pytest.raises(BadRequest, match="between 1 and 100"):
        page_request(first, None, key_type=UUID)


def test_the_largest_page_is_accepted() -> None:
    assert page_request(MAX_PAGE, None, key_type=UUID) == PageRequest(first=100)


@given(st.builds(AlbumPosition, st.integers(1, 999), st.integers(1, 2**31 - 1), st.uuids()))
def test_reads_the_cursor_that_it_writes(position: AlbumPosition) -> None:
    assert read_cursor(write_cursor(position), key_type=AlbumPosition) == position


@given(st.text())
def test_any_text_is_a_key_or_a_bad_request(text: str) -> None:
    with suppress(BadRequest):
        assert isinstance(read_cursor(text, key_type=UUID), UUID)


def test_the_cursor_of_another_connection_is_refused() -> None:
    with pytest.raises(BadRequest, match="not a cursor of this connection"):
        read_cursor(write_cursor(AlbumPosition(1, 2, UUID(int=3))), key_type=UUID)


def test_an_endless_cursor_is_refused_unread() -> None:
    with pytest.raises(BadRequest, match="longer than any cursor"):
        read_cursor("A" * 2049, key_type=UUID)


def test_the_row_beyond_the_page_tells_that_there_is_a_next_one() -> None:
    request = PageRequest[int](first=2, after=6)
    page = page_of([7, 8, 9], request, key=lambda row: row)
    assert (page.rows, page.has_next, page.has_previous) == ((7, 8), True, True)
    assert [read_cursor(cursor, key_type=int) for cursor in page.cursors] == [7, 8]


def test_a_full_last_page_has_no_next_one() -> None:
    page = page_of([7, 8], PageRequest[int](first=2), key=lambda row: row)
    assert (page.rows, page.has_next, page.has_previous) == ((7, 8), False, False)


@pytest.mark.parametrize(
    ("key", "key_type"),
    [
        pytest.param((2**31, 1, UUID(int=3)), AlbumPosition, id="a disc beyond PostgreSQL's integers"),
        pytest.param((1, 2**31, UUID(int=3)), AlbumPosition, id="a number beyond them"),
        pytest.param((3, 0, "alma", UUID(int=3)), Place, id="a rank that there is not"),
        pytest.param((0, 3, "alma", UUID(int=3)), Place, id="a kind that there is not"),
        pytest.param((0, 0, "al\x00ma", UUID(int=3)), Place, id="a NUL, which PostgreSQL does not take"),
    ],
)
def test_a_forged_cursor_does_not_reach_the_database(key: object, key_type: type[object]) -> None:
    with pytest.raises(BadRequest, match="not a cursor of this connection"):
        read_cursor(write_cursor(key), key_type=key_type)


def test_the_cursor_of_a_result_with_two_lines_is_read_back() -> None:
    place = Place(rank=2, kind=SearchKind.TRACK, text="river\nalma", id=UUID(int=3))
    assert read_cursor(write_cursor(place), key_type=Place) == place

from contextlib import suppress
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from graph.errors import BadRequest
from graph.paging import MAX_PAGE, Window, read_cursor, window, write_cursor

ID = UUID(int=3)
MOMENT = datetime(2024, 2, 29, 12, 0, 0, 123456, tzinfo=UTC)

VALUES = {
    "boolean": st.booleans(),
    "integer": st.integers(-(2**31), 2**31 - 1),
    "bigint": st.integers(-(2**63), 2**63 - 1),
    "real": st.floats(width=32, allow_nan=False, min_value=-(2.0**100), max_value=2.0**100),
    "double precision": st.floats(allow_nan=False, allow_infinity=False),
    "text": st.text(st.characters(exclude_characters="\x00", exclude_categories=["Cs"]), max_size=40),
    "date": st.dates(),
    "timestamptz": st.datetimes(timezones=st.just(UTC)),
    "uuid": st.uuids(),
}


def read(text: str, *types: str, order: str = "added") -> Any:
    return read_cursor(text, argument="after", order=order, types=types)


def opened(**arguments: Any) -> Window:
    return window(arguments, order="added", types=("uuid",))


@pytest.mark.parametrize("name", ["first", "last"])
@pytest.mark.parametrize("size", [0, -1, MAX_PAGE + 1, 2**31 - 1])
def test_a_page_size_outside_the_limits_is_refused(name: str, size: int) -> None:
    with pytest.raises(BadRequest, match=f"`{name}` must be between 1 and 100"):
        opened(**{name: size})


def test_a_page_has_twenty_rows_unless_it_is_said_otherwise() -> None:
    assert opened() == opened(first=None, last=None) == Window(size=20)
    assert opened(first=MAX_PAGE) == Window(size=100)


def test_a_page_from_the_end_goes_backward() -> None:
    assert opened(last=3) == Window(size=3, backward=True)
    assert opened(last=3).fetch == 4


def test_a_page_has_one_end_to_start_from() -> None:
    with pytest.raises(BadRequest, match="exclude each other"):
        opened(first=1, last=1)


def test_places_bound_a_page_on_both_sides() -> None:
    low, high = write_cursor("added", (UUID(int=1),)), write_cursor("added", (UUID(int=9),))
    assert opened(after=low, before=high) == Window(size=20, after=(UUID(int=1),), before=(UUID(int=9),))


@given(st.lists(st.sampled_from(sorted(VALUES)), min_size=1, max_size=4), st.data())
def test_reads_the_cursor_that_it_writes(types: list[str], data: st.DataObject) -> None:
    place = tuple(data.draw(VALUES[name]) for name in types)
    assert read(write_cursor("added", place), *types) == place


@given(st.text())
def test_any_text_is_a_place_or_a_bad_request(text: str) -> None:
    with suppress(BadRequest):
        assert isinstance(read(text, "uuid")[0], UUID)


def test_an_endless_cursor_is_refused_unread() -> None:
    with pytest.raises(BadRequest, match="longer than any cursor"):
        read("A" * 2049, "uuid")


def test_a_cursor_of_another_order_is_refused() -> None:
    with pytest.raises(BadRequest, match="in this order"):
        read(write_cursor("title", (ID,)), "uuid")


@pytest.mark.parametrize(
    ("place", "types"),
    [
        pytest.param((1, ID), ("uuid",), id="a part too many"),
        pytest.param((ID,), ("integer", "uuid"), id="a part too few"),
        pytest.param(("river", ID), ("integer", "uuid"), id="a text for a number"),
        pytest.param((2**31, ID), ("integer", "uuid"), id="a number beyond PostgreSQL's integers"),
        pytest.param((2**63, ID), ("bigint", "uuid"), id="a number beyond its big integers"),
        pytest.param((1e300, ID), ("real", "uuid"), id="a number beyond its small floats"),
        pytest.param(("al\x00ma", ID), ("text", "uuid"), id="a NUL, which it does not take"),
        pytest.param(("2024-02-29T12:00:00", ID), ("timestamptz", "uuid"), id="a time without a zone"),
        pytest.param(("0001-01-01T00:00:00+23:59", ID), ("timestamptz", "uuid"), id="a time before all years"),
        pytest.param((None, ID), ("text", "uuid"), id="a null"),
    ],
)
def test_a_forged_cursor_does_not_reach_the_database(place: tuple[object, ...], types: tuple[str, ...]) -> None:
    with pytest.raises(BadRequest, match="not a cursor of this connection"):
        read(write_cursor("added", place), *types)


def test_a_cursor_is_read_as_it_is_written_and_in_no_other_way() -> None:
    written = write_cursor("added", (MOMENT, ID))
    assert read(written, "timestamptz", "uuid") == (MOMENT, ID)
    spaced = write_cursor("added", (msgspec.Raw(b' "2024-02-29T12:00:00.123456Z"'), ID))
    with pytest.raises(BadRequest):
        read(spaced, "timestamptz", "uuid")

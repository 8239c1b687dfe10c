import email

import pytest
from hypothesis import given
from hypothesis import strategies as st

from origin.errors import RangeUnsatisfiable
from origin.ranges import Span, multipart, parse

SIZE = 1000


@pytest.mark.parametrize(
    ("value", "start", "length"),
    [
        pytest.param("bytes=0-0", 0, 1, id="the first byte"),
        pytest.param("bytes=0-999", 0, 1000, id="exactly the whole"),
        pytest.param("bytes=500-", 500, 500, id="to the end"),
        pytest.param("bytes=999-", 999, 1, id="the last byte"),
        pytest.param("bytes=990-5000", 990, 10, id="past the end"),
        pytest.param("bytes=-1", 999, 1, id="a suffix of one"),
        pytest.param("bytes=-1000", 0, 1000, id="a suffix of the whole"),
        pytest.param("bytes=-5000", 0, 1000, id="a suffix longer than the whole"),
        pytest.param("Bytes=10-19", 10, 10, id="the unit in capitals"),
        pytest.param("bytes= 10-19 ", 10, 10, id="blanks around it"),
        pytest.param("bytes=007-8", 7, 2, id="leading zeros"),
    ],
)
def test_reads_one_range(value: str, start: int, length: int) -> None:
    assert parse(value, size=SIZE) == (Span(start=start, length=length),)


@pytest.mark.parametrize("value", ["bytes=1000-", "bytes=1000-2000", "bytes=5000-", "bytes=-0"])
def test_a_range_behind_the_end_is_unsatisfiable(value: str) -> None:
    with pytest.raises(RangeUnsatisfiable) as raised:
        parse(value, size=SIZE)
    assert raised.value.size == SIZE


@pytest.mark.parametrize(
    "value",
    [
        pytest.param("", id="nothing"),
        pytest.param("bytes=", id="no range"),
        pytest.param("bytes=-", id="no numbers"),
        pytest.param("bytes=9-3", id="end before start"),
        pytest.param("bytes=9000-3", id="end before a start behind the end"),
        pytest.param("bytes=0-1,,5-6", id="an empty range among others"),
        pytest.param("bytes=0-9,5-14", id="a byte twice"),
        pytest.param("bytes=" + ",".join(f"{n}-{n}" for n in range(9)), id="nine ranges"),
        pytest.param("bytes=0-1,9-3", id="one of them backwards"),
        pytest.param("bytes=a-b", id="letters"),
        pytest.param("bytes=+1-2", id="a plus sign"),
        pytest.param("bytes=0x1-2", id="hexadecimal"),
        pytest.param("bytes=\u0661-\u0662", id="other digits"),
        pytest.param("seconds=1-2", id="another unit"),
        pytest.param("0-1", id="no unit"),
        pytest.param("bytes=1-2\n", id="a newline"),
        pytest.param("bytes=" + "1" * 5000 + "-", id="five thousand digits"),
    ],
)
def test_what_we_do_not_answer_is_ignored(value: str) -> None:
    assert parse(value, size=SIZE) == ()


@pytest.mark.parametrize(
    ("value", "spans"),
    [
        pytest.param("bytes=0-9, 20-29", [(0, 10), (20, 10)], id="two"),
        pytest.param("bytes=990-,0-0", [(990, 10), (0, 1)], id="in the order that was asked for"),
        pytest.param("bytes=0-9,10-19", [(0, 10), (10, 10)], id="side by side"),
        pytest.param("bytes=0-9,2000-,-5", [(0, 10), (995, 5)], id="one behind the end is left out"),
        pytest.param("bytes=2000-,-10", [(990, 10)], id="only one is left"),
        pytest.param("bytes=" + ",".join(f"{n}-{n}" for n in range(8)), [(n, 1) for n in range(8)], id="eight"),
    ],
)
def test_reads_several_ranges(value: str, spans: list[tuple[int, int]]) -> None:
    assert [(span.start, span.length) for span in parse(value, size=SIZE)] == spans


RANGE = st.from_regex(r"bytes=[0-9]{0,20}-[0-9]{0,20}(,[0-9]{0,4}-[0-9]{0,4}){0,9}", fullmatch=True)


@given(st.text() | RANGE, st.integers(1, 10**12))
def test_spans_within_the_whole_or_none_or_our_error(value: str, size: int) -> None:
    try:
        spans = parse(value, size=size)
    except RangeUnsatisfiable:
        return
    assert all(0 <= span.start < span.end <= size for span in spans)
    assert sum(span.length for span in spans) <= size  # however many are asked for, they are no more than the whole


def test_body_of_parts_is_read_by_another_parser() -> None:
    whole = bytes(range(256)) * 4
    spans = parse("bytes=0-3,-4", size=len(whole))
    pieces = multipart(spans, size=len(whole), content_type="audio/mp4", boundary="abc-7")
    body = b"".join(piece if isinstance(piece, bytes) else whole[piece.start : piece.end] for piece in pieces)
    message = email.message_from_bytes(b"Content-Type: multipart/byteranges; boundary=abc-7\r\n\r\n" + body)
    assert [part.get_payload(decode=True) for part in message.get_payload()] == [whole[:4], whole[-4:]]
    assert [part["content-range"] for part in message.get_payload()] == ["bytes 0-3/1024", "bytes 1020-1023/1024"]
    assert {part.get_content_type() for part in message.get_payload()} == {"audio/mp4"}


def test_content_range_counts_from_zero_inclusive() -> None:
    assert Span(start=990, length=10).content_range(1000) == "bytes 990-999/1000"


@pytest.mark.parametrize(
    ("length", "lengths"), [(1, [1]), (9, [9]), (10, [10]), (11, [10, 1]), (30, [10, 10, 10]), (31, [10, 10, 10, 1])]
)
def test_parts_are_the_same_bytes_in_order(length: int, lengths: list[int]) -> None:
    parts = Span(start=7, length=length).parts(10)
    assert [part.length for part in parts] == lengths
    assert [part.start for part in parts] == [7 + 10 * index for index in range(len(lengths))]

import pytest
from hypothesis import given
from hypothesis import strategies as st

from origin.asset import WHOLE_FILE_PART_BYTES, block_digest
from origin.errors import WrongBytes
from origin.ranges import Span
from origin.reads.whole import WholeObject

CONTENT = bytes(range(256)) * (5 * WHOLE_FILE_PART_BYTES // 512)
"""Two parts and a half."""
PARTS = [CONTENT[start : start + WHOLE_FILE_PART_BYTES] for start in range(0, len(CONTENT), WHOLE_FILE_PART_BYTES)]
FILE = WholeObject(key="k", size=len(CONTENT), part_sha256s=tuple(map(block_digest, PARTS)))
spans = st.tuples(st.integers(0, len(CONTENT)), st.integers(0, len(CONTENT))).filter(lambda ends: ends[0] != ends[1])


def read(file: WholeObject, span: Span, content: bytes = CONTENT) -> bytes:
    around = file.around(span)
    return file.checked(span, content[around.start : around.end])


@given(spans)
def test_every_span_is_read_in_whole_parts_and_cut_out(ends) -> None:
    span = Span(start=min(ends), length=abs(ends[0] - ends[1]))
    around = FILE.around(span)
    assert around.start % WHOLE_FILE_PART_BYTES == 0
    assert around.end % WHOLE_FILE_PART_BYTES == 0 or around.end == len(CONTENT)
    assert around.length < span.length + 2 * WHOLE_FILE_PART_BYTES
    assert read(FILE, span) == CONTENT[span.start : span.end]


@pytest.mark.parametrize("place", [0, WHOLE_FILE_PART_BYTES - 1, WHOLE_FILE_PART_BYTES, len(CONTENT) - 1])
def test_one_other_byte_anywhere_in_a_part_is_noticed_by_whoever_reads_of_it(place) -> None:
    damaged = CONTENT[:place] + bytes([CONTENT[place] ^ 1]) + CONTENT[place + 1 :]
    start = place - place % WHOLE_FILE_PART_BYTES
    for part in Span(start=0, length=len(CONTENT)).parts(WHOLE_FILE_PART_BYTES):
        wanted = Span(start=part.start + 17, length=3)
        if part.start == start:
            with pytest.raises(WrongBytes, match=f"k: other bytes for the {part.length} from {start}"):
                read(FILE, wanted, damaged)
        else:
            assert read(FILE, wanted, damaged) == CONTENT[wanted.start : wanted.end]


def test_file_that_ends_early_is_wrong() -> None:
    with pytest.raises(WrongBytes, match=f"k: 5 of the {WHOLE_FILE_PART_BYTES} bytes from 0"):
        read(FILE, Span(start=0, length=3), CONTENT[:5])


def test_file_without_digests_is_read_as_it_is_asked_for_and_its_length_checked() -> None:
    file, span = WholeObject(key="k", size=len(CONTENT)), Span(start=7, length=3)
    assert file.around(span) == span
    assert read(file, span) == CONTENT[7:10]
    with pytest.raises(WrongBytes, match="k: 1 of the 3 bytes from 7"):
        read(file, span, CONTENT[:8])

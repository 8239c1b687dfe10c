import pytest

from config.objects import Part
from graph.uploads.parts import MOST_PARTS, SMALLEST_PART_BYTES, arrived, cuts, part_bytes_for


@pytest.mark.parametrize(
    ("size_bytes", "sizes"),
    [
        pytest.param(0, [0], id="an empty file"),
        pytest.param(1, [1], id="one byte"),
        pytest.param(10, [10], id="one part"),
        pytest.param(11, [10, 1], id="one byte more"),
        pytest.param(30, [10, 10, 10], id="three parts"),
    ],
)
def test_parts_follow_each_other_without_a_gap(size_bytes: int, sizes: list[int]) -> None:
    found = cuts(size_bytes, 10)
    assert [cut.size_bytes for cut in found] == sizes
    assert [cut.number for cut in found] == list(range(1, len(sizes) + 1))
    assert [cut.offset_bytes for cut in found] == [sum(sizes[:index]) for index in range(len(sizes))]


@pytest.mark.parametrize(
    ("size_bytes", "wanted", "given"),
    [
        pytest.param(2**31, 16 * 2**20, 16 * 2**20, id="as the operator wants"),
        pytest.param(2**31, 1, SMALLEST_PART_BYTES, id="less than S3 takes"),
        pytest.param(2**40, SMALLEST_PART_BYTES, 109_951_163, id="more parts than S3 takes"),
    ],
)
def test_the_size_of_a_part_keeps_to_what_s3_takes(size_bytes: int, wanted: int, given: int) -> None:
    assert part_bytes_for(size_bytes, wanted) == given
    assert len(cuts(size_bytes, given)) <= MOST_PARTS


def test_only_parts_of_the_right_size_have_arrived() -> None:
    held = [
        Part(number=1, etag="a", size_bytes=10),
        Part(number=2, etag="b", size_bytes=9),
        Part(number=3, etag="c", size_bytes=1),
        Part(number=4, etag="d", size_bytes=10),
    ]
    assert sorted(arrived(cuts(21, 10), held)) == [1, 3]

import pytest

from loadtests.bench.fragments import SAMPLES, fragment
from origin.protection.fragments import fragment as taken_apart


@pytest.mark.parametrize("size", [10_000, 80_000, 80_001])
def test_noise_is_shaped_like_a_segment(size) -> None:
    content = fragment(7, size)
    found = taken_apart(content)
    assert len(content) == size
    assert len(found.sizes) == SAMPLES
    assert found.data + sum(found.sizes) == size


def test_each_number_is_another_segment() -> None:
    assert fragment(1, 80_000) == fragment(1, 80_000) != fragment(2, 80_000)

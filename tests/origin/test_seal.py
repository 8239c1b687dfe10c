import pytest
from hypothesis import given
from hypothesis import strategies as st

from origin.seal import BrokenSeal, seal, unseal

CONTENT = b'{"a":[1,2],"b":"\xc3\xa9"}'


def test_record_is_read_as_it_was_sealed() -> None:
    sealed = seal("asset", CONTENT)
    assert sealed.endswith(b',"asset":' + CONTENT + b"}")
    assert bytes(unseal("asset", sealed)) == CONTENT


def test_every_bit_that_changes_is_noticed() -> None:
    sealed = seal("asset", CONTENT)
    for bit in range(len(sealed) * 8):
        damaged = bytearray(sealed)
        damaged[bit // 8] ^= 1 << bit % 8
        with pytest.raises(BrokenSeal):
            unseal("asset", bytes(damaged))


def test_record_of_another_kind_is_refused() -> None:
    with pytest.raises(BrokenSeal, match="image"):
        unseal("image", seal("asset", CONTENT))


@given(st.binary(max_size=200))
def test_any_bytes_are_refused_by_our_error(data: bytes) -> None:
    with pytest.raises(BrokenSeal):
        unseal("asset", data)

"""The forms of PCM between the stages."""

import numpy as np
import pytest

from ingest.pcm import PcmInfo, SampleForm, pack, stored_bits, to_floats, to_integers


def info(form: SampleForm, bits: int, channels: int = 2) -> PcmInfo:
    positions = ("FL", "FR")[:channels]
    return PcmInfo(sample_rate_hz=48_000, positions=positions, form=form, stored_bits=bits, sample_count=2)


@pytest.mark.parametrize(
    ("form", "bits", "expected"),
    [
        (SampleForm.S16, 8, 16),
        (SampleForm.S16, 16, 16),
        (SampleForm.S32, 20, 24),
        (SampleForm.S32, 24, 24),
        (SampleForm.S32, 32, 32),
        (SampleForm.F32, 0, 24),
    ],
)
def test_stored_master_is_as_wide_as_it_has_to_be(form: SampleForm, bits: int, expected: int) -> None:
    assert stored_bits(form, bits) == expected


def test_full_scale_is_one() -> None:
    data = np.array([-32768, 16384, 0, 32767], dtype="<i2").tobytes()
    assert to_floats(data, info(SampleForm.S16, 16)).tolist() == [[-1.0, 0.5], [0.0, 32767 / 32768]]


def test_integers_pass_unchanged() -> None:
    data = np.array([-(2**31), 2**31 - 256], dtype="<i4").tobytes()
    found = to_integers(data, info(SampleForm.S32, 24))
    assert found.tolist() == [[-(2**31), 2**31 - 256]]


def test_floats_are_rounded_to_24_bits_and_clipped_at_full_scale() -> None:
    data = np.array([0.5, 1.5, -1.5, 2**-23], dtype="<f4").tobytes()
    found = to_integers(data, info(SampleForm.F32, 24)) >> 8
    assert found.tolist() == [[2**22, 2**23 - 1], [-(2**23), 1]]


@pytest.mark.parametrize(
    ("values", "dtype", "bits", "packed"),
    [
        pytest.param([1, -2], np.int16, 16, "0100feff", id="16 bits"),
        pytest.param([0x01020300, -256], np.int32, 24, "030201ffffff", id="24 bits"),
        pytest.param([0x01020304, -1], np.int32, 32, "04030201ffffffff", id="32 bits"),
    ],
)
def test_packs_as_a_wav_file_would(values: list[int], dtype: type, bits: int, packed: str) -> None:
    assert pack(np.array([values], dtype=dtype), bits).hex() == packed

"""AIFF and AIFC headers, put together by hand."""

import struct

import pytest

from ingest.containers.header import Header
from ingest.containers.sniff import sniff
from ingest.contract import FailureCode
from ingest.errors import MediaError


def extended(rate: int) -> bytes:
    """An 80-bit float."""
    exponent = rate.bit_length() - 1
    return struct.pack(">HQ", 16383 + exponent, rate << (63 - exponent))


def chunk(name: bytes, data: bytes) -> bytes:
    return name + struct.pack(">I", len(data)) + data + b"\x00" * (len(data) % 2)


def common(
    *, channels: int = 2, frames: int = 4_800, bits: int = 16, rate: bytes = extended(48_000), kind: bytes = b""
) -> bytes:
    return chunk(b"COMM", struct.pack(">hIh", channels, frames, bits) + rate + (kind + b"\x00\x00" if kind else b""))


def sound(length: int, *, offset: int = 0) -> bytes:
    return chunk(b"SSND", struct.pack(">II", offset, 0) + bytes(length))


def form(*chunks: bytes, kind: bytes = b"AIFF") -> bytes:
    body = kind + b"".join(chunks)
    return b"FORM" + struct.pack(">I", len(body)) + body


def refusal(data: bytes) -> FailureCode:
    with pytest.raises(MediaError) as caught:
        sniff(data)
    return caught.value.failure


@pytest.mark.parametrize("rate", [8_000, 11_025, 44_100, 48_000, 192_000])
def test_rates_are_read(rate: int) -> None:
    assert sniff(form(common(rate=extended(rate), frames=rate), sound(4 * rate))).sample_rate_hz == rate


@pytest.mark.parametrize(
    ("kind", "bits", "width", "codec"),
    [
        pytest.param(b"NONE", 16, 2, "pcm_s16be", id="none"),
        pytest.param(b"twos", 24, 3, "pcm_s24be", id="twos"),
        pytest.param(b"NONE", 20, 3, "pcm_s24be", id="20 bits"),
        pytest.param(b"sowt", 16, 2, "pcm_s16le", id="little-endian"),
        pytest.param(b"in24", 16, 3, "pcm_s24be", id="24 bits by the type"),
        pytest.param(b"in32", 32, 4, "pcm_s32be", id="32 bits by the type"),
        pytest.param(b"fl32", 32, 4, "pcm_f32be", id="float"),
        pytest.param(b"FL64", 64, 8, "pcm_f64be", id="double"),
    ],
)
def test_types_that_are_not_compressed_pass(kind: bytes, bits: int, width: int, codec: str) -> None:
    header = sniff(form(common(kind=kind, bits=bits), sound(9_600 * width), kind=b"AIFC"))
    assert (header.codec, header.sample_count, header.lossless) == (codec, 4_800, True)


def test_chunks_may_come_in_either_order_with_others_between() -> None:
    whole: Header = sniff(form(common(), sound(19_200)))
    assert sniff(form(sound(19_200), chunk(b"NAME", b"odd"), common())) == whole


def test_offset_of_the_audio_is_not_audio() -> None:
    assert sniff(form(common(), sound(19_204, offset=4))).sample_count == 4_800
    assert refusal(form(common(), sound(19_200, offset=4))) is FailureCode.TRUNCATED


@pytest.mark.parametrize(
    ("data", "failure"),
    [
        pytest.param(form(common(), sound(19_199)), FailureCode.TRUNCATED, id="a byte short"),
        pytest.param(form(common(frames=0), sound(0)), FailureCode.TOO_SHORT, id="no audio"),
        pytest.param(form(common()), FailureCode.TRUNCATED, id="no chunk of audio"),
        pytest.param(form(common(kind=b"ima4"), sound(9_600), kind=b"AIFC"), FailureCode.UNSUPPORTED_CODEC, id="ADPCM"),
        pytest.param(form(common(kind=b"ulaw"), sound(9_600), kind=b"AIFC"), FailureCode.UNSUPPORTED_CODEC, id="µ-law"),
        pytest.param(
            form(common(kind=b"sowt", bits=24), sound(28_800), kind=b"AIFC"),
            FailureCode.UNSUPPORTED_CODEC,
            id="24 bits little-endian, which FFmpeg takes for 16",
        ),
        pytest.param(form(common(bits=33), sound(48_000)), FailureCode.UNSUPPORTED_CODEC, id="33 bits"),
        pytest.param(form(common(bits=0), sound(48_000)), FailureCode.UNSUPPORTED_CODEC, id="no bits"),
        pytest.param(form(common(channels=-1), sound(48_000)), FailureCode.UNSUPPORTED_CODEC, id="-1 channels"),
        pytest.param(form(common(rate=bytes(10)), sound(19_200)), FailureCode.UNSUPPORTED_CODEC, id="0 Hz"),
        pytest.param(form(common(rate=b"\xff" * 10), sound(19_200)), FailureCode.UNSUPPORTED_CODEC, id="-infinite Hz"),
        pytest.param(form(chunk(b"COMM", bytes(9)), sound(19_200)), FailureCode.CORRUPT, id="half a format"),
        pytest.param(form(common(), sound(19_200), kind=b"AIFC"), FailureCode.CORRUPT, id="AIFC without its type"),
        pytest.param(form(*[chunk(b"JUNK", b"")] * 1000), FailureCode.CORRUPT, id="a thousand empty chunks"),
    ],
)
def test_lying_headers_are_refused(data: bytes, failure: FailureCode) -> None:
    assert refusal(data) is failure


def test_chunks_of_odd_length_are_padded() -> None:
    format_ = common(channels=1, bits=8, frames=1_501, rate=extended(8_000))
    assert sniff(form(sound(1_501), chunk(b"ANNO", b"odd"), format_)).sample_count == 1_501

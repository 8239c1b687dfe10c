"""MP3 headers: the tag of the first frame against the frames that are there."""

import struct
from typing import Any

import pytest

from ingest.containers.mp3_tag import read_tag
from ingest.containers.sniff import sniff
from ingest.contract import FailureCode
from ingest.errors import MediaError

FRAME = b"\xff\xfb\x90\x64" + bytes(413)  # 128 kbit/s at 44.1 kHz, without padding: 417 bytes
SAMPLES = 1152


def refusal(data: bytes) -> FailureCode:
    with pytest.raises(MediaError) as caught:
        sniff(data)
    return caught.value.failure


def tag(body: bytes, place: int = 36) -> bytes:
    return (FRAME[:place] + body + bytes(500))[: len(FRAME)]


def xing(frames: int) -> bytes:
    return tag(b"Xing" + struct.pack(">II", 1, frames))


def lame(frames: int, delay: int, padding: int, writer: bytes = b"LAME3.100") -> bytes:
    gaps = (delay << 12 | padding).to_bytes(3, "big")
    return tag(b"Info" + struct.pack(">II", 1, frames) + writer.ljust(21, b"\0") + gaps)


def vbri(frames: int) -> bytes:
    return tag(b"VBRI" + struct.pack(">HHHII", 1, 0, 0, 0, frames))


@pytest.fixture(scope="module")
def encoded(masters: Any) -> bytes:
    made: bytes = masters.sndfile(masters.tone(1.0), 48_000, container="MP3", subtype="MPEG_LAYER_III")
    return made


@pytest.mark.parametrize(
    ("data", "expected"),
    [
        pytest.param(FRAME * 10, (0, None), id="no tag"),
        pytest.param(xing(10) + FRAME * 10, (0, 10 * SAMPLES), id="Xing"),
        pytest.param(vbri(10) + FRAME * 10, (0, 10 * SAMPLES), id="VBRI"),
        pytest.param(xing(11) + FRAME * 10, (0, 10 * SAMPLES), id="Xing that counts its own frame"),
        pytest.param(xing(0) + FRAME * 10, (0, None), id="Xing that counts nothing"),
        pytest.param(lame(10, 576, 1000) + FRAME * 10, (1105, 10 * SAMPLES - 1576), id="LAME"),
        pytest.param(lame(10, 576, 100) + FRAME * 10, (1105, 10 * SAMPLES - 1105), id="LAME with too little padding"),
        pytest.param(lame(10, 576, 1000, b"Mystery") + FRAME * 10, (0, 10 * SAMPLES), id="an unknown writer"),
        pytest.param(lame(10, 576, 1000) + FRAME * 12, (1105, 12 * SAMPLES - 1105), id="more than counted"),
        pytest.param(lame(10, 576, 1000) + FRAME * 10 + b"TAG" + bytes(125), (1105, 10 * SAMPLES - 1576), id="ID3v1"),
        pytest.param(
            b"ID3\x04\0\0\0\0\0\x7f" + bytes(127) + lame(10, 576, 1000) + FRAME * 10,
            (1105, 10 * SAMPLES - 1576),
            id="ID3v2",
        ),
    ],
)
def test_tag_tells_the_span(data: bytes, expected: tuple[int, int | None]) -> None:
    header = sniff(data)
    assert (header.lead_samples, header.sample_count) == expected


@pytest.mark.parametrize(
    ("data", "failure"),
    [
        pytest.param(xing(100) + FRAME * 50, FailureCode.TRUNCATED, id="half of the frames"),
        pytest.param(vbri(100) + FRAME * 50, FailureCode.TRUNCATED, id="half of the frames, by VBRI"),
        pytest.param(xing(10) + (FRAME * 10)[:-1], FailureCode.TRUNCATED, id="a byte short"),
        pytest.param(lame(10, 576, 1000) + FRAME * 9, FailureCode.TRUNCATED, id="a frame short, by LAME"),
        pytest.param(xing(100) + FRAME * 50 + bytes(900) + FRAME * 50, FailureCode.CORRUPT, id="a hole"),
        pytest.param(lame(10, 4095, 4095) + FRAME * 5, FailureCode.TRUNCATED, id="cut, and all gaps"),
        pytest.param(lame(4, 4095, 4095) + FRAME * 4, FailureCode.TOO_SHORT, id="nothing but gaps"),
    ],
)
def test_file_with_fewer_frames_than_counted_is_refused(data: bytes, failure: FailureCode) -> None:
    assert refusal(data) is failure


def test_real_file_tells_its_length_and_every_cut_is_seen(encoded: bytes) -> None:
    assert sniff(encoded).sample_count == 48_000
    second = 3 * (len(encoded) // 4)
    assert {refusal(encoded[:length]) for length in range(second, len(encoded))} == {FailureCode.TRUNCATED}


def test_walk_of_frames_is_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("ingest.containers.mp3.MAX_FRAMES", 20)
    assert refusal(xing(10) + FRAME * 30) is FailureCode.TOO_LONG


@pytest.mark.parametrize("length", range(36, 80))
def test_tag_that_is_cut_says_what_it_can(length: int) -> None:
    found = read_tag(lame(10, 576, 1000)[:length], side_info=32)
    assert found is None or found.frames in (None, 10)

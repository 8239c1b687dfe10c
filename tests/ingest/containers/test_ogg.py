"""Ogg headers: one stream, whole, with its length; pages are taken apart and put together anew."""

import struct
from typing import Any

import pytest

from ingest.containers.sniff import sniff
from ingest.contract import FailureCode
from ingest.errors import MediaError


def refusal(data: bytes) -> FailureCode:
    with pytest.raises(MediaError) as caught:
        sniff(data)
    return caught.value.failure


@pytest.fixture(scope="module")
def vorbis(masters: Any) -> bytes:
    made: bytes = masters.sndfile(masters.music(3.0), 48_000, container="OGG", subtype="VORBIS")
    return made


def pages(data: bytes) -> list[bytes]:
    found, start = [], 0
    while start < len(data):
        count = data[start + 26]
        end = start + 27 + count + sum(data[start + 27 : start + 27 + count])
        found.append(data[start:end])
        start = end
    return found


def test_pages_make_the_file(vorbis: bytes) -> None:
    assert b"".join(pages(vorbis)) == vorbis
    assert len(pages(vorbis)) > 5


def of_stream(data: bytes, number: int) -> bytes:
    """The same with another stream number on every page."""
    return b"".join(page[:14] + struct.pack("<I", number) + page[18:] for page in pages(data))


def test_length_is_that_of_the_last_page(vorbis: bytes) -> None:
    assert sniff(vorbis).sample_count == 144_000


@pytest.mark.parametrize(
    ("arrange", "failure"),
    [
        pytest.param(lambda own: own[:-1], FailureCode.TRUNCATED, id="no last page"),
        pytest.param(lambda own: own[:4] + own[5:], FailureCode.CORRUPT, id="a page is missing"),
        pytest.param(lambda own: [*own[:4], b"noise", *own[4:]], FailureCode.CORRUPT, id="noise between pages"),
        pytest.param(lambda own: own[1:], FailureCode.UNSUPPORTED_CODEC, id="no first page"),
        pytest.param(lambda own: own + pages(of_stream(b"".join(own), 7)), FailureCode.SEVERAL_STREAMS, id="chained"),
        pytest.param(
            lambda own: [own[0], pages(of_stream(b"".join(own), 7))[0], *own[1:]],
            FailureCode.SEVERAL_STREAMS,
            id="multiplexed",
        ),
        pytest.param(
            lambda own: [*own[:4], pages(of_stream(b"".join(own), 7))[4], *own[4:]],
            FailureCode.CORRUPT,
            id="a page of nobody's",
        ),
    ],
)
def test_stream_that_is_not_one_and_whole_is_refused(vorbis: bytes, arrange: Any, failure: FailureCode) -> None:
    assert refusal(b"".join(arrange(pages(vorbis)))) is failure


def first_page(packet: bytes) -> bytes:
    return b"OggS" + struct.pack("<BBqIIIB", 0, 2 | 4, 48_312, 1, 0, 0, 1) + bytes([len(packet)]) + packet


def opus(*, version: int = 1, channels: int = 2, mapping: int = 0) -> bytes:
    return first_page(struct.pack("<8sBBHIhB", b"OpusHead", version, channels, 312, 44_100, 0, mapping))


def test_opus_leaves_out_its_pre_skip() -> None:
    header = sniff(opus())
    assert (header.codec, header.sample_rate_hz, header.lead_samples, header.sample_count) == (
        "opus",
        48_000,
        312,
        48_000,
    )


@pytest.mark.parametrize(
    "data",
    [
        pytest.param(opus(version=16), id="Opus of another major version"),
        pytest.param(opus(mapping=255), id="Opus without speakers"),
        pytest.param(opus(channels=0), id="Opus without channels"),
        pytest.param(first_page(b"Speex   1.2"), id="Speex"),
        pytest.param(first_page(b"\x80theora" + bytes(40)), id="Theora"),
        pytest.param(first_page(b"fLaC" + bytes(40)), id="FLAC in the old way"),
        pytest.param(first_page(struct.pack("<7sIBI", b"\x01vorbis", 1, 2, 44_100)), id="Vorbis II"),
    ],
)
def test_other_streams_are_refused(data: bytes) -> None:
    assert refusal(data) is FailureCode.UNSUPPORTED_CODEC


def test_walk_of_empty_pages_is_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("ingest.containers.ogg.MAX_PAGES", 100)
    first = opus()[:5] + b"\x02" + opus()[6:]
    empty = b"".join(b"OggS" + struct.pack("<BBqIIIB", 0, 0, -1, 1, number, 0, 0) for number in range(1, 200))
    assert refusal(first + empty) is FailureCode.TOO_LONG

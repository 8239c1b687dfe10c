"""M4A headers: spans of tracks, and what is refused; files are FFmpeg's, with single fields changed."""

import struct
from typing import Any

import pytest

from ingest.containers.esds import read_aac
from ingest.containers.header import Container
from ingest.containers.sniff import sniff
from ingest.contract import FailureCode
from ingest.errors import MediaError

RATE = 44_100


@pytest.fixture(scope="module")
def aac(masters: Any) -> bytes:
    """A second and one sample, after 1024 of priming; FFmpeg's movie counts milliseconds."""
    made: bytes = masters.encoded(masters.tone(1.1, RATE)[: RATE + 1], RATE, container="ipod", codec="aac")
    return made


@pytest.fixture(scope="module")
def alac(masters: Any) -> bytes:
    made: bytes = masters.encoded(masters.tone(1.0, RATE), RATE, container="ipod", codec="alac")
    return made


def refusal(data: bytes) -> FailureCode:
    with pytest.raises(MediaError) as caught:
        sniff(data)
    return caught.value.failure


def box(kind: bytes, payload: bytes) -> bytes:
    return struct.pack(">I4s", 8 + len(payload), kind) + payload


def with_box(data: bytes, path: tuple[bytes, ...], added: bytes) -> bytes:
    """Put a box at the end of the one that the path leads to; the media lies before the tables, so nothing moves."""
    changed, start = bytearray(data), 0
    ends: list[int] = []
    for kind in path:
        start = data.index(kind, start) - 4
        (length,) = struct.unpack_from(">I", changed, start)
        struct.pack_into(">I", changed, start, length + len(added))
        ends.append(start + length)
        start += 8
    return bytes(changed[: ends[-1]]) + added + bytes(changed[ends[-1] :])


def without(data: bytes, kind: bytes) -> bytes:
    """The box is there no more, as readers of MP4 see it."""
    return data.replace(kind, b"free")


def edited(data: bytes, *pieces: tuple[int, int], speed: int = 1 << 16, movie_timescale: int = 1000) -> bytes:
    """With another edit list: (ticks of the movie, ticks of the media) of each piece."""
    rows = b"".join(struct.pack(">IiI", *piece, speed) for piece in pieces)
    plain = bytearray(without(data, b"edts"))
    struct.pack_into(">I", plain, data.index(b"mvhd") + 16, movie_timescale)
    return with_box(
        bytes(plain), (b"moov", b"trak"), box(b"edts", box(b"elst", struct.pack(">II", 0, len(pieces)) + rows))
    )


def commented(data: bytes, priming: int, padding: int, count: int) -> bytes:
    """With the comment of iTunes."""
    text = f" 00000000 {priming:08X} {padding:08X} {count:016X} 00000000".encode()
    item = box(b"mean", bytes(4) + b"com.apple.iTunes") + box(b"name", bytes(4) + b"iTunSMPB")
    items = box(b"ilst", box(b"----", item + box(b"data", struct.pack(">II", 1, 0) + text)))
    return with_box(without(data, b"udta"), (b"moov",), box(b"udta", box(b"meta", bytes(4) + items)))


def span(data: bytes) -> tuple[int, int | None]:
    header = sniff(data)
    return header.lead_samples, header.sample_count


def test_codecs_tell_their_form(aac: bytes, alac: bytes) -> None:
    first, second = sniff(aac), sniff(alac)
    assert (first.container, first.codec, first.bits_per_sample, first.lossless) == (Container.M4A, "aac", 0, False)
    assert (second.codec, second.bits_per_sample, second.lossless, second.sample_count) == ("alac", 24, True, RATE)


def test_edit_list_in_milliseconds_is_exact_by_the_table(aac: bytes) -> None:
    assert span(aac) == (1024, RATE + 1)


def test_without_edit_list_and_comment_everything_is_the_track(aac: bytes) -> None:
    assert span(without(aac, b"edts")) == (0, 1024 + RATE + 1)


def test_comment_of_itunes_gives_the_span_without_an_edit_list(aac: bytes) -> None:
    assert span(commented(without(aac, b"edts"), 2112, 100, 40_000)) == (2112, 40_000)


def test_comment_that_does_not_fit_is_of_another_file(aac: bytes) -> None:
    assert span(commented(without(aac, b"edts"), 2112, 100, 400_000)) == (0, 1024 + RATE + 1)


def test_comment_sharpens_a_coarse_edit_list(aac: bytes) -> None:
    coarse = edited(aac, (907, 1024))
    assert span(coarse) == (1024, 39_998)
    assert span(commented(coarse, 1024, 0, 40_000)) == (1024, 40_000)


def test_edit_list_in_samples_is_taken_at_its_word(aac: bytes) -> None:
    assert span(edited(aac, (30_000, 2_000), movie_timescale=RATE)) == (2_000, 30_000)


def test_edit_list_of_no_length_goes_to_the_end(aac: bytes) -> None:
    assert span(edited(aac, (0, 1024))) == (1024, RATE + 1)


def test_silence_in_front_of_the_sound_is_left_out(aac: bytes) -> None:
    assert span(edited(aac, (500, -1), (1000, 1024))) == (1024, RATE + 1)


@pytest.mark.parametrize(
    "piece", [b"moov", b"stbl", b"stsd", b"stts", b"stsz", b"stsc", b"stco", b"esds", b"mdhd", b"hdlr"]
)
def test_missing_box_is_our_error(aac: bytes, piece: bytes) -> None:
    assert refusal(without(aac, piece)) in {FailureCode.CORRUPT, FailureCode.TRUNCATED}


def changed(data: bytes, after: bytes, offset: int, value: bytes) -> bytes:
    place = data.index(after) + len(after) + offset
    return data[:place] + value + data[place + len(value) :]


@pytest.mark.parametrize(
    ("change", "failure"),
    [
        pytest.param(lambda data: data.replace(b"mp4a", b"enca"), FailureCode.PROTECTED, id="encrypted"),
        pytest.param(lambda data: data.replace(b"mp4a", b"drms"), FailureCode.PROTECTED, id="from the iTunes of old"),
        pytest.param(
            lambda data: with_box(
                data, (b"moov", b"trak", b"mdia", b"minf", b"stbl", b"stsd", b"mp4a"), box(b"sinf", b"")
            ),
            FailureCode.PROTECTED,
            id="encrypted behind a plain name",
        ),
        pytest.param(lambda data: with_box(data, (b"moov",), box(b"pssh", bytes(24))), FailureCode.PROTECTED, id="DRM"),
        pytest.param(lambda data: data.replace(b"soun", b"vide"), FailureCode.SEVERAL_STREAMS, id="video"),
        pytest.param(
            lambda data: with_box(data, (b"moov",), data[data.index(b"trak") - 4 : data.index(b"udta") - 4]),
            FailureCode.SEVERAL_STREAMS,
            id="two tracks",
        ),
        pytest.param(lambda data: data.replace(b"soun", b"text"), FailureCode.UNSUPPORTED_CONTAINER, id="no audio"),
        pytest.param(
            lambda data: with_box(data, (b"moov",), box(b"mvex", b"")),
            FailureCode.UNSUPPORTED_CONTAINER,
            id="fragments",
        ),
        pytest.param(
            lambda data: changed(data, b"url ", 0, bytes(4)), FailureCode.UNSUPPORTED_CONTAINER, id="audio elsewhere"
        ),
        pytest.param(
            lambda data: edited(data, (500, 1024), (500, 9_000)), FailureCode.UNSUPPORTED_CONTAINER, id="two pieces"
        ),
        pytest.param(
            lambda data: edited(data, (500, 1024), speed=2 << 16), FailureCode.UNSUPPORTED_CONTAINER, id="double speed"
        ),
        pytest.param(lambda data: data.replace(b"mp4a", b"lpcm"), FailureCode.UNSUPPORTED_CODEC, id="another codec"),
        pytest.param(lambda data: changed(data, b"stsz", 8, b"\0\0\0\1"), FailureCode.CORRUPT, id="a size missing"),
        pytest.param(
            lambda data: changed(data, b"stts", 8, b"\xff" * 4), FailureCode.TOO_LONG, id="billions of frames"
        ),
        pytest.param(
            lambda data: changed(data, b"stsc", 4, b"\x00\x60\x00\x00"),
            FailureCode.TOO_LONG,
            id="a table of six million rows, which is not copied",
        ),
        pytest.param(
            lambda data: changed(data, b"stco", 8, b"\x7f" * 4), FailureCode.TRUNCATED, id="audio beyond the end"
        ),
        pytest.param(
            lambda data: changed(data, b"stsc", 8, b"\0\0\0\2"), FailureCode.CORRUPT, id="chunks out of order"
        ),
        pytest.param(lambda data: changed(data, b"mdhd", 12, bytes(4)), FailureCode.CORRUPT, id="no ticks in a second"),
        pytest.param(lambda data: changed(data, b"stbl", 0, b"\x7f\xff\xff\xff"), FailureCode.CORRUPT, id="a huge box"),
        pytest.param(
            lambda data: changed(data, b"stbl", 0, b"\0\0\0\4"), FailureCode.CORRUPT, id="a box of four bytes"
        ),
        pytest.param(lambda data: data[:-1], FailureCode.TRUNCATED, id="a byte short"),
    ],
)
def test_what_cannot_be_used_is_refused_with_its_code(aac: bytes, change: Any, failure: FailureCode) -> None:
    assert refusal(change(aac)) is failure


def test_walk_of_empty_boxes_is_bounded(aac: bytes) -> None:
    assert refusal(box(b"ftyp", b"M4A ") + box(b"free", b"") * 2_000 + aac) is FailureCode.CORRUPT


def esds(*specific: int, kind: int = 0x40) -> bytes:
    config = b"\x05" + bytes([len(specific)]) + bytes(specific)
    decoder = bytes([0x04, 13 + len(config), kind]) + bytes(12) + config
    return bytes(4) + bytes([0x03, 0x80, 0x80, 3 + len(decoder)]) + bytes(3) + decoder  # a length in three bytes


@pytest.mark.parametrize(
    ("specific", "expected"),
    [
        pytest.param((0x12, 0x10), (44_100, 2), id="stereo"),
        pytest.param((0x11, 0x88), (48_000, 1), id="mono"),
        pytest.param((0x11, 0xB8), (48_000, 8), id="seven and one"),
        pytest.param((0x17, 0x80, 0x3E, 0x80, 0x08), (32_000, 1), id="a rate in full"),
        pytest.param((0x12, 0x10, 0x56, 0xE5, 0x00), (44_100, 2), id="an extension that is not used"),
    ],
)
def test_aac_lc_tells_rate_and_channels(specific: tuple[int, ...], expected: tuple[int, int]) -> None:
    assert read_aac(esds(*specific)) == expected


@pytest.mark.parametrize(
    ("payload", "failure"),
    [
        pytest.param(esds(0x2B, 0x92, 0x08), FailureCode.UNSUPPORTED_CODEC, id="HE-AAC"),
        pytest.param(esds(0x13, 0x90, 0x56, 0xE5, 0xA0), FailureCode.UNSUPPORTED_CODEC, id="HE-AAC by its extension"),
        pytest.param(esds(0x12, 0x14), FailureCode.UNSUPPORTED_CODEC, id="frames of 960"),
        pytest.param(esds(0x12, 0x00), FailureCode.UNSUPPORTED_CODEC, id="speakers of its own"),
        pytest.param(esds(0x12, 0x10, kind=0x6B), FailureCode.UNSUPPORTED_CODEC, id="MP3"),
        pytest.param(esds(), FailureCode.UNSUPPORTED_CODEC, id="nothing"),
        pytest.param(bytes(4), FailureCode.CORRUPT, id="no descriptor"),
    ],
)
def test_other_audio_is_refused(payload: bytes, failure: FailureCode) -> None:
    with pytest.raises(MediaError) as caught:
        read_aac(payload)
    assert caught.value.failure is failure

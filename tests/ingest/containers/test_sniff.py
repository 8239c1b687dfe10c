"""Sniffing whole, truncated, extended and arbitrary bytes: a header's promise or our error, nothing else."""

import contextlib
import struct
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ingest.containers.header import Container, Header
from ingest.containers.sniff import sniff
from ingest.contract import FailureCode
from ingest.errors import MediaError


def refusal(data: bytes) -> FailureCode:
    with pytest.raises(MediaError) as caught:
        sniff(data)
    return caught.value.failure


@pytest.mark.parametrize(
    ("container", "subtype", "codec", "bits"),
    [
        pytest.param("WAV", "PCM_U8", "pcm_u8", 8, id="8-bit WAV"),
        pytest.param("WAV", "PCM_16", "pcm_s16le", 16, id="16-bit WAV"),
        pytest.param("WAV", "PCM_24", "pcm_s24le", 24, id="24-bit WAV"),
        pytest.param("WAV", "PCM_32", "pcm_s32le", 32, id="32-bit WAV"),
        pytest.param("WAV", "FLOAT", "pcm_f32le", 0, id="float WAV"),
        pytest.param("WAV", "DOUBLE", "pcm_f64le", 0, id="double WAV"),
        pytest.param("WAVEX", "PCM_24", "pcm_s24le", 24, id="extensible WAV"),
        pytest.param("WAVEX", "FLOAT", "pcm_f32le", 0, id="extensible float WAV"),
        pytest.param("RF64", "PCM_24", "pcm_s24le", 24, id="24-bit RF64"),
        pytest.param("AIFF", "PCM_S8", "pcm_s8", 8, id="8-bit AIFF"),
        pytest.param("AIFF", "PCM_16", "pcm_s16be", 16, id="16-bit AIFF"),
        pytest.param("AIFF", "PCM_24", "pcm_s24be", 24, id="24-bit AIFF"),
        pytest.param("AIFF", "PCM_32", "pcm_s32be", 32, id="32-bit AIFF"),
        pytest.param("AIFF", "FLOAT", "pcm_f32be", 0, id="float AIFC"),
        pytest.param("AIFF", "DOUBLE", "pcm_f64be", 0, id="double AIFC"),
        pytest.param("FLAC", "PCM_16", "flac", 16, id="16-bit FLAC"),
        pytest.param("FLAC", "PCM_24", "flac", 24, id="24-bit FLAC"),
    ],
)
def test_lossless_masters_tell_their_form(masters: Any, container: str, subtype: str, codec: str, bits: int) -> None:
    data = masters.sndfile(masters.tone(0.5, 44_100), 44_100, container=container, subtype=subtype)
    assert msgspec.structs.replace(sniff(data), pcm_md5="") == Header(
        container={"FLAC": Container.FLAC, "AIFF": Container.AIFF}.get(container, Container.WAV),
        codec=codec,
        sample_rate_hz=44_100,
        channels=2,
        bits_per_sample=bits,
        sample_count=22_050,
    )


@pytest.mark.parametrize(
    ("container", "subtype", "codec"),
    [
        pytest.param("OGG", "VORBIS", "vorbis", id="Ogg Vorbis"),
        pytest.param("OGG", "OPUS", "opus", id="Ogg Opus"),
        pytest.param("MP3", "MPEG_LAYER_III", "mp3float", id="MP3"),
    ],
)
def test_lossy_masters_tell_their_length_too(masters: Any, container: str, subtype: str, codec: str) -> None:
    header = sniff(masters.sndfile(masters.tone(0.5, 48_000), 48_000, container=container, subtype=subtype))
    assert (header.container, header.codec) == (Container[container], codec)
    assert (header.sample_rate_hz, header.channels, header.sample_count) == (48_000, 2, 24_000)
    assert not header.lossless


@pytest.mark.parametrize(
    ("data", "failure"),
    [
        pytest.param(b"", FailureCode.EMPTY, id="nothing at all"),
        pytest.param(b"Dear artist,\n", FailureCode.UNSUPPORTED_CONTAINER, id="a letter"),
        pytest.param(b"ffconcat version 1.0\nfile '/etc/passwd'\n", FailureCode.UNSUPPORTED_CONTAINER, id="a playlist"),
        pytest.param(b"#EXTM3U\nfile:///etc/passwd\n", FailureCode.UNSUPPORTED_CONTAINER, id="an HLS playlist"),
        pytest.param(
            b"ID3\x04\x00\x00\x00\x00\x00\x0a" + bytes(10) + b"ffconcat version 1.0\nfile '/etc/passwd'\n",
            FailureCode.UNSUPPORTED_CONTAINER,
            id="a playlist behind the tag of an MP3 file",
        ),
        pytest.param(
            b"RIFF\x40\x00\x00\x00WAVEffconcat version 1.0\nfile '/etc/passwd'\n",
            FailureCode.TRUNCATED,
            id="a playlist behind the opening of a WAV file",
        ),
        pytest.param(
            b"\x00\x00\x00\x08ftypffconcat version 1.0\nfile '/etc/passwd'\n",
            FailureCode.TRUNCATED,
            id="a playlist behind the opening of an M4A file",
        ),
        pytest.param(b"RIFF", FailureCode.TRUNCATED, id="four bytes of a WAV file"),
        pytest.param(b"fLaC", FailureCode.TRUNCATED, id="four bytes of a FLAC file"),
        pytest.param(b"OggS", FailureCode.TRUNCATED, id="four bytes of an Ogg file"),
        pytest.param(b"RIFF\x04\x00\x00\x00AVI ", FailureCode.UNSUPPORTED_CONTAINER, id="a film"),
        pytest.param(b"RF64", FailureCode.TRUNCATED, id="four bytes of an RF64 file"),
        pytest.param(b"FORM", FailureCode.TRUNCATED, id="four bytes of an AIFF file"),
        pytest.param(b"\x00\x00\x00\x18ftypM4A ", FailureCode.TRUNCATED, id="twelve bytes of an M4A file"),
        pytest.param(b"FORM\x00\x00\x00\x04ILBM" + bytes(40), FailureCode.UNSUPPORTED_CONTAINER, id="an Amiga picture"),
        pytest.param(
            b"\xff\xfb\x90\x64" + bytes(2000), FailureCode.UNSUPPORTED_CONTAINER, id="one MP3 frame by chance"
        ),
        pytest.param(bytes(100_000), FailureCode.UNSUPPORTED_CONTAINER, id="zeros"),
        pytest.param(
            b"ID3\x04\x00\x00\x00\x00\x01\x00" + bytes(40), FailureCode.TRUNCATED, id="a file that ends inside its tag"
        ),
        pytest.param(
            b"ID3\x04\x00\x00\x00\x00\x00\x0a" + bytes(10), FailureCode.TRUNCATED, id="a tag with nothing behind it"
        ),
    ],
)
def test_what_is_no_audio_is_refused_with_its_code(data: bytes, failure: FailureCode) -> None:
    assert refusal(data) is failure


@pytest.mark.parametrize("container", ["WAV", "FLAC"])
def test_every_cut_of_the_header_is_truncated(masters: Any, container: str) -> None:
    data = masters.sndfile(masters.tone(0.2, 8_000, channels=1), 8_000, container=container, subtype="PCM_16")
    whole = data.index(b"data") + 8 if container == "WAV" else 4 + 4 + 34
    assert {refusal(data[:length]) for length in range(1, whole)} <= {
        FailureCode.TRUNCATED,
        FailureCode.UNSUPPORTED_CONTAINER,  # a cut inside of the magic leaves nothing to tell it by
    }
    assert {refusal(data[:length]) for length in range(12, whole)} == {FailureCode.TRUNCATED}


def test_wav_that_lost_its_last_byte_is_truncated(masters: Any) -> None:
    assert refusal(masters.wav(masters.tone(0.5))[:-1]) is FailureCode.TRUNCATED


def test_wav_with_trailing_garbage_keeps_its_promise(masters: Any) -> None:
    data = masters.wav(masters.tone(0.5))
    assert sniff(data + b"garbage" * 100) == sniff(data)


def test_ogg_that_lost_its_end_is_truncated(masters: Any) -> None:
    data = masters.sndfile(masters.music(3.0), 48_000, container="OGG", subtype="VORBIS")
    assert refusal(data[: len(data) // 2]) is FailureCode.TRUNCATED
    assert refusal(data[:-1]) is FailureCode.TRUNCATED


FMT = struct.pack("<HHIIHH", 1, 2, 48_000, 192_000, 4, 16)


@pytest.mark.parametrize(
    ("chunks", "failure"),
    [
        pytest.param([(b"data", bytes(40_000))], FailureCode.CORRUPT, id="audio before its format"),
        pytest.param([(b"fmt ", FMT)], FailureCode.TRUNCATED, id="no audio at all"),
        pytest.param([(b"fmt ", FMT), (b"data", b"")], FailureCode.TOO_SHORT, id="0 s"),
        pytest.param([(b"fmt ", FMT), (b"data", bytes(4 * 4799))], FailureCode.TOO_SHORT, id="a sample below 0.1 s"),
        pytest.param(
            [(b"fmt ", struct.pack("<HHIIHH", 2, 2, 48_000, 0, 4, 4)), (b"data", bytes(40_000))],
            FailureCode.UNSUPPORTED_CODEC,
            id="ADPCM",
        ),
        pytest.param(
            [(b"fmt ", struct.pack("<HHIIHH", 1, 2, 48_000, 0, 3, 16)), (b"data", bytes(40_000))],
            FailureCode.CORRUPT,
            id="frames of three bytes for two 16-bit channels",
        ),
        pytest.param(
            [(b"fmt ", struct.pack("<HHIIHH", 1, 0, 48_000, 0, 0, 16)), (b"data", bytes(40_000))],
            FailureCode.CORRUPT,
            id="no channels",
        ),
        pytest.param(
            [(b"fmt ", struct.pack("<HHIIHH", 1, 9, 48_000, 0, 18, 16)), (b"data", bytes(360_000))],
            FailureCode.UNSUPPORTED_CODEC,
            id="nine channels",
        ),
        pytest.param(
            [(b"fmt ", struct.pack("<HHIIHH", 1, 2, 1_000, 0, 4, 16)), (b"data", bytes(40_000))],
            FailureCode.UNSUPPORTED_CODEC,
            id="1 kHz",
        ),
        pytest.param(
            [(b"fmt ", FMT), *[(b"junk", b"")] * 1000, (b"data", bytes(40_000))],
            FailureCode.CORRUPT,
            id="a thousand empty chunks",
        ),
    ],
)
def test_lying_wav_headers_are_refused(masters: Any, chunks: list[tuple[bytes, bytes]], failure: FailureCode) -> None:
    assert refusal(masters.riff(*chunks)) is failure


def test_tenth_of_a_second_is_long_enough(masters: Any) -> None:
    assert sniff(masters.riff((b"fmt ", FMT), (b"data", bytes(4 * 4800)))).sample_count == 4800


def test_streamed_wav_lasts_to_the_end_of_the_file(masters: Any) -> None:
    data = bytearray(masters.riff((b"fmt ", FMT), (b"LIST", b"abc"), (b"data", bytes(40_000))))
    at = data.index(b"data") + 4
    data[at : at + 4] = b"\xff\xff\xff\xff"
    assert sniff(bytes(data)).sample_count == 10_000


def test_id3_tag_before_flac_is_passed_over(masters: Any) -> None:
    data = masters.flac(masters.tone(0.5, 44_100))
    tag = b"ID3\x04\x00\x00" + bytes([0, 0, 2, 0]) + bytes(256)
    assert sniff(tag + data) == sniff(data)


def test_flac_of_unknown_length_leaves_it_open(masters: Any) -> None:
    data = bytearray(masters.flac(masters.tone(0.5, 44_100)))
    data[8 + 13] &= 0xF0
    data[8 + 14 : 8 + 18] = bytes(4)
    assert sniff(bytes(data)).sample_count is None


@pytest.mark.parametrize(
    ("place", "value", "failure"),
    [
        pytest.param(4, b"\x04", FailureCode.CORRUPT, id="another block first"),
        pytest.param(8, b"\x00\x01", FailureCode.CORRUPT, id="blocks of one sample"),
        pytest.param(8 + 10, b"\x00\x06\x30", FailureCode.UNSUPPORTED_CODEC, id="99 Hz"),
        pytest.param(8 + 13, b"\xff\xff\xff\xff\xff", FailureCode.TOO_LONG, id="half a week"),
    ],
)
def test_lying_flac_headers_are_refused(masters: Any, place: int, value: bytes, failure: FailureCode) -> None:
    data = bytearray(masters.flac(masters.tone(0.5, 44_100)))
    data[place : place + len(value)] = value
    assert refusal(bytes(data)) is failure


MAGICS = (
    b"",
    b"RIFF\xff\xff\xff\xffWAVE",
    b"RIFF....WAVEfmt \x10\x00\x00\x00",
    b"fLaC\x00\x00\x00\x22",
    b"OggS",
    b"OggS\x00\x02" + bytes(20) + b"\x01\x13OpusHead\x01\x02",
    b"RF64\xff\xff\xff\xffWAVEds64\x1c\x00\x00\x00",
    b"FORM\x00\x00\xff\xffAIFCCOMM\x00\x00\x00\x18\x00\x02",
    b"FORM\x00\x00\xff\xffAIFFSSND",
    b"\x00\x00\x00\x08ftyp\x00\x00\x00\x00moov",
    b"\x00\x00\x00\x08ftyp\x00\x00\x00\x01moov",
    b"ID3\x04\x00\x00",
)


@given(st.sampled_from(MAGICS), st.binary(max_size=400))
def test_any_bytes_give_a_promise_or_our_error(magic: bytes, rest: bytes) -> None:
    with contextlib.suppress(MediaError):
        assert isinstance(sniff(magic + rest), Header)


FORMS = {
    "WAV": lambda make: make.wav(make.tone(0.2)),
    "RF64": lambda make: make.sndfile(make.tone(0.2), 48_000, container="RF64", subtype="PCM_16"),
    "AIFF": lambda make: make.sndfile(make.tone(0.2), 48_000, container="AIFF", subtype="PCM_16"),
    "AIFC": lambda make: make.sndfile(make.tone(0.2), 48_000, container="AIFF", subtype="FLOAT"),
    "FLAC": lambda make: make.flac(make.tone(0.2)),
    "Vorbis": lambda make: make.sndfile(make.tone(0.2), 48_000, container="OGG", subtype="VORBIS"),
    "Opus": lambda make: make.sndfile(make.tone(0.2), 48_000, container="OGG", subtype="OPUS"),
    "FLAC in Ogg": lambda make: make.encoded(make.tone(0.2), 48_000, container="ogg", codec="flac"),
    "MP3": lambda make: make.sndfile(make.tone(0.2), 48_000, container="MP3", subtype="MPEG_LAYER_III"),
    "AAC": lambda make: make.encoded(make.tone(0.2), 48_000, container="ipod", codec="aac"),
    "ALAC": lambda make: make.encoded(make.tone(0.2, 8_000, channels=1), 8_000, container="ipod", codec="alac"),
}


@pytest.fixture(scope="module", params=FORMS)
def small(request: Any, masters: Any) -> bytes:
    """A small file of every form."""
    made: bytes = FORMS[request.param](masters)
    return made


def test_every_cut_gives_a_promise_or_our_error(small: bytes) -> None:
    whole = sniff(small)
    for length in range(len(small)) if len(small) < 20_000 else [*range(4_000), *range(4_000, len(small), 97)]:
        with contextlib.suppress(MediaError):
            assert sniff(small[:length]) == whole


def test_garbage_behind_the_audio_changes_no_promise(small: bytes) -> None:
    assert sniff(small + b"garbage!" * 100) == sniff(small)


@given(data=st.data())
def test_any_damage_gives_a_promise_or_our_error(small: bytes, data: st.DataObject) -> None:
    damaged = bytearray(small)
    near = min(len(damaged), 200)
    for _ in range(data.draw(st.integers(1, 4))):
        # The tables of an M4A file lie at its end.
        place = data.draw(st.integers(0, near - 1) | st.integers(-min(len(damaged), 2_000), -1))
        damaged[place] = data.draw(st.integers(0, 255))
    with contextlib.suppress(MediaError):
        assert isinstance(sniff(bytes(damaged[: data.draw(st.integers(0, len(damaged)))])), Header)


class Watched(bytes):
    """Bytes that remember the longest piece that was taken of them."""

    longest = 0

    def __getitem__(self, key: Any) -> Any:
        piece = super().__getitem__(key)
        self.longest = max(self.longest, len(piece) if isinstance(key, slice) else 1)
        return piece


def test_header_that_claims_to_be_huge_is_not_copied(masters: Any) -> None:
    form = struct.pack("<HHIIHH", 1, 2, 48_000, 192_000, 4, 16)
    data = Watched(masters.riff((b"fmt ", form + bytes(1_000_000)), (b"data", bytes(40_000))))
    assert sniff(data).sample_count == 10_000
    assert data.longest <= 40

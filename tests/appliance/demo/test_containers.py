"""The metadata writers alone: the audio is untouched, the structure is what the standards say."""

import io
import struct

import numpy as np
import pytest
import soundfile

from appliance.demo import flac, riff
from appliance.demo.tags import Cover, Tags

TAGS = Tags(
    title="Ünïcødé — 音楽",
    artist="A",
    album="B",
    year=2020,
    track_number=7,
    isrc="ZZSEG2000001",
    cover=Cover(media_type="image/png", width=1, height=1, data=b"odd"),
)
SOUND = np.random.default_rng(5).integers(-30_000, 30_000, (5_000, 2), dtype=np.int16)


def encoded(container: str) -> bytes:
    file = io.BytesIO()
    soundfile.write(file, SOUND, 44_100, format=container, subtype="PCM_16")
    return file.getvalue()


@pytest.mark.parametrize(("container", "writer"), [("FLAC", flac), ("WAV", riff)], ids=["flac", "wav"])
def test_the_audio_stays_as_it_was(container: str, writer: object) -> None:
    tagged = writer.with_metadata(encoded(container), TAGS)  # type: ignore[attr-defined] # a module

    samples, rate_hz = soundfile.read(io.BytesIO(tagged), dtype="int16")

    assert rate_hz == 44_100
    assert np.array_equal(samples, SOUND)


@pytest.mark.parametrize(("container", "writer"), [("FLAC", flac), ("WAV", riff)], ids=["flac", "wav"])
def test_a_file_of_another_kind_is_refused(container: str, writer: object) -> None:
    with pytest.raises(ValueError, match="starts with"):
        writer.with_metadata(b"ID3" + encoded(container), TAGS)  # type: ignore[attr-defined] # a module


def test_flac_blocks_come_in_order_and_the_last_is_marked() -> None:
    tagged = flac.with_metadata(encoded("FLAC"), TAGS)

    kinds, position = [], 4
    while not kinds or not kinds[-1] & 0x80:
        kinds.append(tagged[position])
        position += 4 + int.from_bytes(tagged[position + 1 : position + 4], "big")

    assert kinds == [0, 4, 6 | 0x80]
    assert tagged[position : position + 2] in (b"\xff\xf8", b"\xff\xf9")  # the first frame's sync code


def test_writing_tags_twice_keeps_one_set() -> None:
    once = flac.with_metadata(encoded("FLAC"), TAGS)

    assert flac.with_metadata(once, TAGS) == once


def test_riff_chunks_are_even_and_fill_the_file() -> None:
    tagged = riff.with_metadata(encoded("WAV"), TAGS)

    names, position = [], 12
    while position < len(tagged):
        name, length = struct.unpack_from("<4sI", tagged, position)
        names.append(name)
        position += 8 + length + length % 2

    assert names == [b"fmt ", b"data", b"id3 "]
    assert position == len(tagged) == struct.unpack_from("<I", tagged, 4)[0] + 8


@pytest.mark.parametrize(
    ("number", "written"), [(0, "00000000"), (127, "0000007f"), (128, "00000100"), (2**28 - 1, "7f7f7f7f")]
)
def test_synchsafe_numbers_leave_the_high_bits_clear(number: int, written: str) -> None:
    assert riff.synchsafe(number).hex() == written


@pytest.mark.parametrize("number", [-1, 2**28])
def test_a_number_that_is_not_synchsafe_is_refused(number: int) -> None:
    with pytest.raises(ValueError, match="28 bits"):
        riff.synchsafe(number)

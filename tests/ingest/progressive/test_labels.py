"""Labels in every container, as other programs read them."""

from typing import Any

import av
import numpy as np
import pytest
from tinytag import TinyTag

from ingest.progressive.labels import Labels
from ingest.renditions.ladder import File

WHOLE_FILES = [file for file in File if file is not File.CMAF]


@pytest.fixture(scope="module")
def short(masters: Any) -> Any:
    return masters.music(0.3, 44_100)


@pytest.mark.parametrize("file", WHOLE_FILES, ids=lambda file: file.value)
def test_another_reader_finds_every_label(studio: Any, short: Any, file: File) -> None:
    found = TinyTag.get(studio.make(file, short, bits=16))
    wanted = studio.labels
    assert (found.title, found.artist, found.album) == (wanted.title, wanted.artist, wanted.album)
    assert found.other["isrc"] == [wanted.isrc]
    assert (found.samplerate, found.channels) == (44_100, 2)


@pytest.mark.parametrize("file", WHOLE_FILES, ids=lambda file: file.value)
def test_ffmpeg_finds_every_label(studio: Any, short: Any, file: File) -> None:
    with av.open(str(studio.make(file, short, bits=16))) as container:
        told = {**container.metadata, **container.streams.audio[0].metadata}
    found = {key.lower(): value for key, value in told.items()}
    assert found["title"] == studio.labels.title
    assert found["artist"] == studio.labels.artist
    assert found["album"] == studio.labels.album
    assert found["tsrc" if file is File.MP3 else "isrc"] == studio.labels.isrc


@pytest.mark.parametrize("file", WHOLE_FILES, ids=lambda file: file.value)
def test_what_is_not_known_is_left_out(studio: Any, short: Any, file: File) -> None:
    path = studio.make(file, short, bits=16, labels=Labels(title="Untitled"))
    found = TinyTag.get(path)
    assert (found.title, found.artist, found.album, found.other.get("isrc")) == ("Untitled", None, None, None)


@pytest.mark.parametrize("file", WHOLE_FILES, ids=lambda file: file.value)
def test_long_labels_move_the_audio_and_nothing_else(studio: Any, short: Any, ffmpeg_decoded: Any, file: File) -> None:
    """A Vorbis comment of more than 65 025 bytes needs a page more than the encoder wrote."""
    plain = ffmpeg_decoded(studio.make(file, short, bits=16))
    path = studio.make(file, short, bits=16, labels=Labels(title="Ohne Ende. " * 7_000 + "Ende", isrc="DEA120600001"))
    assert TinyTag.get(path).title == "Ohne Ende. " * 7_000 + "Ende"
    assert np.array_equal(ffmpeg_decoded(path), plain)

"""Tags as other programs write them: FFmpeg for what it can write, frames by their own description for the rest."""

import io
import struct
from pathlib import Path
from uuid import UUID

import av
import numpy as np
import pytest
import soundfile

from appliance.demo import flac as demo_flac
from appliance.demo import riff as demo_riff
from appliance.demo.library import PIECES
from appliance.demo.masters import tags as demo_tags
from ingest.contract import QualityCode, Tags
from ingest.isolation.children import child
from ingest.isolation.messages import Limits
from ingest.stages.describe import describe
from ingest.tasks import Describe, Described
from tests.recordings import BROKEN, needs_broken

RECORDING = "b1a9c0e9-d987-4042-ae91-78d6a3267d69"
PNG = (
    b"\x89PNG\r\n\x1a\n\x00\x00\x00\x0dIHDR\x00\x00\x00\x01\x00\x00\x00\x01\x08\x02\x00\x00\x00\x90\x77\x53\xde"
    b"\x00\x00\x00\x0cIDATx\x9cc``\x00\x00\x00\x04\x00\x01\xf6\x178U\x00\x00\x00\x00IEND\xaeB`\x82"
)


def told(data: bytes) -> tuple[Described, bytes]:
    target = io.BytesIO()
    return describe(io.BytesIO(data), target, lambda _: None), target.getvalue()


def tags_in(data: bytes) -> Tags:
    found = told(data)[0].tags
    assert found is not None
    return found


WRITERS = {
    "flac": ("flac", "flac", {}),
    "opus": ("ogg", "libopus", {}),
    "mp3, ID3v2.4": ("mp3", "libmp3lame", {"id3v2_version": "4"}),
    "mp3, ID3v2.3": ("mp3", "libmp3lame", {"id3v2_version": "3"}),
    "m4a": ("ipod", "aac", {}),
    "aiff": ("aiff", "pcm_s16be", {"write_id3v2": "1"}),
}


def written(kind: str, tags: dict[str, str]) -> bytes:
    container, codec, options = WRITERS[kind]
    buffer = io.BytesIO()
    with av.open(buffer, "w", format=container, options=options) as target:
        target.metadata.update(tags)
        stream = target.add_stream(codec, rate=48_000, layout="mono")
        frame = av.AudioFrame.from_ndarray(np.zeros((1, 9600), np.int16), format="s16", layout="mono")
        frame.sample_rate = 48_000
        for packet in stream.encode(frame) + stream.encode():
            target.mux(packet)
    return buffer.getvalue()


@pytest.mark.parametrize("kind", WRITERS)
def test_what_ffmpeg_writes_is_read(kind: str) -> None:
    names = {"isrc": "TSRC"} if "mp3" in kind or kind == "aiff" else {"isrc": "ISRC"}
    data = written(
        kind,
        {
            "title": "Räksmörgås",
            "artist": "Ada",
            "album": "Rivers",
            "album_artist": "Various",
            "track": "3/9",
            "disc": "1/2",
            "date": "2024-05-01",
            "genre": "Folk",
            names["isrc"]: "GBAYE6900531",
        },
    )
    found = tags_in(data)
    assert (found.title, found.artist, found.album) == ("Räksmörgås", "Ada", "Rivers")
    assert (found.track_number, found.track_total, found.disc_number, found.disc_total) == (3, 9, 1, 2)
    assert found.date is not None
    assert found.date.startswith("2024")
    assert found.genres == ("Folk",)
    if kind != "m4a":  # FFmpeg writes no free fields there
        assert (found.album_artist, found.isrc) == ("Various", "GBAYE6900531")


def test_what_libsndfile_writes_into_vorbis_is_read() -> None:
    buffer = io.BytesIO()
    with soundfile.SoundFile(buffer, "w", samplerate=48_000, channels=1, format="OGG", subtype="VORBIS") as file:
        file.title, file.artist, file.album, file.date, file.genre = "Räksmörgås", "Ada", "Rivers", "2024", "Folk"
        file.tracknumber = "3/9"
        file.write(np.zeros(9600))
    assert tags_in(buffer.getvalue()) == Tags(
        title="Räksmörgås",
        artist="Ada",
        artists=("Ada",),
        album="Rivers",
        date="2024",
        genres=("Folk",),
        track_number=3,
        track_total=9,
    )


def frame(name: bytes, body: bytes) -> bytes:
    return name + struct.pack(">I", len(body)) + bytes(2) + body


def synchsafe(size: int) -> bytes:
    return bytes(size >> shift & 0x7F for shift in (21, 14, 7, 0))


def id3(*frames: bytes, version: int = 3, flags: int = 0) -> bytes:
    body = b"".join(frames)
    return b"ID3" + bytes([version, 0, flags]) + synchsafe(len(body)) + body


def text(name: bytes, value: str) -> bytes:
    return frame(name, b"\x01" + value.encode("utf-16"))


def test_frames_that_other_programs_use_are_read() -> None:
    lines = b"".join(
        line.encode() + b"\0" + struct.pack(">I", start) for line, start in (("One", 1500), ("\nTwo", 62_000))
    )
    found = tags_in(
        id3(
            text(b"TIT2", "Łódź"),
            text(b"TSRC", "GB-AYE-69-00531"),
            frame(b"TXXX", b"\0MusicBrainz Album Id\0" + RECORDING.encode()),
            frame(b"UFID", b"http://musicbrainz.org\0" + RECORDING.encode()),
            frame(b"USLT", b"\0eng\0One\nTwo"),
            frame(b"SYLT", b"\0eng\x02\x01\0" + lines),
        )
    )
    assert (found.title, found.isrc, found.isrc_as_written) == ("Łódź", "GBAYE6900531", "GB-AYE-69-00531")
    assert found.musicbrainz_recording_id == found.musicbrainz_release_id == UUID(RECORDING)
    assert found.lyrics == "One\nTwo"
    assert [(line.start_ms, line.text) for line in found.synced_lyrics] == [(1500, "One"), (62_000, "Two")]


def test_unsynchronised_tag_is_read() -> None:
    plain = text(b"TIT2", "Łódź ÿþ")
    assert b"\xff\xfe" in plain
    head, body = id3(plain)[:10], id3(plain)[10:].replace(b"\xff", b"\xff\x00")
    data = head[:5] + b"\x80" + synchsafe(len(body)) + body
    assert tags_in(data).title == "Łódź ÿþ"


def test_id3v2_2_is_read() -> None:
    frames = b"TT2" + (6).to_bytes(3, "big") + b"\0River" + b"TRK" + (4).to_bytes(3, "big") + b"\0" + b"3/9"
    found = tags_in(b"ID3\x02\x00\x00" + synchsafe(len(frames)) + frames)
    assert (found.title, found.track_number, found.track_total) == ("River", 3, 9)


def riff(*chunks: tuple[bytes, bytes]) -> bytes:
    body = b"".join(struct.pack("<4sI", name, len(data)) + data + bytes(len(data) % 2) for name, data in chunks)
    return b"RIFF" + struct.pack("<I", 4 + len(body)) + b"WAVE" + body


def info(**fields: str) -> tuple[bytes, bytes]:
    items = [
        struct.pack("<4sI", name.encode(), len(value) + 1) + value.encode() + b"\0" for name, value in fields.items()
    ]
    return b"LIST", b"INFO" + b"".join(item + bytes(len(item) % 2) for item in items)


def test_source_of_a_riff_list_is_no_code() -> None:
    found = tags_in(riff(info(INAM="River", ISRC="GBAYE6900531"), (b"data", bytes(8))))
    assert (found.title, found.isrc, found.isrc_as_written) == ("River", None, None)


@pytest.mark.parametrize("first", ["the list", "the ID3 tag"])
def test_id3_tag_of_a_wave_file_comes_first(first: str) -> None:
    chunks = [info(INAM="Cut off ti", ISRC="USRC17607839", IGNR="Folk"), (b"data", bytes(8))]
    chunks.insert(
        1 if first == "the list" else 0, (b"id3 ", id3(text(b"TIT2", "River"), text(b"TSRC", "GBAYE6900531")))
    )
    found = tags_in(riff(*chunks))
    assert (found.title, found.isrc, found.genres) == ("River", "GBAYE6900531", ("Folk",))


def test_length_beyond_four_gigabytes_stands_before_the_audio() -> None:
    tag = (b"id3 ", id3(text(b"TIT2", "River")))
    wave = riff((b"ds64", struct.pack("<QQQI", 0, 8, 0, 0)), (b"data", bytes(8)), tag)
    long = wave.replace(b"RIFF", b"RF64", 1).replace(b"data\x08\0\0\0", b"data\xff\xff\xff\xff")
    assert tags_in(long) == Tags(title="River")


def test_front_cover_is_preferred() -> None:
    back = frame(b"APIC", b"\0image/png\0\x04\0" + PNG + b"back")
    front = frame(b"APIC", b"\0image/png\0\x03\0" + PNG + b"front")
    described, picture = told(id3(text(b"TIT2", "River"), back, front))
    assert picture == PNG + b"front"
    assert described.picture is not None
    assert described.picture.size_bytes == len(picture)


def test_other_picture_is_better_than_none() -> None:
    assert told(id3(frame(b"APIC", b"\0image/png\0\x08\0" + PNG)))[1] == PNG


def test_picture_that_is_none_is_a_warning() -> None:
    described, picture = told(id3(text(b"TIT2", "River"), frame(b"APIC", b"\0image/svg\0\x03\0<svg/>")))
    assert described.picture is None
    assert picture == b""
    assert [warning.code for warning in described.warnings] == [QualityCode.UNREADABLE_ARTWORK]
    assert described.tags == Tags(title="River")


@pytest.mark.parametrize("container", ["flac", "wav"])
def test_masters_of_the_demo_are_read(masters, container: str) -> None:
    piece = next(piece for piece in PIECES if piece.container == container)
    wanted, silence = demo_tags(piece), np.zeros((4800, 2))
    if container == "flac":
        data = demo_flac.with_metadata(masters.flac(silence), wanted)
    else:
        data = demo_riff.with_metadata(masters.wav(silence), wanted)
    described, picture = told(data)
    assert described.tags == Tags(
        title=wanted.title,
        artist=wanted.artist,
        artists=(wanted.artist,),
        album=wanted.album,
        track_number=wanted.track_number,
        disc_number=wanted.disc_number,
        date=str(wanted.year),
        isrc=wanted.isrc,
        isrc_as_written=wanted.isrc,
    )
    assert picture == wanted.cover.data


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"ID3",
        b"fLaC\x84\xff\xff\xff",
        b"OggS" + bytes(60),
        b"\0\0\0\x18ftypM4A " + b"\xff" * 40,
        riff((b"id3 ", b"ID3\x03\0\0\x7f\x7f\x7f\x7fTIT2\xff\xff\xff\xff")),
        b"FORM\xff\xff\xff\xffAIFFID3 \xff\xff\xff\xff",
        b"ffconcat version 1.0\nfile 'x.mp3'\n",
    ],
    ids=["nothing", "a mark", "FLAC", "Ogg", "M4A", "WAVE", "AIFF", "a playlist"],
)
def test_file_that_cannot_be_read_has_no_tags(data: bytes) -> None:
    assert told(data) == (Described(), b"")


@needs_broken
def test_every_broken_file_is_read_or_has_no_tags() -> None:
    for path in sorted(BROKEN.iterdir()):
        with path.open("rb") as file:
            describe(file, io.BytesIO(), lambda _: None)


async def unwatched(_fraction: float) -> None:
    pass


async def test_child_reads_behind_the_fence(tmp_path: Path) -> None:
    upload, picture = tmp_path / "upload", tmp_path / "picture"
    upload.write_bytes(id3(text(b"TIT2", "River"), frame(b"APIC", b"\0image/png\0\x03\0" + PNG)))
    async with child(Limits(memory_bytes=2**30, cpu_s=60), tmp_path) as describer:
        described = await describer.run(Describe(path=str(upload), picture_path=str(picture)), unwatched)
    assert described.tags == Tags(title="River")
    assert picture.read_bytes() == PNG

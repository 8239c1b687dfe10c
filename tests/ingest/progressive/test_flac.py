"""The native FLAC file: libFLAC (through libsndfile) and FFmpeg read it, to the bit."""

import hashlib
import io
import struct
from pathlib import Path
from typing import Any

import av
import numpy as np
import pytest
import soundfile

from ingest import pcm
from ingest.cmaf.track_file import Frame, Track
from ingest.errors import IngestFault
from ingest.progressive import read
from ingest.progressive.flac import FlacWriter, speakers_comment
from ingest.progressive.labels import Labels
from ingest.renditions.ladder import File
from origin.asset import Codec

RATE = 44_100


def blocks(data: bytes) -> list[tuple[int, bytes]]:
    """The metadata blocks, and the frames as one of kind -1."""
    assert data[:4] == b"fLaC"
    found, place, last = [], 4, False
    while not last:
        last, kind, length = bool(data[place] & 0x80), data[place] & 0x7F, int.from_bytes(data[place + 1 : place + 4])
        found.append((kind, data[place + 4 : place + 4 + length]))
        place += 4 + length
    return [*found, (-1, data[place:])]


def heard(path: Path) -> Any:
    return np.concatenate(list(read.decoded(path, File.FLAC)))


@pytest.mark.parametrize(("bits", "channels"), [(16, 1), (16, 2), (24, 2), (24, 6), (32, 2)], ids=str)
def test_samples_are_the_masters_to_the_bit(studio: Any, masters: Any, bits: int, channels: int) -> None:
    frames = masters.music(1.0 + 7 / RATE, RATE, channels=channels)
    path = studio.make(File.FLAC, frames, bits=bits)
    source = (studio.folder / "source.pcm").read_bytes()
    found = heard(path)
    assert found.tobytes() == source
    # STREAMINFO's digest is of the samples in as few bytes as hold them, which is what the descriptor's digest covers.
    info = dict(blocks(path.read_bytes()))[0]
    assert info[18:] == hashlib.md5(pcm.pack(found, bits), usedforsecurity=False).digest()


@pytest.mark.parametrize("bits", [16, 24])
def test_libflac_reads_the_same_samples(studio: Any, masters: Any, bits: int) -> None:
    path = studio.make(File.FLAC, masters.music(1.0, RATE), bits=bits)
    found, rate = soundfile.read(path, dtype="int32", always_2d=True)
    ours = heard(path).astype(np.int32) << (16 if bits == 16 else 0)
    assert rate == RATE
    assert np.array_equal(found, ours)


def test_stream_info_knows_the_length_and_the_frames(studio: Any, masters: Any) -> None:
    path = studio.make(File.FLAC, masters.music(3.0 + 7 / RATE, RATE), bits=16)
    (kind, info), *_, (_, audio) = blocks(path.read_bytes())
    smallest_block, largest_block = struct.unpack_from(">HH", info)
    smallest, largest = int.from_bytes(info[4:7]), int.from_bytes(info[7:10])
    packed = int.from_bytes(info[10:18])
    assert kind == 0
    assert (smallest_block, largest_block) == (4096, 4096)
    assert (packed >> 44, (packed >> 41 & 7) + 1, (packed >> 36 & 31) + 1) == (RATE, 2, 16)
    assert packed & (1 << 36) - 1 == 3 * RATE + 7
    assert 0 < smallest <= len(audio) / 33 <= largest < len(audio)


def test_seek_points_lie_on_frames(studio: Any, masters: Any) -> None:
    path = studio.make(File.FLAC, masters.music(25.0, RATE), bits=16)
    found = dict(blocks(path.read_bytes()))
    points = list(struct.iter_unpack(">QQH", found[3]))
    per_point = round(10 * RATE / 4096)
    assert [(sample, count) for sample, _, count in points] == [(index * per_point * 4096, 4096) for index in range(3)]
    for sample, offset, _ in points:
        number = sample // 4096
        coded = bytes([number]) if number < 0x80 else chr(number).encode()
        assert found[-1][offset : offset + 2] == b"\xff\xf8"  # frames of one size, numbered
        assert found[-1][offset + 4 : offset + 4 + len(coded)] == coded


def test_player_seeks_to_any_sample(studio: Any, masters: Any) -> None:
    path = studio.make(File.FLAC, masters.music(25.0, RATE), bits=16)
    whole, _ = soundfile.read(path, dtype="int16")
    with soundfile.SoundFile(path) as file:
        for place in (0, 1, 4095, 4096, 999_999, 25 * RATE - 1):
            file.seek(place)
            assert np.array_equal(file.read(10, dtype="int16"), whole[place : place + 10])


@pytest.mark.parametrize(
    "positions",
    [
        pytest.param(("FL", "FR", "LFE"), id="2.1"),
        pytest.param(("FL", "FR", "FC", "BC"), id="4.0"),
        pytest.param(("FL", "FR", "FC", "LFE", "BL", "BR", "FLC", "FRC"), id="7.1 wide"),
        pytest.param(("FL", "FR", "FC", "LFE", "SL", "SR"), id="5.1 as FLAC assigns it"),
    ],
)
def test_player_finds_the_speakers(studio: Any, masters: Any, positions: tuple[str, ...]) -> None:
    path = studio.make(File.FLAC, masters.music(0.2, RATE, channels=len(positions)), bits=16, positions=positions)
    with av.open(str(path)) as container:
        found = container.streams.audio[0].layout.channels
    assert tuple(channel.name for channel in found) == positions


@pytest.mark.parametrize(
    ("positions", "mask"),
    [
        pytest.param(("FL", "FR"), None, id="stereo needs none"),
        pytest.param(("FL", "FR", "FC", "LFE", "BL", "BR"), None, id="nor does 5.1"),
        pytest.param(("FL", "FR", "LFE"), "0xb", id="2.1"),
        pytest.param(("FL", "LFE", "FR"), None, id="an order that a mask cannot tell"),
        pytest.param(("DL", "DR"), None, id="speakers that a mask has not"),
    ],
)
def test_mask_is_told_where_flac_assigns_others(positions: tuple[str, ...], mask: str | None) -> None:
    assert speakers_comment(positions).get("WAVEFORMATEXTENSIBLE_CHANNEL_MASK") == mask


def test_missing_frame_is_no_file() -> None:
    track = Track(
        codec=Codec.FLAC,
        sample_rate_hz=RATE,
        channels=2,
        bits_per_sample=16,
        configuration=b"",
        priming_samples=0,
        sample_count=4097,
        average_bandwidth_bps=0,
        peak_bandwidth_bps=0,
    )
    writer = FlacWriter(io.BytesIO(), track, Labels(title="T"), positions=("FL", "FR"))
    writer.add([Frame(data=b"frame", duration_ticks=4096)])
    with pytest.raises(IngestFault, match="gave 1 frames instead of 2"):
        writer.finish(bytes(34))

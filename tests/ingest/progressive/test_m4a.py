"""The .m4a: value for value against FFmpeg's own muxer, and by its own rules where FFmpeg has others."""

import io
import struct
from fractions import Fraction
from pathlib import Path
from typing import Any

import av
import msgspec
import numpy as np
import pytest

from ingest.cmaf.boxes import walk
from ingest.cmaf.track_file import Frame, Track
from ingest.errors import IngestFault
from ingest.progressive import read
from ingest.progressive.labels import Labels
from ingest.progressive.m4a import M4aWriter, header
from ingest.renditions.ladder import File
from ingest.stages.encode import AacEncoder
from origin.asset import Codec
from tests.ingest.cmaf.files import packets, payloads

RATE = 44_100
SAMPLES = 5 * RATE + 13


@pytest.fixture(scope="module")
def music(masters: Any) -> Any:
    return masters.music(SAMPLES / RATE, RATE)


@pytest.fixture(scope="module")
def encoder() -> AacEncoder:
    return AacEncoder(sample_rate_hz=RATE, channels=2, bandwidth_bps=160_000, coder="twoloop")


@pytest.fixture(scope="module")
def frames(music: Any, encoder: AacEncoder) -> list[Frame]:
    return [*encoder.encode(music), *encoder.finish()]


@pytest.fixture(scope="module")
def track(encoder: AacEncoder) -> Track:
    return Track(
        codec=Codec.AAC,
        sample_rate_hz=RATE,
        channels=2,
        bits_per_sample=16,
        configuration=encoder.configuration,
        priming_samples=1024,
        sample_count=SAMPLES,
        average_bandwidth_bps=0,
        peak_bandwidth_bps=0,
    )


@pytest.fixture(scope="module")
def written(track: Track, frames: list[Frame]) -> bytes:
    target = io.BytesIO()
    writer = M4aWriter(target, track, Labels(title="T"))
    for index in range(0, len(frames), 10):
        writer.add(frames[index : index + 10])
    writer.finish()
    return target.getvalue()


@pytest.fixture(scope="module")
def ffmpegs(music: Any) -> bytes:
    """The same signal by the same encoder, through FFmpeg's muxer."""
    buffer = io.BytesIO()
    with av.open(buffer, "w", format="ipod", options={"movie_timescale": str(RATE)}) as container:
        stream = container.add_stream("aac", rate=RATE, layout="stereo", options={"aac_coder": "twoloop"})
        stream.bit_rate = 160_000
        frame = av.AudioFrame.from_ndarray(
            np.ascontiguousarray(music.T, dtype=np.float32), format="fltp", layout="stereo"
        )
        frame.sample_rate, frame.time_base, frame.pts = RATE, Fraction(1, RATE), 0
        container.mux(stream.encode(frame))
        container.mux(stream.encode(None))
    return buffer.getvalue()


def test_ffmpeg_reads_the_packets_that_it_reads_of_its_own_file(written: bytes, ffmpegs: bytes) -> None:
    assert packets(written) == packets(ffmpegs)


@pytest.mark.parametrize("table", ["stts", "stsz", "sgpd", "sbgp"])
def test_table_is_the_one_that_ffmpeg_writes(written: bytes, ffmpegs: bytes, table: str) -> None:
    place = f"moov/trak/mdia/minf/stbl/{table}"
    assert payloads(written)[place] == payloads(ffmpegs)[place]


def test_header_comes_first_and_nothing_lies_behind_the_audio(written: bytes) -> None:
    assert [found.path for found in walk(written) if "/" not in found.path] == ["ftyp", "moov", "mdat"]


def test_edit_is_exact_to_the_sample(written: bytes) -> None:
    boxes = payloads(written)
    assert struct.unpack_from(">IQq", boxes["moov/trak/edts/elst"], 4) == (1, SAMPLES, 1024)
    movie_rate, movie_ticks = struct.unpack_from(">IQ", boxes["moov/mvhd"], 20)
    media_rate, media_ticks = struct.unpack_from(">IQ", boxes["moov/trak/mdia/mdhd"], 20)
    assert (movie_rate, movie_ticks) == (RATE, SAMPLES)
    assert (media_rate, media_ticks) == (RATE, 1024 + SAMPLES)


def test_old_players_find_priming_padding_and_length(written: bytes, frames: list[Frame]) -> None:
    with av.open(io.BytesIO(written)) as container:
        _, priming, padding, count, *rest = container.metadata["iTunSMPB"].split()
    padded = 1024 * len(frames) - 1024 - SAMPLES
    assert (int(priming, 16), int(padding, 16), int(count, 16)) == (1024, padded, SAMPLES)
    assert rest == ["00000000"] * 8


def test_chunks_of_a_second_point_at_their_frames(written: bytes, frames: list[Frame]) -> None:
    boxes = payloads(written)
    count, *offsets = struct.unpack(
        f">{len(boxes['moov/trak/mdia/minf/stbl/stco']) // 4 - 1}I", boxes["moov/trak/mdia/minf/stbl/stco"][4:]
    )
    per_chunk = RATE // 1024
    assert count == len(offsets) == -(-len(frames) // per_chunk)
    for index, offset in enumerate(offsets):
        data = frames[index * per_chunk].data
        assert written[offset : offset + len(data)] == data


@pytest.mark.parametrize("frame_count", [2, 42, 43, 44, 86])
def test_every_frame_is_in_a_chunk(track: Track, frame_count: int) -> None:
    short = msgspec.structs.replace(track, sample_count=1024 * (frame_count - 1) - 7)
    boxes = payloads(header(short, Labels(title="T"), [5] * frame_count) + bytes(5 * frame_count))
    stsc = boxes["moov/trak/mdia/minf/stbl/stsc"]
    runs = list(struct.iter_unpack(">3I", stsc[8:]))
    chunk_count = struct.unpack_from(">I", boxes["moov/trak/mdia/minf/stbl/stco"], 4)[0]
    ends = [first for first, _, _ in runs[1:]] + [chunk_count + 1]
    assert sum((end - first) * held for (first, held, _), end in zip(runs, ends, strict=True)) == frame_count


@pytest.mark.parametrize("change", [-1, 1], ids=["one too few", "one too many"])
def test_frames_that_do_not_add_up_are_no_file(track: Track, frames: list[Frame], change: int) -> None:
    writer = M4aWriter(io.BytesIO(), track, Labels(title="T"))
    writer.add(frames[:change] if change < 0 else [*frames, frames[-1]])
    with pytest.raises(IngestFault, match=f"gave {len(frames) + change} frames instead of {len(frames)}"):
        writer.finish()


def test_a_second_takes_at_most_the_peak_and_on_average_the_average(written: bytes, frames: list[Frame]) -> None:
    stsd = payloads(written)["moov/trak/mdia/minf/stbl/stsd"]
    peak, average = struct.unpack_from(">II", stsd, stsd.index(bytes([0x40, 0x15, 0])) + 5)
    assert average == round(sum(len(frame.data) for frame in frames) * 8 * RATE / (1024 * len(frames)))
    assert average <= peak < 1.3 * average


def test_track_file_and_m4a_hold_the_same_frames(studio: Any, music: Any) -> None:
    m4a = studio.make(File.M4A, music, bits=16)
    assert [packet[3] for packet in packets(m4a.read_bytes())] == [
        packet[3] for packet in packets((Path(m4a).with_suffix(".mp4")).read_bytes())
    ]
    assert sum(len(samples) for samples in read.decoded(m4a, File.M4A)) == SAMPLES

"""Track files: their boxes, value for value, and FFmpeg's own fragmented output as the outside oracle."""

import hashlib
import io
import struct
from fractions import Fraction
from typing import Any

import av
import numpy as np
import pytest

from ingest.cmaf import boxes
from ingest.cmaf.boxes import walk
from ingest.cmaf.track_file import Frame, Track, entry_rate_hz, header, segment
from ingest.stages.encode import AacEncoder, FlacEncoder
from origin.asset import Codec
from tests.ingest.cmaf.files import decoded_count, packets, payloads, track_file

RATE = 44_100
SAMPLES = 9 * RATE + 13


def aac_track(**changes: Any) -> Track:
    values = {
        "codec": Codec.AAC,
        "sample_rate_hz": RATE,
        "channels": 2,
        "bits_per_sample": 16,
        "configuration": bytes.fromhex("121056e500"),
        "priming_samples": 1024,
        "sample_count": SAMPLES,
        "average_bandwidth_bps": 161_000,
        "peak_bandwidth_bps": 163_000,
    }
    return Track(**{**values, **changes})


@pytest.fixture(scope="module")
def music(masters: Any) -> Any:
    return masters.music(SAMPLES / RATE, RATE)


@pytest.fixture(scope="module")
def aac_frames(music: Any) -> list[Frame]:
    encoder = AacEncoder(sample_rate_hz=RATE, channels=2, bandwidth_bps=160_000, coder="twoloop")
    return [*encoder.encode(music), *encoder.finish()]


def ffmpeg_cmaf(music: Any, **options: str) -> bytes:
    """The same signal through FFmpeg's muxer, with an edit list, which it writes only when `moov` is delayed."""
    buffer = io.BytesIO()
    movflags = {"movflags": "cmaf+delay_moov+skip_trailer", "frag_duration": "4000000", "movie_timescale": str(RATE)}
    with av.open(buffer, "w", format="mp4", options={**movflags, **options}) as container:
        stream = container.add_stream("aac", rate=RATE, layout="stereo", options={"aac_coder": "twoloop"})
        stream.bit_rate = 160_000
        for start in range(0, len(music), 1024):
            planes = np.ascontiguousarray(music[start : start + 1024].T, dtype=np.float32)
            frame = av.AudioFrame.from_ndarray(planes, format="fltp", layout="stereo")
            frame.sample_rate, frame.pts, frame.time_base = RATE, start, Fraction(1, RATE)
            container.mux(stream.encode(frame))
        container.mux(stream.encode(None))
    return buffer.getvalue()


def test_header_holds_exactly_these_boxes() -> None:
    assert [found.path for found in walk(header(aac_track()))] == [
        "ftyp",
        "moov",
        "moov/mvhd",
        "moov/trak",
        "moov/trak/tkhd",
        "moov/trak/edts",
        "moov/trak/edts/elst",
        "moov/trak/mdia",
        "moov/trak/mdia/mdhd",
        "moov/trak/mdia/hdlr",
        "moov/trak/mdia/minf",
        "moov/trak/mdia/minf/smhd",
        "moov/trak/mdia/minf/dinf",
        "moov/trak/mdia/minf/dinf/dref",
        "moov/trak/mdia/minf/dinf/dref/url ",
        "moov/trak/mdia/minf/stbl",
        "moov/trak/mdia/minf/stbl/stsd",
        "moov/trak/mdia/minf/stbl/stsd/mp4a",
        "moov/trak/mdia/minf/stbl/stsd/mp4a/esds",
        "moov/trak/mdia/minf/stbl/stts",
        "moov/trak/mdia/minf/stbl/stsc",
        "moov/trak/mdia/minf/stbl/stsz",
        "moov/trak/mdia/minf/stbl/stco",
        "moov/trak/mdia/minf/stbl/sgpd",
        "moov/mvex",
        "moov/mvex/mehd",
        "moov/mvex/trex",
    ]


def test_segment_holds_exactly_these_boxes() -> None:
    data = segment(aac_track(), [Frame(data=b"abc", duration_ticks=1024)], sequence_number=1, decode_time=0)
    assert [found.path for found in walk(data)] == [
        "moof",
        "moof/mfhd",
        "moof/traf",
        "moof/traf/tfhd",
        "moof/traf/tfdt",
        "moof/traf/trun",
        "moof/traf/sbgp",
        "mdat",
    ]


def test_edit_list_is_exact_to_the_sample() -> None:
    count, duration, media_time, rate = struct.unpack(">IQqI", payloads(header(aac_track()))["moov/trak/edts/elst"][4:])
    assert (count, duration, media_time, rate) == (1, SAMPLES, 1024, 0x10000)


def test_times_are_counted_in_samples() -> None:
    found = payloads(header(aac_track()))
    assert int.from_bytes(found["moov/mvhd"][20:24], "big") == RATE
    assert int.from_bytes(found["moov/trak/mdia/mdhd"][20:24], "big") == RATE
    assert int.from_bytes(found["moov/mvex/mehd"][4:], "big") == SAMPLES


def test_brands_are_of_cmaf() -> None:
    assert payloads(header(aac_track()))["ftyp"] == b"iso6" + bytes(4) + b"iso6cmfcmp41"


def test_aac_rolls_back_one_frame() -> None:
    found = payloads(header(aac_track()))["moov/trak/mdia/minf/stbl/sgpd"]
    assert struct.unpack(">B3s4sIIh", found) == (1, bytes(3), b"roll", 2, 1, -1)
    data = segment(aac_track(), [Frame(data=b"x", duration_ticks=1024)] * 7, sequence_number=1, decode_time=0)
    assert struct.unpack(">I4sIII", payloads(data)["moof/traf/sbgp"]) == (0, b"roll", 1, 7, 1)


def test_flac_has_no_roll_groups_and_no_priming() -> None:
    track = aac_track(codec=Codec.FLAC, configuration=bytes(34), priming_samples=0, bits_per_sample=24)
    found = payloads(header(track))
    assert not [path for path in found if path.endswith("sgpd")]
    assert struct.unpack(">q", found["moov/trak/edts/elst"][16:24]) == (0,)
    assert found["moov/trak/mdia/minf/stbl/stsd/fLaC/dfLa"] == bytes(4) + b"\x80\x00\x00\x22" + bytes(34)
    data = segment(track, [Frame(data=b"x", duration_ticks=4096)], sequence_number=1, decode_time=0)
    assert "moof/traf/sbgp" not in payloads(data)


def test_decoder_configuration_is_in_the_sample_entry() -> None:
    esds = payloads(header(aac_track()))["moov/trak/mdia/minf/stbl/stsd/mp4a/esds"]
    assert esds.hex() == ("00000000031c0001000414401500000000027cb8000274e80505121056e500060102")


def test_header_is_as_long_for_any_figures() -> None:
    other = aac_track(sample_count=2**40, average_bandwidth_bps=0, peak_bandwidth_bps=2**31)
    assert len(header(other)) == len(header(aac_track()))


@pytest.mark.parametrize(
    ("rate", "told"), [(44_100, 44_100), (48_000, 48_000), (88_200, 44_100), (96_000, 48_000), (192_000, 64_000)]
)
def test_sample_entry_tells_a_whole_fraction_of_a_high_rate(rate: int, told: int) -> None:
    assert entry_rate_hz(rate) == told


def test_run_names_every_frame_and_points_at_the_first() -> None:
    frames = [Frame(data=b"a" * size, duration_ticks=1024) for size in (5, 3, 9)]
    data = segment(aac_track(), frames, sequence_number=4, decode_time=2**33)
    found = payloads(data)
    count, offset, *sizes = struct.unpack(">IiIII", found["moof/traf/trun"][4:])
    assert (count, sizes) == (3, [5, 3, 9])
    assert data[offset : offset + 17] == b"a" * 17 == found["mdat"]
    assert int.from_bytes(found["moof/traf/tfdt"][4:], "big") == 2**33
    assert int.from_bytes(found["moof/mfhd"][4:], "big") == 4


def test_last_aac_frame_keeps_its_full_duration(aac_frames: list[Frame]) -> None:
    assert {frame.duration_ticks for frame in aac_frames} == {1024}
    data = segment(aac_track(), aac_frames[-3:], sequence_number=1, decode_time=0)
    assert payloads(data)["moof/traf/trun"][1:4] == (boxes.DATA_OFFSET | boxes.SAMPLE_SIZE).to_bytes(3, "big")


def test_last_flac_frame_tells_its_true_length() -> None:
    track = aac_track(codec=Codec.FLAC, configuration=bytes(34), priming_samples=0)
    frames = [Frame(data=b"aa", duration_ticks=4096), Frame(data=b"b", duration_ticks=77)]
    run = payloads(segment(track, frames, sequence_number=1, decode_time=0))["moof/traf/trun"]
    assert struct.unpack(">IIIII", run[:4] + run[12:28]) == (0x000301, 4096, 2, 77, 1)


def test_walk_refuses_a_box_that_is_longer_than_the_file() -> None:
    data = header(aac_track())
    with pytest.raises(ValueError, match="a box 'moov'"):
        list(walk(data[:-1]))


def test_every_frame_comes_out_of_ffmpeg_s_demuxer_as_it_went_in(aac_frames: list[Frame]) -> None:
    first, segments = track_file(aac_track(), aac_frames)
    found = packets(first + b"".join(segments))
    assert [data for *_, data in found] == [frame.data for frame in aac_frames]
    assert [(pts, dts, duration) for pts, dts, duration, _ in found] == [
        (1024 * index - 1024, 1024 * index - 1024, 1024) for index in range(len(aac_frames))
    ]


def test_packets_and_times_are_those_of_ffmpeg_s_own_cmaf(music: Any, aac_frames: list[Frame]) -> None:
    first, segments = track_file(aac_track(), aac_frames)
    ours, theirs = packets(first + b"".join(segments)), packets(ffmpeg_cmaf(music))
    assert [data for *_, data in ours] == [data for *_, data in theirs]
    assert [(pts, dts) for pts, dts, *_ in ours] == [(pts, dts) for pts, dts, *_ in theirs]
    # The one difference is meant: FFmpeg shortens the last frame, see the module's docstring.
    assert [duration for *_, duration, _ in ours[:-1]] == [duration for *_, duration, _ in theirs[:-1]]


def test_boxes_are_those_of_ffmpeg_s_own_cmaf_but_for_what_is_meant(music: Any, aac_frames: list[Frame]) -> None:
    first, segments = track_file(aac_track(), aac_frames)
    ours = {found.path for found in walk(first + b"".join(segments))}
    theirs = {found.path for found in walk(ffmpeg_cmaf(music))}
    assert {path.rsplit("/", 1)[-1] for path in ours - theirs} == {"mehd", "sgpd", "sbgp"}
    assert {path.rsplit("/", 1)[-1] for path in theirs - ours} == {"btrt", "udta"}


def test_exact_edit_list_decodes_as_ffmpeg_s_open_one(music: Any, aac_frames: list[Frame]) -> None:
    first, segments = track_file(aac_track(), aac_frames)
    padding = len(aac_frames) * 1024 - 1024 - SAMPLES
    assert decoded_count(first + b"".join(segments)) == SAMPLES + padding == decoded_count(ffmpeg_cmaf(music))


def test_each_segment_decodes_alone_after_the_header(aac_frames: list[Frame]) -> None:
    first, segments = track_file(aac_track(), aac_frames)
    assert [len(packets(first + part)) for part in segments] == [44, 173, 172]
    assert sum([44, 173, 172]) == len(aac_frames)


@pytest.mark.parametrize("bits", [16, 24, 32])
@pytest.mark.parametrize("channels", [1, 2, 6, 8])
def test_flac_in_segments_decodes_to_the_same_samples(masters: Any, bits: int, channels: int) -> None:
    width = 16 if bits == 16 else 32
    music = masters.music(2.1, RATE, channels=channels)
    whole = (np.rint(music * (2 ** (bits - 1) - 1)).astype(np.int64) << (width - bits)).astype(f"<i{width // 8}")
    encoder = FlacEncoder(sample_rate_hz=RATE, channels=channels, bits=bits)
    frames = [*encoder.encode(whole), *encoder.finish()]
    track = aac_track(
        codec=Codec.FLAC,
        channels=channels,
        bits_per_sample=bits,
        configuration=encoder.configuration,
        priming_samples=0,
        sample_count=len(whole),
    )
    first, segments = track_file(track, frames)
    with av.open(io.BytesIO(first + b"".join(segments))) as container:
        decoded = np.concatenate([frame.to_ndarray().reshape(-1, channels) for frame in container.decode(audio=0)])
    assert np.array_equal(decoded, whole)


def test_streaminfo_tells_length_width_and_digest(masters: Any) -> None:
    whole = np.rint(masters.music(1.3, RATE) * 32767).astype("<i2")
    encoder = FlacEncoder(sample_rate_hz=RATE, channels=2, bits=16)
    list(encoder.encode(whole))
    list(encoder.finish())
    info = encoder.configuration
    packed = int.from_bytes(info[10:18], "big")
    assert (packed >> 44, (packed >> 36 & 31) + 1, packed & (1 << 36) - 1) == (RATE, 16, len(whole))
    assert info[18:] == hashlib.md5(whole.tobytes(), usedforsecurity=False).digest()


@pytest.mark.parametrize("portion", [1, 700, 1024, 65_536])
def test_portions_do_not_change_what_is_encoded(music: Any, portion: int) -> None:
    short = music[:5000]
    encoder = AacEncoder(sample_rate_hz=RATE, channels=2, bandwidth_bps=96_000, coder="twoloop")
    whole = AacEncoder(sample_rate_hz=RATE, channels=2, bandwidth_bps=96_000, coder="twoloop")
    pieces = [frame for at in range(0, len(short), portion) for frame in encoder.encode(short[at : at + portion])]
    assert [*pieces, *encoder.finish()] == [*whole.encode(short), *whole.finish()]

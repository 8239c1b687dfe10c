"""Opus in track files: the boxes value for value, and FFmpeg's own fragmented output as the outside oracle."""

import io
import struct
from fractions import Fraction
from typing import Any

import av
import numpy as np
import pytest

from ingest.cmaf.boxes import walk
from ingest.cmaf.track_file import Frame, Track, header, segment
from ingest.stages.encode import OpusEncoder
from origin.asset import Codec
from tests.ingest.cmaf.files import decoded_count, packets, payloads, track_file

RATE = 48_000
SAMPLES = 9 * RATE + 13
OPTIONS = {"application": "audio", "vbr": "constrained", "frame_duration": "20"}
LAYOUTS = {1: "mono", 2: "stereo"}


def opus_track(*, channels: int = 2, sample_count: int = SAMPLES) -> Track:
    return Track(
        codec=Codec.OPUS,
        sample_rate_hz=RATE,
        channels=channels,
        bits_per_sample=16,
        configuration=b"",
        priming_samples=312,
        sample_count=sample_count,
        average_bandwidth_bps=96_000,
        peak_bandwidth_bps=99_000,
    )


def encoded(signal: Any, channels: int = 2) -> list[Frame]:
    encoder = OpusEncoder(channels=channels, bandwidth_bps=48_000 * channels)
    return [*encoder.encode(signal), *encoder.finish()]


def ffmpeg_cmaf(signal: Any, channels: int = 2) -> bytes:
    """The same signal through FFmpeg's muxer, with an edit list, which it writes only when `moov` is delayed."""
    buffer = io.BytesIO()
    muxer = {"movflags": "cmaf+delay_moov+skip_trailer", "frag_duration": "4000000", "movie_timescale": str(RATE)}
    with av.open(buffer, "w", format="mp4", options=muxer) as container:
        stream = container.add_stream("libopus", rate=RATE, layout=LAYOUTS[channels], options=OPTIONS)
        stream.bit_rate, stream.format = 48_000 * channels, "flt"
        for start in range(0, len(signal), 960):
            packed = np.ascontiguousarray(signal[start : start + 960], dtype=np.float32).reshape(1, -1)
            frame = av.AudioFrame.from_ndarray(packed, format="flt", layout=LAYOUTS[channels])
            frame.sample_rate, frame.pts, frame.time_base = RATE, start, Fraction(1, RATE)
            container.mux(stream.encode(frame))
        container.mux(stream.encode(None))
    return buffer.getvalue()


@pytest.fixture(scope="module")
def music(masters: Any) -> Any:
    return masters.music(SAMPLES / RATE, RATE)


@pytest.fixture(scope="module")
def frames(music: Any) -> list[Frame]:
    return encoded(music)


@pytest.mark.parametrize("channels", [1, 2])
def test_decoder_configuration_is_the_one_that_ffmpeg_writes(masters: Any, channels: int) -> None:
    entry = "moov/trak/mdia/minf/stbl/stsd/Opus"
    ours = payloads(header(opus_track(channels=channels)))
    theirs = payloads(ffmpeg_cmaf(masters.music(1.0, RATE, channels=channels), channels))
    assert ours[f"{entry}/dOps"] == theirs[f"{entry}/dOps"]
    assert ours[entry][:28] == theirs[entry][:28]
    version, told, pre_skip, rate, gain, family = struct.unpack(">BBHIhB", ours[f"{entry}/dOps"])
    assert (version, told, pre_skip, rate, gain, family) == (0, channels, 312, RATE, 0, 0)


def test_edit_list_skips_what_decoders_call_pre_skip() -> None:
    count, duration, media_time, rate = struct.unpack(
        ">IQqI", payloads(header(opus_track()))["moov/trak/edts/elst"][4:]
    )
    assert (count, duration, media_time, rate) == (1, SAMPLES, 312, 0x10000)


def test_decoding_rolls_back_80_ms() -> None:
    found = payloads(header(opus_track()))["moov/trak/mdia/minf/stbl/sgpd"]
    assert struct.unpack(">B3s4sIIh", found) == (1, bytes(3), b"roll", 2, 1, -4)
    data = segment(opus_track(), [Frame(data=b"x", duration_ticks=960)] * 7, sequence_number=1, decode_time=0)
    assert struct.unpack(">I4sIII", payloads(data)["moof/traf/sbgp"]) == (0, b"roll", 1, 7, 1)


def test_packets_and_times_are_those_of_ffmpeg_s_own_cmaf(music: Any, frames: list[Frame]) -> None:
    first, segments = track_file(opus_track(), frames)
    ours, theirs = packets(first + b"".join(segments)), packets(ffmpeg_cmaf(music))
    assert [data for *_, data in ours] == [data for *_, data in theirs] == [frame.data for frame in frames]
    assert [(pts, dts) for pts, dts, *_ in ours] == [(pts, dts) for pts, dts, *_ in theirs]
    # The one difference is meant: FFmpeg shortens the last packet, see the module `track_file`.
    assert [duration for *_, duration, _ in ours[:-1]] == [duration for *_, duration, _ in theirs[:-1]]
    assert ours[-1][2] == 960


def test_boxes_are_those_of_ffmpeg_s_own_cmaf_but_for_what_is_meant(music: Any, frames: list[Frame]) -> None:
    first, segments = track_file(opus_track(), frames)
    ours = {found.path for found in walk(first + b"".join(segments))}
    theirs = {found.path for found in walk(ffmpeg_cmaf(music))}
    assert {path.rsplit("/", 1)[-1] for path in ours - theirs} == {"mehd", "sgpd", "sbgp"}
    assert {path.rsplit("/", 1)[-1] for path in theirs - ours} == {"btrt", "udta"}


def test_packets_hold_the_signal_its_pre_skip_and_less_than_one_packet_more(frames: list[Frame]) -> None:
    assert len(frames) == -(-(SAMPLES + 312) // 960)
    assert {frame.duration_ticks for frame in frames} == {960}


def test_player_hears_the_signal_and_the_padding_that_is_told(frames: list[Frame]) -> None:
    first, segments = track_file(opus_track(), frames)
    assert decoded_count(first + b"".join(segments)) == len(frames) * 960 - 312


def test_each_segment_decodes_alone_after_the_header(frames: list[Frame]) -> None:
    first, segments = track_file(opus_track(), frames)
    assert [len(packets(first + part)) for part in segments] == [50, 200, 201]
    assert all(decoded_count(first + part) > 0 for part in segments)


@pytest.mark.parametrize("portion", [1, 700, 960, 65_536])
def test_portions_do_not_change_what_is_encoded(music: Any, portion: int) -> None:
    short = music[:5000]
    encoder = OpusEncoder(channels=2, bandwidth_bps=96_000)
    pieces = [frame for at in range(0, len(short), portion) for frame in encoder.encode(short[at : at + portion])]
    assert [*pieces, *encoder.finish()] == encoded(short)


@pytest.mark.parametrize("bandwidth_bps", [24_000, 96_000])
def test_bandwidth_is_kept_on_what_vbr_would_overspend(masters: Any, bandwidth_bps: int) -> None:
    encoder = OpusEncoder(channels=2, bandwidth_bps=bandwidth_bps)
    tones = masters.tone(6.0, hz=440.0) + masters.tone(6.0, hz=1234.5) + masters.music(6.0) * 0.05
    made = [*encoder.encode(tones), *encoder.finish()]
    assert sum(len(frame.data) for frame in made) * 8 * 50 / len(made) < bandwidth_bps * 1.1

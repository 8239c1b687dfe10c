"""MP4 files in memory: those that we write, and what our walker of boxes and FFmpeg read in any."""

import io

import av

from ingest.cmaf.boxes import walk
from ingest.cmaf.segmentation import frames_a_segment
from ingest.cmaf.track_file import Frame, Track, header, segment


def track_file(track: Track, frames: list[Frame]) -> tuple[bytes, list[bytes]]:
    """The header and the segments."""
    segments, first, time = [], 0, 0
    for number, count in enumerate(frames_a_segment(len(frames), track.frame_ticks, track.sample_rate_hz), 1):
        part = frames[first : first + count]
        segments.append(segment(track, part, sequence_number=number, decode_time=time))
        first, time = first + count, time + sum(frame.duration_ticks for frame in part)
    return header(track), segments


def payloads(data: bytes) -> dict[str, bytes]:
    """What is in each box, by its path."""
    return {found.path: found.payload for found in walk(data)}


def packets(data: bytes) -> list[tuple[int | None, int | None, int | None, bytes]]:
    """The audio as FFmpeg reads it: when it is presented and decoded, how long, and its bytes."""
    with av.open(io.BytesIO(data)) as container:
        return [
            (packet.pts, packet.dts, packet.duration, bytes(packet))
            for packet in container.demux(container.streams.audio[0])
            if packet.size
        ]


def decoded_count(data: bytes) -> int:
    """How many samples FFmpeg decodes."""
    with av.open(io.BytesIO(data)) as container:
        return sum(frame.samples for frame in container.decode(audio=0))

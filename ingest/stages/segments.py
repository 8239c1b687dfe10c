"""Writing a track file: frames are collected, a segment is written whenever one is complete, and the header at last.

The header is written twice: with room for its values before the segments, and with them at the end, when the sizes and
FLAC's digest are known. Its length is the same, and memory holds one segment.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import IO

import msgspec

from ingest import tasks
from ingest.cmaf.segmentation import frames_a_segment
from ingest.cmaf.track_file import Frame, Track, header, segment
from origin.asset import Segment, block_digest


class TrackFileWriter:
    """Writes to `target`, which is empty and can be sought; `track` needs no configuration and no bandwidths yet."""

    def __init__(self, target: IO[bytes], track: Track) -> None:
        self._target = target
        self._track = track
        self._held_ticks = track.priming_samples + track.sample_count
        frame_count = -(-self._held_ticks // track.frame_ticks)
        self._cuts = frames_a_segment(frame_count, track.frame_ticks, track.sample_rate_hz)
        self._frames: list[Frame] = []
        self._segments: list[Segment] = []
        self._decode_time = 0
        self._header_length = target.write(header(track))

    def add(self, frames: Iterable[Frame]) -> None:
        for frame in frames:
            self._frames.append(frame)
            # More frames than were reckoned with go to the last segment, where the verification finds them.
            if len(self._segments) < len(self._cuts) - 1 and len(self._frames) == self._cuts[len(self._segments)]:
                self._write_segment()

    def finish(self, configuration: bytes) -> tasks.Track:
        """Write the last segment and the header; `configuration` is the encoder's last word."""
        if self._frames:
            self._write_segment()
        rate = self._track.sample_rate_hz
        body = sum(segment.byte_length for segment in self._segments)
        average = round((self._header_length + body) * 8 * rate / self._track.sample_count)
        # The header and a padded last segment may lift the average of a very short track above every segment's.
        peak = max([average, *(-(-part.byte_length * 8 * rate // part.duration_ticks) for part in self._segments)])
        told = msgspec.structs.replace(
            self._track, configuration=configuration, average_bandwidth_bps=average, peak_bandwidth_bps=peak
        )
        first = header(told)
        self._target.seek(0)
        self._target.write(first)
        return tasks.Track(
            peak_bandwidth_bps=peak,
            header_byte_length=self._header_length,
            header_sha256=block_digest(first),
            segments=tuple(self._segments),
        )

    def _write_segment(self) -> None:
        data = segment(
            self._track, self._frames, sequence_number=len(self._segments) + 1, decode_time=self._decode_time
        )
        ticks = sum(frame.duration_ticks for frame in self._frames)
        self._segments.append(
            Segment(byte_length=self._target.write(data), duration_ticks=ticks, sha256=block_digest(data))
        )
        self._decode_time += ticks
        self._frames = []

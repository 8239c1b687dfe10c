"""Rendering: one encoder, fed with the master's samples, and one track file; runs in a child process, in portions.

The header is written twice: with room for its values before the segments, and with them at the end, when the sizes and
FLAC's digest are known. Its length is the same, and memory holds one segment.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable
from io import BufferedRandom
from pathlib import Path

from ingest import pcm
from ingest.cmaf.segmentation import frames_a_segment
from ingest.cmaf.track_file import FRAME_TICKS, Frame, Track, header, segment
from ingest.pcm import Floats, Integers, PcmInfo
from ingest.scratch import read_portions
from ingest.stages.encode import AacEncoder, Encoder, FlacEncoder
from ingest.tasks import Render, Rendered
from origin.asset import Codec, Segment


def run(task: Render, moved: Callable[[float], None]) -> Rendered:
    """Encode all of the source and write the track file."""
    encoder = _encoder(task)
    prepare = _gained(task.info, task.gain_db) if task.rung.codec is Codec.AAC else _untouched(task.info)
    with Path(task.track_path).open("w+b") as target:
        writer = _Writer(task, encoder, target)
        done = 0
        for portion in read_portions(Path(task.pcm_path), task.info):
            samples = prepare(portion)
            writer.add(encoder.encode(samples))
            done += len(samples)
            moved(done / task.info.sample_count)
        writer.add(encoder.finish())
        return writer.finish()


def _encoder(task: Render) -> Encoder:
    info = task.info
    bandwidth = task.rung.bandwidth_bps(info.channels)
    if task.rung.codec is Codec.FLAC or bandwidth is None:
        return FlacEncoder(sample_rate_hz=info.sample_rate_hz, channels=info.channels, bits=info.stored_bits)
    return AacEncoder(
        sample_rate_hz=info.sample_rate_hz, channels=info.channels, bandwidth_bps=bandwidth, coder=task.aac_coder
    )


def _gained(info: PcmInfo, gain_db: float) -> Callable[[bytes], Floats | Integers]:
    factor = 10 ** (gain_db / 20)
    return lambda portion: pcm.to_floats(portion, info) * factor


def _untouched(info: PcmInfo) -> Callable[[bytes], Floats | Integers]:
    return lambda portion: pcm.to_integers(portion, info)


class _Writer:
    """Collects frames, writes a segment whenever one is complete, and the header at last."""

    def __init__(self, task: Render, encoder: Encoder, target: BufferedRandom) -> None:
        self._info = task.info
        self._codec = task.rung.codec
        self._encoder = encoder
        self._target = target
        ticks = FRAME_TICKS[self._codec]
        self._held_ticks = encoder.priming_samples + task.info.sample_count
        self._cuts = frames_a_segment(-(-self._held_ticks // ticks), ticks, task.info.sample_rate_hz)
        self._frames: list[Frame] = []
        self._segments: list[Segment] = []
        self._decode_time = 0
        self._header_length = target.write(header(self._track(0, 0)))

    def add(self, frames: Iterable[Frame]) -> None:
        for frame in frames:
            self._frames.append(frame)
            # More frames than were reckoned with go to the last segment, where the verification finds them.
            if len(self._segments) < len(self._cuts) - 1 and len(self._frames) == self._cuts[len(self._segments)]:
                self._write_segment()

    def finish(self) -> Rendered:
        if self._frames:
            self._write_segment()
        rate = self._info.sample_rate_hz
        body = sum(segment.byte_length for segment in self._segments)
        average = round((self._header_length + body) * 8 * rate / self._info.sample_count)
        # The header and a padded last segment may lift the average of a very short track above every segment's.
        peak = max([average, *(-(-part.byte_length * 8 * rate // part.duration_ticks) for part in self._segments)])
        self._target.seek(0)
        self._target.write(header(self._track(average, peak)))
        self._target.seek(0)
        return Rendered(
            sample_count=self._info.sample_count,
            priming_samples=self._encoder.priming_samples,
            padding_samples=self._decode_time - self._held_ticks,
            average_bandwidth_bps=average,
            peak_bandwidth_bps=peak,
            header_byte_length=self._header_length,
            segments=tuple(self._segments),
            sha256=hashlib.file_digest(self._target, "sha256").hexdigest(),
        )

    def _write_segment(self) -> None:
        data = segment(
            self._track(0, 0), self._frames, sequence_number=len(self._segments) + 1, decode_time=self._decode_time
        )
        ticks = sum(frame.duration_ticks for frame in self._frames)
        self._segments.append(Segment(byte_length=self._target.write(data), duration_ticks=ticks))
        self._decode_time += ticks
        self._frames = []

    def _track(self, average_bandwidth_bps: int, peak_bandwidth_bps: int) -> Track:
        return Track(
            codec=self._codec,
            sample_rate_hz=self._info.sample_rate_hz,
            channels=self._info.channels,
            bits_per_sample=self._info.stored_bits if self._codec is Codec.FLAC else 16,
            configuration=self._encoder.configuration,
            priming_samples=self._encoder.priming_samples,
            sample_count=self._info.sample_count,
            average_bandwidth_bps=average_bandwidth_bps,
            peak_bandwidth_bps=peak_bandwidth_bps,
        )

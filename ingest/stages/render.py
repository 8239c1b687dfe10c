"""Rendering: one encoder, fed with a source's samples, and the files of one rung; runs in a child process, in portions.

AAC, Opus and FLAC are encoded once and their frames go to as many files as the rung has. MP3 and Vorbis have one file
each, which its encoder writes by itself.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import TypeAlias

from ingest import pcm, tasks
from ingest.cmaf.track_file import Frame, Track
from ingest.jobs.scratch import read_portions
from ingest.pcm import Floats, Integers
from ingest.progressive.flac import FlacWriter
from ingest.progressive.m4a import M4aWriter
from ingest.progressive.mp3 import Mp3File
from ingest.progressive.vorbis import VorbisFile
from ingest.renditions.ladder import File
from ingest.stages.encode import AacEncoder, Encoder, FlacEncoder, OpusEncoder
from ingest.stages.segments import TrackFileWriter
from ingest.tasks import Packaged, Render, Rendered
from origin.asset import WHOLE_FILE_PART_BYTES, Codec, block_digest

Writer: TypeAlias = TrackFileWriter | M4aWriter | FlacWriter


def run(task: Render, moved: Callable[[float], None]) -> Rendered:
    """Encode all of the source and write the files."""
    render = _by_itself if task.rung.codec in ENCODERS_OF_FILES else _in_frames
    return render(task, moved)


def _in_frames(task: Render, moved: Callable[[float], None]) -> Rendered:
    encoder = ENCODERS_OF_FRAMES[task.rung.codec](task)
    track, held_ticks, payload = _track(task, encoder), 0, 0
    with ExitStack() as stack:
        targets = [stack.enter_context(_path(task, file).open("w+b")) for file in task.rung.files]
        writers = [WRITERS[file](target, track, task) for file, target in zip(task.rung.files, targets, strict=True)]
        for frames in _encoded(encoder, _samples(task, moved)):
            held_ticks += sum(frame.duration_ticks for frame in frames)
            payload += sum(len(frame.data) for frame in frames)
            for writer in writers:
                writer.add(frames)
        tracks = [_finish(writer, encoder.configuration) for writer in writers]
    return Rendered(
        sample_count=task.info.sample_count,
        priming_samples=track.priming_samples,
        padding_samples=held_ticks - track.priming_samples - track.sample_count,
        payload_byte_length=payload,
        files=tuple(_packaged(task, file) for file in task.rung.files),
        track=next((track for track in tracks if track), None),
    )


def _by_itself(task: Render, moved: Callable[[float], None]) -> Rendered:
    (file,) = task.rung.files
    writer = ENCODERS_OF_FILES[task.rung.codec](
        _path(task, file),
        sample_rate_hz=task.info.sample_rate_hz,
        channels=task.info.channels,
        bandwidth_bps=_bandwidth_bps(task),
        labels=task.labels,
    )
    for portion in _floats(task, moved):
        writer.write(portion)
    written = writer.finish()
    packaged = _packaged(task, file)
    return Rendered(
        sample_count=written.sample_count,
        priming_samples=written.priming_samples,
        padding_samples=written.padding_samples,
        payload_byte_length=packaged.byte_length,
        files=(packaged,),
        track=None,
    )


def _encoded(encoder: Encoder, samples: Iterator[Floats | Integers]) -> Iterator[list[Frame]]:
    """The frames of each portion, and those that the encoder still holds."""
    for portion in samples:
        yield list(encoder.encode(portion))
    yield list(encoder.finish())


def _samples(task: Render, moved: Callable[[float], None]) -> Iterator[Floats | Integers]:
    return _integers(task, moved) if task.rung.lossless else _floats(task, moved)


def _floats(task: Render, moved: Callable[[float], None]) -> Iterator[Floats]:
    factor = 10 ** (task.gain_db / 20)
    for portion in _portions(task, moved):
        yield pcm.to_floats(portion, task.info) * factor


def _integers(task: Render, moved: Callable[[float], None]) -> Iterator[Integers]:
    for portion in _portions(task, moved):
        yield pcm.to_integers(portion, task.info)


def _portions(task: Render, moved: Callable[[float], None]) -> Iterator[bytes]:
    done = 0
    for portion in read_portions(Path(task.pcm_path), task.info):
        yield portion
        done += len(portion) // task.info.frame_bytes
        moved(done / task.info.sample_count)


def _path(task: Render, file: File) -> Path:
    return Path(task.folder) / task.rung.object_name(file)


def _packaged(task: Render, file: File) -> Packaged:
    path, whole, parts = _path(task, file), hashlib.sha256(), []
    with path.open("rb") as written:
        while part := written.read(WHOLE_FILE_PART_BYTES):
            whole.update(part)
            if file is not File.CMAF:  # a CMAF file is read by segments, which have digests of their own
                parts.append(block_digest(part))
    return Packaged(
        file=file,
        path=str(path),
        byte_length=path.stat().st_size,
        sha256=whole.hexdigest(),
        part_sha256s=tuple(parts),
    )


def _track(task: Render, encoder: Encoder) -> Track:
    """As far as it is known before the first frame."""
    return Track(
        codec=task.rung.codec,
        sample_rate_hz=task.info.sample_rate_hz,
        channels=task.info.channels,
        bits_per_sample=task.info.stored_bits if task.rung.lossless else 16,
        configuration=encoder.configuration,
        priming_samples=encoder.priming_samples,
        sample_count=task.info.sample_count,
        average_bandwidth_bps=0,
        peak_bandwidth_bps=0,
    )


def _bandwidth_bps(task: Render) -> int:
    bandwidth = task.rung.bandwidth_bps(task.info.channels)
    assert bandwidth is not None  # noqa: S101 -- a lossy rung has one, or it would not exist
    return bandwidth


def _aac(task: Render) -> AacEncoder:
    return AacEncoder(
        sample_rate_hz=task.info.sample_rate_hz,
        channels=task.info.channels,
        bandwidth_bps=_bandwidth_bps(task),
        coder=task.aac_coder,
    )


def _opus(task: Render) -> OpusEncoder:
    return OpusEncoder(channels=task.info.channels, bandwidth_bps=_bandwidth_bps(task))


def _flac(task: Render) -> FlacEncoder:
    info = task.info
    return FlacEncoder(sample_rate_hz=info.sample_rate_hz, channels=info.channels, bits=info.stored_bits)


def _finish(writer: Writer, configuration: bytes) -> tasks.Track | None:
    """`configuration` is the encoder's last word: FLAC's digest is known at the end."""
    match writer:
        case TrackFileWriter():
            return writer.finish(configuration)
        case FlacWriter():
            writer.finish(configuration)
        case M4aWriter():
            writer.finish()
    return None


ENCODERS_OF_FRAMES: dict[Codec, Callable[[Render], Encoder]] = {Codec.AAC: _aac, Codec.OPUS: _opus, Codec.FLAC: _flac}
ENCODERS_OF_FILES: dict[Codec, type[Mp3File | VorbisFile]] = {Codec.MP3: Mp3File, Codec.VORBIS: VorbisFile}
WRITERS: dict[File, Callable[..., Writer]] = {
    File.CMAF: lambda target, track, _task: TrackFileWriter(target, track),
    File.M4A: lambda target, track, task: M4aWriter(target, track, task.labels),
    File.FLAC: lambda target, track, task: FlacWriter(target, track, task.labels, positions=task.info.positions),
}

"""Decoding an upload to PCM; runs in a child process of its own, with limits, on a file that was sniffed before.

Rules (docs/decisions/0022): FFmpeg may open the one demuxer and the one decoder that the header asked for, and local
files only, so neither a playlist nor an embedded picture gets anywhere. The header's length is a promise: what is
decoded has to keep it to the sample. A decoder that stumbles in the middle makes the master corrupt, one that stumbles
at the end makes it truncated.
"""

from __future__ import annotations

import errno
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import IO, TypeAlias

import av
import msgspec

from ingest.containers.header import MAX_DURATION_S, Header, check_duration
from ingest.contract import FailureCode
from ingest.errors import MediaError
from ingest.pcm import DEFAULT_POSITIONS, PcmInfo, SampleForm, stored_bits
from ingest.tasks import Decode

Packet: TypeAlias = "av.Packet[av.AudioStream]"

# FFmpeg's sample formats, by what they become in the scratch file; none of these loses anything but f64 beyond f32.
FORMS = {
    "u8": SampleForm.S16,
    "s16": SampleForm.S16,
    "s16p": SampleForm.S16,
    "s32": SampleForm.S32,
    "s32p": SampleForm.S32,
    "flt": SampleForm.F32,
    "fltp": SampleForm.F32,
    "dbl": SampleForm.F32,
}


class Tally(msgspec.Struct):
    """What happened while decoding."""

    samples: int = 0
    stumbled: bool = False
    """The last packet failed."""
    recovered: bool = False
    """A packet failed, or was not found, and a later one is there."""


def run(task: Decode, moved: Callable[[float], None]) -> PcmInfo:
    """Decode to the end. Raises MediaError."""
    path = Path(task.path)
    try:
        with _open(path, task.header) as container, Path(task.pcm_path).open("wb") as target:
            info, tally = _decode(container, task.header, target, _meter(path, moved))
    except MemoryError as error:
        raise MediaError(FailureCode.RESOURCE_LIMIT, "the decoder asked for too much memory") from error
    except av.FFmpegError as error:
        raise MediaError(FailureCode.CORRUPT, f"FFmpeg: {error.strerror}") from error
    except OSError as error:
        if error.errno == errno.EFBIG:
            raise MediaError(FailureCode.RESOURCE_LIMIT, "the decoded audio is larger than it may be") from error
        raise
    compare(task.header, tally)
    return msgspec.structs.replace(info, sample_count=tally.samples)


def compare(header: Header, tally: Tally) -> None:
    """Hold the header to its promise. Raises MediaError."""
    promised = header.sample_count
    if tally.recovered:
        raise MediaError(FailureCode.CORRUPT, "a part in the middle cannot be decoded")
    if promised is None and tally.stumbled:
        raise MediaError(FailureCode.TRUNCATED, "the end cannot be decoded")
    if promised is not None and tally.samples < promised:
        raise MediaError(FailureCode.TRUNCATED, f"{tally.samples} of {promised} samples are there")
    if promised is not None and tally.samples > promised:
        raise MediaError(FailureCode.CORRUPT, f"{tally.samples} samples where the header promises {promised}")
    check_duration(tally.samples, header.sample_rate_hz)


def _open(path: Path, header: Header) -> av.container.InputContainer:
    name = header.container.value
    options = {"format_whitelist": name, "codec_whitelist": header.codec, "protocol_whitelist": "file"}
    return av.open(str(path), format=name, options=options, metadata_errors="replace")


def _meter(path: Path, moved: Callable[[float], None]) -> Callable[[Packet], None]:
    size = path.stat().st_size
    return lambda packet: moved(min(1.0, packet.pos / size)) if packet.pos else None


def _decode(
    container: av.container.InputContainer, header: Header, target: IO[bytes], seen: Callable[[Packet], None]
) -> tuple[PcmInfo, Tally]:
    stream = _stream(container, header)
    tally = Tally()
    writer: _Writer | None = None
    for packet in container.demux(stream):
        seen(packet)
        for frame in _frames(stream, packet, tally):
            writer = writer or _Writer(frame, header, target)
            # FFmpeg passes over a hole in a FLAC file without a word; the numbers in the frames tell.
            if header.codec == "flac" and _samples_at(frame) > tally.samples:
                tally.recovered = True
            writer.write(frame)
            tally.samples += frame.samples
            if tally.samples > MAX_DURATION_S * header.sample_rate_hz:
                raise MediaError(FailureCode.TOO_LONG, "more than four hours")
    if writer is None:
        raise MediaError(FailureCode.CORRUPT, "nothing can be decoded")
    return writer.info, tally


class _Writer:
    """Writes frames as packed samples; all of them have to be like the first."""

    def __init__(self, first: av.AudioFrame, header: Header, target: IO[bytes]) -> None:
        self.info = _describe(first, header)
        self._header = header
        self._target = target
        plain = first.format.name == self.info.form.value
        self._packer = None if plain else av.AudioResampler(format=self.info.form.value)

    def write(self, frame: av.AudioFrame) -> None:
        if _describe(frame, self._header) != self.info:
            raise MediaError(FailureCode.CORRUPT, "the audio changes its rate, channels or width on the way")
        for piece in self._packer.resample(frame) if self._packer else [frame]:
            self._target.write(memoryview(piece.planes[0])[: piece.samples * self.info.frame_bytes])


def _stream(container: av.container.InputContainer, header: Header) -> av.AudioStream:
    if not container.streams.audio:
        raise MediaError(FailureCode.CORRUPT, "no audio stream")
    stream = container.streams.audio[0]
    if stream.codec_context.name != header.codec:
        raise MediaError(FailureCode.CORRUPT, f"FFmpeg finds {stream.codec_context.name}, not {header.codec}")
    return stream


def _frames(stream: av.AudioStream, packet: Packet, tally: Tally) -> Iterator[av.AudioFrame]:
    try:
        frames = stream.decode(packet)
    except MemoryError:
        raise
    except av.FFmpegError:
        tally.stumbled = True
        return
    if frames and tally.stumbled:
        tally.recovered = True
    yield from frames


def _samples_at(frame: av.AudioFrame) -> int:
    return round(frame.pts * frame.time_base * frame.sample_rate) if frame.pts and frame.time_base else 0


def _describe(frame: av.AudioFrame, header: Header) -> PcmInfo:
    form = FORMS.get(frame.format.name)
    channels = frame.layout.nb_channels
    if form is None or (frame.sample_rate, channels) != (header.sample_rate_hz, header.channels):
        raise MediaError(
            FailureCode.CORRUPT, f"{channels} channels of {frame.format.name} at {frame.sample_rate} Hz are decoded"
        )
    return PcmInfo(
        sample_rate_hz=frame.sample_rate,
        positions=_positions(frame.layout),
        form=form,
        stored_bits=stored_bits(form, header.bits_per_sample),
        sample_count=0,
    )


def _positions(layout: av.AudioLayout) -> tuple[str, ...]:
    names = tuple(channel.name for channel in layout.channels)
    # A WAV file without a channel mask has numbered channels only.
    known = all(not name or name.isalpha() or name == "LFE2" for name in names) and "NONE" not in names
    return names if known and all(names) else DEFAULT_POSITIONS[len(names)]

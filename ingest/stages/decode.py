"""Decoding an upload to PCM; runs in a child process of its own, with limits, on a file that was sniffed before.

Rules (docs/decisions/0022 and 0030): the upload and the scratch file are opened first, then the fence is closed, and
only then FFmpeg sees a byte: it reads from the open file, may use the one demuxer and the one decoder that the header
asked for, and nothing else can be opened by anybody. The header's length is a promise: what is decoded has to keep it
to the sample. A decoder that stumbles in the middle makes the master corrupt, one that stumbles at the end makes it
truncated.

Priming and padding are cut off by the header's figures (`ingest.stages.pcm_file`), and FFmpeg is told to keep both: it
reads fewer of the signs than the header parsers do, and loses 128 samples of a Vorbis file of one page.
"""

from __future__ import annotations

import errno
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import IO, TypeAlias

import av
import av.subtitles.codeccontext  # these two are imported by PyAV when a file with texts is opened, behind the fence
import av.subtitles.stream
import msgspec
from av.codec.context import Flags2

from ingest.containers.header import MAX_DURATION_S, Container, Header, check_duration
from ingest.contract import FailureCode, QualityCode, QualityWarning
from ingest.errors import MediaError
from ingest.isolation import fence
from ingest.stages.pcm_file import PcmWriter
from ingest.tasks import Decode, Decoded

Packet: TypeAlias = "av.Packet[av.AudioStream]"

NO_PROTOCOL = "none"
"""A name that no protocol has: the upload is an open file, and nothing in it may name another place."""


class Tally(msgspec.Struct):
    """What happened while decoding."""

    samples: int = 0
    """Of the track: without what was cut off."""
    stumbled: bool = False
    """The last packet failed."""
    recovered: bool = False
    """A packet failed, or was not found, and a later one is there."""


def run(task: Decode, moved: Callable[[float], None]) -> Decoded:
    """Decode to the end, behind the fence. Raises MediaError."""
    try:
        with Path(task.path).open("rb") as upload, Path(task.pcm_path).open("wb") as target:
            fence.close()
            return decode(upload, task.header, target, moved)
    except OSError as error:
        if error.errno == errno.EFBIG:  # maybe only when the file is closed
            raise MediaError(FailureCode.RESOURCE_LIMIT, "the decoded audio is larger than it may be") from error
        raise


def decode(upload: IO[bytes], header: Header, target: IO[bytes], moved: Callable[[float], None]) -> Decoded:
    """Decode an open upload to an open file. Raises MediaError."""
    seen = _meter(upload, moved)
    try:
        with _open(upload, header) as container:
            writer, tally = _decode(container, header, target, seen)
    except MemoryError as error:
        raise MediaError(FailureCode.RESOURCE_LIMIT, "the decoder asked for too much memory") from error
    except av.FFmpegError as error:
        raise MediaError(FailureCode.CORRUPT, f"FFmpeg: {error.strerror}") from error
    compare(header, tally)
    info = msgspec.structs.replace(writer.info, sample_count=tally.samples)
    return Decoded(info=info, warnings=tuple(_warnings(header, writer.md5)))


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


def _warnings(header: Header, md5: str) -> Iterator[QualityWarning]:
    if header.pcm_md5 and md5 != header.pcm_md5:
        yield QualityWarning(
            code=QualityCode.MD5_MISMATCH,
            detail="The checksum inside this FLAC file is not that of its audio: "
            "it was damaged, or edited by a program that left the checksum alone. Compare it with your master.",
        )


def _open(upload: IO[bytes], header: Header) -> av.container.InputContainer:
    name = header.container.value
    options = {"format_whitelist": name, "codec_whitelist": header.codec, "protocol_whitelist": NO_PROTOCOL}
    if header.container is Container.M4A:
        options |= {"ignore_editlist": "1", "ignore_chapters": "1", "enable_drefs": "0"}
    return av.open(upload, "r", format=name, options=options, metadata_errors="replace")


def _meter(upload: IO[bytes], moved: Callable[[float], None]) -> Callable[[Packet], None]:
    size = upload.seek(0, 2)
    upload.seek(0)
    return lambda packet: moved(min(1.0, packet.pos / size)) if packet.pos else None


def _decode(
    container: av.container.InputContainer, header: Header, target: IO[bytes], seen: Callable[[Packet], None]
) -> tuple[PcmWriter, Tally]:
    stream = _stream(container)
    decoder = _decoder(stream, header)
    writer = PcmWriter(header, target)
    tally = Tally()
    decoded = 0
    for packet in container.demux(stream):
        seen(packet)
        for frame in _frames(decoder, packet, tally):
            # FFmpeg passes over a hole in a FLAC file without a word; the numbers in the frames tell.
            if header.codec == "flac" and _samples_at(frame) > decoded:
                tally.recovered = True
            decoded += frame.samples
            if decoded > MAX_DURATION_S * header.sample_rate_hz:
                raise MediaError(FailureCode.TOO_LONG, "more than four hours")
            writer.write(frame)
    if decoded == 0:
        raise MediaError(FailureCode.CORRUPT, "nothing can be decoded")
    tally.samples = writer.samples
    return writer, tally


def _stream(container: av.container.InputContainer) -> av.AudioStream:
    if not container.streams.audio:
        raise MediaError(FailureCode.CORRUPT, "no audio stream")
    return container.streams.audio[0]


def _decoder(stream: av.AudioStream, header: Header) -> av.AudioCodecContext:
    context: av.AudioCodecContext | None = stream.codec_context  # none where FFmpeg knows no decoder
    found = "no decoder" if context is None else context.name
    if context is not None and header.container is Container.WAV and found.startswith("pcm_"):
        # FFmpeg goes by the bits that are used: 24 in 32 it takes for floats of an editor of old, 16 in 24 for 16.
        return _own_decoder(context, header)
    if context is None or found != header.codec:
        raise MediaError(FailureCode.CORRUPT, f"FFmpeg finds {found}, not {header.codec}")
    if header.padded:
        context.flags2 |= Flags2.skip_manual
    return context


def _own_decoder(context: av.AudioCodecContext, header: Header) -> av.AudioCodecContext:
    """A decoder of what the header says; the demuxer's packets hold whole frames of any form of PCM."""
    decoder = av.CodecContext.create(header.codec, "r")
    assert isinstance(decoder, av.AudioCodecContext)  # noqa: S101 -- tells the type checker what a codec's name implies
    decoder.sample_rate, decoder.layout = context.sample_rate, context.layout
    return decoder


def _frames(decoder: av.AudioCodecContext, packet: Packet, tally: Tally) -> Iterator[av.AudioFrame]:
    try:
        frames = decoder.decode(packet)
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

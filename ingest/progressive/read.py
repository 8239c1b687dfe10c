"""Reading a progressive file as a player does: priming and padding are gone, and what is left is heard.

FFmpeg decodes all four, by decoders that are not the encoders' own for Vorbis and MP3. It goes by MP3's tag, by Ogg's
positions and by FLAC's frames to the sample. Of an MP4 file it skips the priming and gives out all of the last frame;
there the end is cut where the edit list has it, which is read from the file and not from what its writer remembers.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from struct import unpack_from
from typing import Any

import av
import numpy.typing as npt

from ingest.cmaf.boxes import walk
from ingest.renditions.ladder import File

Samples = npt.NDArray[Any]

DEMUXERS = {File.M4A: "mov", File.FLAC: "flac", File.MP3: "mp3", File.OGG: "ogg"}
BOX_HEAD_BYTES = 8


def decoded(path: Path, file: File) -> Iterator[Samples]:
    """What is heard, as (n, channels): floats, or integers in the upper bits of a lossless file's.

    Raises av.FFmpegError, and ValueError for an MP4 file without an edit list.
    """
    frames = _frames(path, DEMUXERS[file])
    return _until(_edited_length(path), frames) if file is File.M4A else frames


def _frames(path: Path, demuxer: str) -> Iterator[Samples]:
    options = {"format_whitelist": demuxer, "protocol_whitelist": "file"}
    with av.open(str(path), format=demuxer, options=options) as container:
        for frame in container.decode(container.streams.audio[0]):
            samples = frame.to_ndarray()
            yield samples.T if frame.format.is_planar else samples.reshape(frame.samples, -1)


def _until(end: int, frames: Iterator[Samples]) -> Iterator[Samples]:
    position = 0
    for samples in frames:
        yield samples[: max(0, end - position)]
        position += len(samples)


def _edited_length(path: Path) -> int:
    """How many samples the one edit lasts."""
    for found in walk(_moov(path)):
        if found.path == "moov/trak/edts/elst":
            length: int = unpack_from(">Q", found.payload, 8)[0]
            return length
    raise ValueError("no edit list")


def _moov(path: Path) -> bytes:
    with path.open("rb") as source:
        while head := source.read(BOX_HEAD_BYTES):
            length, kind = int.from_bytes(head[:4], "big"), head[4:8]
            if kind == b"moov":
                return head + source.read(length - BOX_HEAD_BYTES)
            source.seek(length - BOX_HEAD_BYTES, 1)
    raise ValueError("no moov box")

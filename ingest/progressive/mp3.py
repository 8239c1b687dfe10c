"""An MP3 file by libmp3lame, with the tag that makes it gapless and ID3v2.4 labels.

FFmpeg's muxer writes the labels, the tag and its checksums; the padding in the tag is corrected here where FFmpeg has
it wrong (`ingest.progressive.lame_tag`). Rates are those of MPEG-1, 32, 44.1 and 48 kHz, which is all that the ladder
derives.
"""

from __future__ import annotations

from fractions import Fraction
from pathlib import Path

import av
import numpy as np

from ingest.errors import IngestFault
from ingest.pcm import Floats
from ingest.progressive import lame_tag
from ingest.progressive.labels import Labels, id3_fields
from ingest.progressive.written import Written

LAYOUTS = {1: "mono", 2: "stereo"}
SCALES = {192_000: 0.97, 224_000: 0.98, 256_000: 1.0, 320_000: 1.0}
LOW_BANDWIDTH_SCALE = 0.95
"""LAME turns its input down by these factors, by the bandwidth alone (0.45 dB up to 160 kbit/s); measured for each with
a tone. The gain of a rendition is decided elsewhere, so it is undone here: LAME's input is floats and may exceed 1."""
TAG_REACH_BYTES = 1 << 20
"""The labels come before the tag; titles have limits far below this."""


class Mp3File:
    """Takes frames of shape (n, channels), full scale at 1.0."""

    def __init__(self, path: Path, *, sample_rate_hz: int, channels: int, bandwidth_bps: int, labels: Labels) -> None:
        self._path = path
        self._layout = LAYOUTS[channels]
        self._gain = 1 / SCALES.get(bandwidth_bps, LOW_BANDWIDTH_SCALE)
        self._count = 0
        self._container = av.open(str(path), "w", format="mp3", options={"id3v2_version": "4", "write_xing": "1"})
        self._container.metadata.update(id3_fields(labels))
        stream = self._container.add_stream("libmp3lame", rate=sample_rate_hz)
        stream.layout = self._layout
        stream.format = "fltp"
        stream.bit_rate = bandwidth_bps
        stream.time_base = Fraction(1, sample_rate_hz)
        self._stream = stream

    def write(self, portion: Floats) -> None:
        frame = av.AudioFrame.from_ndarray(
            np.ascontiguousarray(portion.T * self._gain, dtype=np.float32), format="fltp", layout=self._layout
        )
        frame.sample_rate = self._stream.codec_context.sample_rate
        frame.time_base = self._stream.time_base
        frame.pts = self._count
        self._count += len(portion)
        self._container.mux(self._stream.encode(frame))

    def finish(self) -> Written:
        """Empty the encoder and complete the tag. Raises IngestFault when there is none."""
        self._container.mux(self._stream.encode(None))
        self._container.close()
        with self._path.open("r+b") as file:
            start = file.read(TAG_REACH_BYTES)
            try:
                tag = lame_tag.find(start)
            except ValueError as error:
                raise IngestFault("FFmpeg wrote an MP3 file without a tag") from error
            padding = lame_tag.true_padding(tag, self._count)
            if padding != tag.padding_samples:
                file.seek(0)
                file.write(lame_tag.corrected(start, tag, padding_samples=padding))
        # As a decoder gives them out: its own delay belongs to the priming, and is taken from the padding.
        return Written(
            priming_samples=tag.delay_samples + lame_tag.DECODER_DELAY,
            padding_samples=padding - lame_tag.DECODER_DELAY,
            sample_count=self._count,
        )

"""Writing decoded frames to a scratch file: as packed samples, cut to the track, all of one form.

What an encoder put before a track and behind it is known from the header, and left out. Where the header has the digest
of a FLAC file, it is taken of the samples as FLAC defines it: little-endian, in as few bytes as hold them.
"""

from __future__ import annotations

import hashlib
from typing import IO

import av
import numpy as np

from ingest.containers.header import Header
from ingest.contract import FailureCode
from ingest.errors import MediaError
from ingest.pcm import DEFAULT_POSITIONS, PcmInfo, SampleForm, stored_bits

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


class PcmWriter:
    """Takes every frame that is decoded; all of them have to be like the first."""

    def __init__(self, header: Header, target: IO[bytes]) -> None:
        self.samples = 0
        self._header = header
        self._target = target
        self._info: PcmInfo | None = None
        self._packer: av.AudioResampler | None = None
        self._to_skip = header.lead_samples
        self._digest = hashlib.md5(usedforsecurity=False) if header.pcm_md5 else None

    @property
    def info(self) -> PcmInfo:
        """Of the first frame; there has to be one."""
        assert self._info is not None  # noqa: S101 -- the decoder refuses a master that gave no frame
        return self._info

    @property
    def md5(self) -> str:
        return self._digest.hexdigest() if self._digest else ""

    def write(self, frame: av.AudioFrame) -> None:
        """Raises MediaError for a frame that is not like the others."""
        described = describe(frame, self._header)
        if self._info is None:
            self._info = described
            if self._header.codec == "vorbis":
                # The first block of Vorbis has nothing before it to overlap with; what FFmpeg makes of it is no sound.
                self._to_skip = frame.samples
            plain = frame.format.name == described.form.value
            self._packer = None if plain else av.AudioResampler(format=described.form.value)
        elif described != self._info:
            raise MediaError(FailureCode.CORRUPT, "the audio changes its rate, channels or width on the way")
        for piece in self._packer.resample(frame) if self._packer else [frame]:
            self._keep(memoryview(piece.planes[0])[: piece.samples * described.frame_bytes], described)

    def _keep(self, packed: memoryview, info: PcmInfo) -> None:
        skipped = min(self._to_skip, len(packed) // info.frame_bytes)
        self._to_skip -= skipped
        packed = packed[skipped * info.frame_bytes :]
        if self._header.padded and self._header.sample_count is not None:
            packed = packed[: (self._header.sample_count - self.samples) * info.frame_bytes]
        self.samples += len(packed) // info.frame_bytes
        self._target.write(packed)
        if self._digest:
            self._digest.update(_as_flac(packed, info, self._header.bits_per_sample))


def _as_flac(packed: memoryview, info: PcmInfo, bits: int) -> bytes | memoryview:
    """The samples as FLAC's digest covers them (RFC 9639, section 8.2): right-justified, in whole bytes."""
    if bits == 8 * info.form.byte_width:
        return packed
    samples = np.frombuffer(packed, info.form.dtype) >> (8 * info.form.byte_width - bits)
    octets = samples.view(np.uint8).reshape(-1, info.form.byte_width)
    return octets[:, : (bits + 7) // 8].tobytes()


def describe(frame: av.AudioFrame, header: Header) -> PcmInfo:
    """The form of a decoded frame. Raises MediaError when it is not what the header promises."""
    form = FORMS.get(frame.format.name)
    channels = frame.layout.nb_channels
    if header.codec == "aac" and frame.sample_rate == 2 * header.sample_rate_hz:
        raise MediaError(FailureCode.UNSUPPORTED_CODEC, "HE-AAC that does not say so")
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

"""Encoders of frames: portions of a signal in, frames out, by FFmpeg's own AAC-LC and FLAC encoders and libopus.

An encoder is fed by `encode` and emptied by `finish`; `configuration` is what the track's header needs and, for FLAC,
is complete only after `finish` (the digest in STREAMINFO). Runs in a child process: encoding takes seconds.

Not here: MP3 and Vorbis, whose encoders write whole files (`ingest.progressive`).
"""

from __future__ import annotations

from collections.abc import Iterator
from fractions import Fraction
from typing import Protocol

import av
import numpy as np
from av.codec.context import Flags

from ingest.cmaf.track_file import AAC_FRAME, FLAC_FRAME, OPUS_FRAME, Frame
from ingest.pcm import DEFAULT_POSITIONS, Floats, Integers
from ingest.renditions.derivation import OPUS_RATE_HZ

AAC_PRIMING = 1024
"""FFmpeg's encoder delay; the encoder's first time stamp says so, which `AacEncoder` checks."""

OPUS_PRIMING = 312
"""6.5 ms of look-ahead, which libopus has at 48 kHz; its header says so, which `OpusEncoder` checks."""

LAYOUTS = {
    1: "mono",
    2: "stereo",
    3: "3.0",
    4: "quad",
    5: "5.0",
    6: "5.1",
    7: "6.1",
    8: "7.1",
}
assert LAYOUTS.keys() == DEFAULT_POSITIONS.keys()  # noqa: S101 -- two tables of one fact, compared when they are read


class Encoder(Protocol):
    """What `ingest.stages.render` needs of an encoder; `priming_samples` come before the first sample of the signal."""

    priming_samples: int

    @property
    def configuration(self) -> bytes: ...

    def encode(self, portion: Floats | Integers) -> Iterator[Frame]: ...

    def finish(self) -> Iterator[Frame]: ...


class AacEncoder:
    """AAC-LC of frames of shape (n, channels), full scale at 1.0; every frame lasts 1024 samples, the last one too."""

    priming_samples = AAC_PRIMING

    def __init__(self, *, sample_rate_hz: int, channels: int, bandwidth_bps: int, coder: str) -> None:
        self._session = _Session(
            "aac",
            "fltp",
            rate=sample_rate_hz,
            channels=channels,
            options={"aac_coder": coder},
            bandwidth_bps=bandwidth_bps,
        )

    @property
    def configuration(self) -> bytes:
        return self._session.extradata

    def encode(self, portion: Floats | Integers) -> Iterator[Frame]:
        planes = np.ascontiguousarray(portion.T, dtype=np.float32)
        return (Frame(data=data, duration_ticks=AAC_FRAME) for data, _ in self._session.encode(planes, len(portion)))

    def finish(self) -> Iterator[Frame]:
        return (Frame(data=data, duration_ticks=AAC_FRAME) for data, _ in self._session.finish())


class OpusEncoder:
    """Opus of frames of shape (n, channels) at 48 kHz, full scale at 1.0; every packet lasts 20 ms, also the last."""

    priming_samples = OPUS_PRIMING
    configuration = b""

    def __init__(self, *, channels: int, bandwidth_bps: int) -> None:
        self._session = _Session(
            "libopus",
            "flt",
            rate=OPUS_RATE_HZ,
            channels=channels,
            # Unconstrained, music took a fifth more than was asked for (docs/decisions/0036).
            options={"application": "audio", "vbr": "constrained", "frame_duration": "20"},
            bandwidth_bps=bandwidth_bps,
        )
        told = int.from_bytes(self._session.extradata[10:12], "little")  # RFC 7845, section 5.1
        if told != OPUS_PRIMING:
            raise ValueError(f"libopus starts with {told} samples of its own, not {OPUS_PRIMING}")

    def encode(self, portion: Floats | Integers) -> Iterator[Frame]:
        packed = np.ascontiguousarray(portion, dtype=np.float32).reshape(1, -1)
        return (Frame(data=data, duration_ticks=OPUS_FRAME) for data, _ in self._session.encode(packed, len(portion)))

    def finish(self) -> Iterator[Frame]:
        return (Frame(data=data, duration_ticks=OPUS_FRAME) for data, _ in self._session.finish())


class FlacEncoder:
    """FLAC of integers in the upper bits of int16 or int32, of which `bits` are used; the last frame may be shorter."""

    priming_samples = 0

    def __init__(self, *, sample_rate_hz: int, channels: int, bits: int) -> None:
        options = {"frame_size": str(FLAC_FRAME), "compression_level": "5"}
        if bits > 16:
            options["bits_per_raw_sample"] = str(bits)
        if bits > 24:
            options["strict"] = "experimental"  # FFmpeg's word for 32 bits; what it writes is decoded and compared
        self._session = _Session(
            "flac", "s16" if bits == 16 else "s32", rate=sample_rate_hz, channels=channels, options=options
        )
        self._left = 0

    @property
    def configuration(self) -> bytes:
        return self._session.extradata

    def encode(self, portion: Floats | Integers) -> Iterator[Frame]:
        self._left += len(portion)
        return self._frames(self._session.encode(np.ascontiguousarray(portion.reshape(1, -1)), len(portion)))

    def finish(self) -> Iterator[Frame]:
        return self._frames(self._session.finish())

    def _frames(self, packets: Iterator[tuple[bytes, int]]) -> Iterator[Frame]:
        """The duration of a frame follows from how many samples are still to come; FFmpeg leaves it out at times."""
        for data, _ in packets:
            duration = min(FLAC_FRAME, self._left)
            self._left -= duration
            yield Frame(data=data, duration_ticks=duration)


class _Session:
    """An open FFmpeg encoder and the time stamp of the next sample."""

    def __init__(
        self,
        name: str,
        form: str,
        *,
        rate: int,
        channels: int,
        options: dict[str, str],
        bandwidth_bps: int | None = None,
    ) -> None:
        context = av.CodecContext.create(name, "w")
        assert isinstance(context, av.AudioCodecContext)  # noqa: S101 -- tells the type checker what `name` implies
        context.sample_rate = rate
        context.layout = LAYOUTS[channels]
        context.format = form
        context.time_base = Fraction(1, rate)
        context.options = options
        context.flags |= Flags.global_header
        if bandwidth_bps is not None:
            context.bit_rate = bandwidth_bps
        context.open()
        self._context = context
        self._form = form
        self._layout = LAYOUTS[channels]
        self._next = 0
        self.extradata = bytes(context.extradata or b"")

    def encode(self, samples: np.ndarray, count: int) -> Iterator[tuple[bytes, int]]:
        frame = av.AudioFrame.from_ndarray(samples, format=self._form, layout=self._layout)
        frame.sample_rate = self._context.sample_rate
        frame.time_base = self._context.time_base
        frame.pts = self._next
        self._next += count
        yield from self._packets(frame)

    def finish(self) -> Iterator[tuple[bytes, int]]:
        yield from self._packets(None)

    def _packets(self, frame: av.AudioFrame | None) -> Iterator[tuple[bytes, int]]:
        for packet in self._context.encode(frame):
            if packet.has_sidedata("new_extradata"):
                # FLAC's final STREAMINFO. The context's own copy is spoilt by then: FFmpeg closes the digest twice.
                self.extradata = bytes(packet.get_sidedata("new_extradata"))
            if packet.size:
                yield bytes(packet), packet.duration or 0

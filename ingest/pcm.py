"""PCM between the stages: raw interleaved little-endian samples in a scratch file, described by `PcmInfo`.

Three forms travel: 16-bit integers, 32-bit integers with the sample in the upper bits, and 32-bit floats (a floating
point or lossy master, or what was derived from a master). Floats keep values beyond full scale, so that a hot master is
turned down before anything clips.

The *stored master* is what the FLAC rendition carries: 16-, 24- or 32-bit integers. An integer master is its own stored
master (12 bits travel in 16, 20 bits in 24, without loss); a float master is rounded to 24 bits and clipped at full
scale, as every converter that plays it would. The digest of a master is over the stored master's samples, packed in as
few bytes as hold them, which is what a WAV file of that width holds.

Not here: reading and writing files (`ingest.jobs.scratch`).
"""

from __future__ import annotations

from enum import Enum

import msgspec
import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]
Integers = npt.NDArray[np.int16] | npt.NDArray[np.int32]

FLOAT_STORED_BITS = 24

# Which speaker a channel feeds where the file does not say: FLAC's assignment (RFC 9639, section 9.1.3), WAV's too.
DEFAULT_POSITIONS: dict[int, tuple[str, ...]] = {
    1: ("FC",),
    2: ("FL", "FR"),
    3: ("FL", "FR", "FC"),
    4: ("FL", "FR", "BL", "BR"),
    5: ("FL", "FR", "FC", "BL", "BR"),
    6: ("FL", "FR", "FC", "LFE", "BL", "BR"),
    7: ("FL", "FR", "FC", "LFE", "BC", "SL", "SR"),
    8: ("FL", "FR", "FC", "LFE", "BL", "BR", "SL", "SR"),
}


class SampleForm(Enum):
    """How a sample lies in a scratch file; the value is FFmpeg's name of the packed format."""

    S16 = "s16"
    S32 = "s32"
    F32 = "flt"

    @property
    def dtype(self) -> npt.DTypeLike:
        return {SampleForm.S16: "<i2", SampleForm.S32: "<i4", SampleForm.F32: "<f4"}[self]

    @property
    def byte_width(self) -> int:
        return 2 if self is SampleForm.S16 else 4


class PcmInfo(msgspec.Struct, frozen=True, kw_only=True):
    """One scratch file; `sample_count` is in samples of one channel."""

    sample_rate_hz: int
    positions: tuple[str, ...]
    """FFmpeg's short name of every channel's speaker, in order."""
    form: SampleForm
    stored_bits: int
    """Of the stored master: 16, 24 or 32."""
    sample_count: int

    @property
    def channels(self) -> int:
        return len(self.positions)

    @property
    def frame_bytes(self) -> int:
        return self.form.byte_width * self.channels


def stored_bits(form: SampleForm, bits_per_sample: int) -> int:
    """The width of the stored master for samples of this form, of which `bits_per_sample` are used."""
    if form is SampleForm.S16:
        return 16
    if form is SampleForm.F32:
        return FLOAT_STORED_BITS
    return 24 if bits_per_sample <= 24 else 32


def to_floats(data: bytes, info: PcmInfo) -> Floats:
    """Samples as (frames, channels) with full scale at 1.0."""
    samples = np.frombuffer(data, dtype=info.form.dtype).reshape(-1, info.channels)
    scale = {SampleForm.S16: 2.0**-15, SampleForm.S32: 2.0**-31, SampleForm.F32: 1.0}[info.form]
    floats: Floats = samples * np.float64(scale)
    return floats


def to_integers(data: bytes, info: PcmInfo) -> Integers:
    """The stored master as (frames, channels), in the upper bits of int16 or int32; floats have to be finite."""
    samples = np.frombuffer(data, dtype=info.form.dtype).reshape(-1, info.channels)
    if info.form is not SampleForm.F32:
        return samples
    steps = 2.0 ** (FLOAT_STORED_BITS - 1)
    whole = np.clip(np.rint(samples.astype(np.float64) * steps), -steps, steps - 1).astype(np.int32)
    return whole << (32 - FLOAT_STORED_BITS)


def pack(integers: Integers, bits: int) -> bytes:
    """The bytes that the digest covers: little-endian, interleaved, `bits` wide, the unused lower bits cut off."""
    if bits == integers.dtype.itemsize * 8:
        return integers.astype(integers.dtype.newbyteorder("<"), copy=False).tobytes()
    quads = np.ascontiguousarray(integers, dtype="<i4").view(np.uint8).reshape(-1, 4)
    return quads[:, 4 - bits // 8 :].tobytes()

"""The `esds` box of an MP4 track and the AudioSpecificConfig inside it (ISO/IEC 14496-1, 7.2.6; 14496-3, 1.6.2).

Only AAC-LC in frames of 1024 passes. HE-AAC, which is AAC-LC of half the rate with hints for the rest, says so by its
object type or by an extension at the end; where it says nothing, the decoder finds out.
"""

from __future__ import annotations

from ingest.contract import FailureCode
from ingest.errors import MediaError

ES, DECODER, SPECIFIC = 0x03, 0x04, 0x05
AAC_MPEG_4 = 0x40
AAC_MPEG_2 = (0x66, 0x67, 0x68)
AAC_LC, SBR, PS = 2, 5, 29
EXTENSION = 0x2B7
RATES_HZ = (96000, 88200, 64000, 48000, 44100, 32000, 24000, 22050, 16000, 12000, 11025, 8000, 7350)
CHANNELS = (0, 1, 2, 3, 4, 5, 6, 8)


def read_aac(payload: bytes) -> tuple[int, int]:
    """Return (sample rate in Hz, channels). Raises MediaError for anything but AAC-LC."""
    stream = _descriptor(payload[4:], ES)
    flags = stream[2] if len(stream) > 2 else 0
    skipped = 3 + (2 if flags & 0x80 else 0) + (2 if flags & 0x20 else 0)
    if flags & 0x40:
        raise MediaError(FailureCode.UNSUPPORTED_CONTAINER, "the audio is named by a URL")
    decoder = _descriptor(stream[skipped:], DECODER)
    if decoder[:1] not in (bytes([kind]) for kind in (AAC_MPEG_4, *AAC_MPEG_2)):
        raise MediaError(FailureCode.UNSUPPORTED_CODEC, f"MPEG-4 audio of the object type {decoder[:1].hex()}")
    return _specific(_descriptor(decoder[13:], SPECIFIC))


def _descriptor(data: bytes, tag: int) -> bytes:
    """The payload of the descriptor that `data` begins with; its length has seven bits a byte, in at most four."""
    length = 0
    for place in range(1, 5):
        if len(data) <= place or data[0] != tag:
            break
        length = length << 7 | data[place] & 0x7F
        if not data[place] & 0x80:
            return data[place + 1 : place + 1 + length]
    raise MediaError(FailureCode.CORRUPT, f"no descriptor {tag} where one has to be")


class _Bits:
    """Reads numbers from the most significant bit on; what is beyond the end is zeros."""

    def __init__(self, data: bytes) -> None:
        self._bits = int.from_bytes(data, "big")
        self._left = 8 * len(data)

    def take(self, count: int) -> int:
        self._left -= count
        shifted = self._bits >> self._left if self._left >= 0 else self._bits << -self._left
        return shifted & (1 << count) - 1


def _specific(config: bytes) -> tuple[int, int]:
    bits = _Bits(config[:16])
    kind = bits.take(5)
    index = bits.take(4)
    rate_hz = bits.take(24) if index == 15 else RATES_HZ[index] if index < len(RATES_HZ) else 0
    channels = bits.take(4)
    short_frames, depends, extended = bits.take(1), bits.take(1), bits.take(1)
    if kind != AAC_LC or short_frames or depends or extended or not 1 <= channels < len(CHANNELS):
        raise MediaError(
            FailureCode.UNSUPPORTED_CODEC,
            "HE-AAC" if kind in (SBR, PS) else f"AAC of the object type {kind}, channel layout {channels}",
        )
    if bits.take(11) == EXTENSION and bits.take(5) == SBR and bits.take(1):
        raise MediaError(FailureCode.UNSUPPORTED_CODEC, "HE-AAC")
    return rate_hz, CHANNELS[channels]

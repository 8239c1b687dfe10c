"""A rendition as a CMAF track file: a header, then one `moof`+`mdat` for each segment (ISO/IEC 23000-19).

Pure: encoded frames in, bytes out. Decisions (docs/decisions/0021), each checked against FFmpeg's `cmaf+delay_moov`
output by the tests:

- *Timescale* is the sample rate, for the movie too, so that the edit list is exact to the sample.
- *Edit list*: `media_time` is the priming, `segment_duration` the exact number of samples of the master.
- *Full frame durations* for AAC and Opus, also of the last frame; the padding is in the descriptor. FLAC's last frame
  really is shorter, and says so.
- *Roll groups* for AAC and Opus: decoding starts one frame early, or 80 ms (`sgpd` in the header, `sbgp` in every
  fragment).
- *No `styp`*, no `sidx`: the descriptor lists the segments.
- Box versions are those with 64-bit times everywhere, so that a header's length is known before its values are.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from struct import pack

import msgspec

from ingest.cmaf import boxes
from origin.asset import Codec

TRACK_ID = 1
AAC_FRAME = 1024
OPUS_FRAME = 960
"""20 ms at 48 kHz, the usual length of a packet: shorter ones cost bandwidth, longer ones gain little."""
FLAC_FRAME = 4096
"""Within the streamable subset at every rate (RFC 9639, section 7), about a tenth of a second."""

MAX_ENTRY_RATE_HZ = 65_535
CODEC_STRINGS = {Codec.AAC: "mp4a.40.2", Codec.OPUS: "Opus", Codec.FLAC: "fLaC"}  # RFC 6381
FRAME_TICKS = {Codec.AAC: AAC_FRAME, Codec.OPUS: OPUS_FRAME, Codec.FLAC: FLAC_FRAME}
AAC_PREROLL = -1
PREROLLS = {Codec.AAC: AAC_PREROLL, Codec.OPUS: -4}
"""How many frames early decoding starts; for Opus 80 ms (Opus in ISOBMFF, section 4.3.6.2). FLAC starts anywhere."""


class Track(msgspec.Struct, frozen=True, kw_only=True):
    """What the header of a track file says."""

    codec: Codec
    sample_rate_hz: int
    channels: int
    bits_per_sample: int
    configuration: bytes
    """AAC: the AudioSpecificConfig. FLAC: the body of STREAMINFO. Opus: nothing that the other fields do not say."""
    priming_samples: int
    sample_count: int
    average_bandwidth_bps: int
    peak_bandwidth_bps: int

    @property
    def frame_ticks(self) -> int:
        return FRAME_TICKS[self.codec]


class Frame(msgspec.Struct, frozen=True, kw_only=True):
    """One encoded frame."""

    data: bytes
    duration_ticks: int


def header(track: Track) -> bytes:
    """`ftyp` and `moov`; as long for any `sample_count` and bandwidth as for any other."""
    roll = [boxes.roll_group(PREROLLS[track.codec])] if track.codec in PREROLLS else []
    rate = track.sample_rate_hz
    media = boxes.box(
        "mdia",
        boxes.mdhd(rate),
        boxes.hdlr(),
        boxes.box("minf", boxes.smhd(), boxes.dinf(), boxes.stbl(sample_entry(track), *roll)),
    )
    edits = boxes.box("edts", boxes.elst(track.priming_samples, track.sample_count))
    return boxes.ftyp("iso6", ("iso6", "cmfc", "mp41")) + boxes.box(
        "moov",
        boxes.mvhd(rate),
        boxes.box("trak", boxes.tkhd(TRACK_ID), edits, media),
        boxes.mvex(TRACK_ID, fragment_duration=track.sample_count, sample_duration=track.frame_ticks),
    )


def segment(track: Track, frames: Sequence[Frame], *, sequence_number: int, decode_time: int) -> bytes:
    """`moof` and `mdat` of one segment; `decode_time` is the ticks of all frames before it, priming included."""
    sizes = [len(frame.data) for frame in frames]
    durations = [frame.duration_ticks for frame in frames]
    plain = all(duration == track.frame_ticks for duration in durations)
    roll = [boxes.roll_members(len(frames))] if track.codec in PREROLLS else []

    def fragment(data_offset: int) -> bytes:
        return boxes.box(
            "moof",
            boxes.mfhd(sequence_number),
            boxes.box(
                "traf",
                boxes.tfhd(TRACK_ID, sample_duration=track.frame_ticks),
                boxes.tfdt(decode_time),
                boxes.trun(data_offset, sizes, None if plain else durations),
                *roll,
            ),
        )

    # The offset counts from the start of `moof` to the first byte in `mdat`, behind its length and type.
    to_data = len(fragment(0)) + 8
    return fragment(to_data) + boxes.box("mdat", *(frame.data for frame in frames))


def sample_entry(track: Track) -> bytes:
    """What a decoder is set up with; the same in a track file and in a progressive one."""
    kind, configure = SAMPLE_ENTRIES[track.codec]
    return boxes.audio_entry(
        kind,
        configure(track),
        channels=track.channels,
        bits=track.bits_per_sample,
        sample_rate_hz=entry_rate_hz(track.sample_rate_hz),
    )


def entry_rate_hz(sample_rate_hz: int) -> int:
    """The rate in the sample entry: the largest whole fraction of it that 16 bits can say (FLAC in ISOBMFF, 3.3.1)."""
    divisor = 1
    while sample_rate_hz % divisor or sample_rate_hz // divisor > MAX_ENTRY_RATE_HZ:
        divisor += 1
    return sample_rate_hz // divisor


def _esds(track: Track) -> bytes:
    """ISO/IEC 14496-14, 6.7.2, with the descriptors of 14496-1: MPEG-4 audio, an audio stream."""
    decoder = pack(">BBB", 0x40, 0x15, 0) + bytes(2)
    decoder += pack(">II", track.peak_bandwidth_bps, track.average_bandwidth_bps)
    decoder += _descriptor(0x05, track.configuration)
    stream = pack(">HB", TRACK_ID, 0) + _descriptor(0x04, decoder) + _descriptor(0x06, b"\x02")
    return boxes.full_box("esds", _descriptor(0x03, stream))


def _descriptor(tag: int, body: bytes) -> bytes:
    """A descriptor's length is one byte here: ours are short."""
    return pack(">BB", tag, len(body)) + body


def _dfla(track: Track) -> bytes:
    """FLAC in ISOBMFF, 3.3.2: the metadata blocks, of which STREAMINFO is the first and here the last."""
    return boxes.full_box("dfLa", pack(">I", 0x80 << 24 | len(track.configuration)), track.configuration)


def _dops(track: Track) -> bytes:
    """Opus in ISOBMFF, 4.3.2: version 0, no gain, mapping family 0 (mono or stereo)."""
    return boxes.box("dOps", pack(">BBHIhB", 0, track.channels, track.priming_samples, track.sample_rate_hz, 0, 0))


SAMPLE_ENTRIES: dict[Codec, tuple[str, Callable[[Track], bytes]]] = {
    Codec.AAC: ("mp4a", _esds),
    Codec.OPUS: ("Opus", _dops),
    Codec.FLAC: ("fLaC", _dfla),
}

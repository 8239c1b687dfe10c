"""Track files as ingest writes them, from a master in memory: its encoders, its segments and its boxes, described."""

import hashlib
from uuid import UUID

from ingest.cmaf.segmentation import frames_a_segment
from ingest.cmaf.track_file import Track, header, segment
from ingest.pcm import Floats, Integers
from ingest.stages.encode import AacEncoder, Encoder, FlacEncoder, OpusEncoder
from origin.asset import Codec, Rendition, block_digest
from tests import described
from tests.described import ASSET_ID
from tests.origin.recording import Recording

RATE = 48_000


def ingested(pcm: Integers, *codecs: Codec, asset_id: UUID = ASSET_ID) -> Recording:
    """An asset of 16-bit stereo at 48 kHz with a rendition a codec, each named after it."""
    made = [encoded(codec, pcm) for codec in codecs]
    asset = described.asset(*(rendition for rendition, _ in made), asset_id=asset_id)
    return Recording(asset, {rendition.name: content for rendition, content in made}, pcm)


def encoded(codec: Codec, pcm: Integers) -> tuple[Rendition, bytes]:
    """A track file and what the descriptor says of it."""
    encoder = encoder_of(codec)
    portion: Floats | Integers = pcm if codec is Codec.FLAC else pcm / 32768
    frames = [*encoder.encode(portion), *encoder.finish()]
    track = Track(
        codec=codec,
        sample_rate_hz=RATE,
        channels=2,
        bits_per_sample=16,
        configuration=encoder.configuration,
        priming_samples=encoder.priming_samples,
        sample_count=len(pcm),
        average_bandwidth_bps=160_000,
        peak_bandwidth_bps=160_000,
    )
    parts: list[bytes] = []
    ticks: list[int] = []
    first = 0
    for length in frames_a_segment(len(frames), track.frame_ticks, RATE):
        part = frames[first : first + length]
        parts.append(segment(track, part, sequence_number=len(parts) + 1, decode_time=sum(ticks)))
        first, ticks = first + length, [*ticks, sum(frame.duration_ticks for frame in part)]
    return rendition_of(track, parts, ticks), header(track) + b"".join(parts)


def rendition_of(track: Track, parts: list[bytes], ticks: list[int]) -> Rendition:
    return described.rendition(
        track.codec.value,
        ticks=tuple(ticks),
        sample_rate_hz=RATE,
        priming_samples=track.priming_samples,
        padding_samples=sum(ticks) - track.priming_samples - track.sample_count,
        header_byte_length=len(header(track)),
        header_sha256=block_digest(header(track)),
        segment_bytes=tuple(map(len, parts)),
        segment_sha256=tuple(map(block_digest, parts)),
        sha256=hashlib.sha256(header(track) + b"".join(parts)).hexdigest(),
    )


def encoder_of(codec: Codec) -> Encoder:
    match codec:
        case Codec.AAC:
            return AacEncoder(sample_rate_hz=RATE, channels=2, bandwidth_bps=160_000, coder="twoloop")
        case Codec.OPUS:
            return OpusEncoder(channels=2, bandwidth_bps=128_000)
        case _:
            return FlacEncoder(sample_rate_hz=RATE, channels=2, bits=16)

"""Assets that nobody encoded: legal records, of which a test says only what it is about.

Fields are given by the names that the records have. A name begins with its codec, as in the ladder (`aac-160`);
whatever begins otherwise is AAC. What a test does not give is a number without a meaning, and no bytes have a digest of
zeros.
"""

import hashlib
from itertools import starmap
from typing import Any
from uuid import UUID

from origin.asset import (
    WHOLE_FILE_PART_BYTES,
    Asset,
    Codec,
    Loudness,
    Master,
    Progressive,
    Rendition,
    Segment,
    block_digest,
)

ASSET_ID = UUID("0192f3a0-7c1e-7b4a-9d55-3f1c2b7a6e01")
REVISION = 3
LOUDNESS = Loudness(integrated_lufs=-14.0, true_peak_dbtp=-1.5)
NO_DIGEST = "0" * 32
CODEC_STRINGS = {Codec.AAC: "mp4a.40.2", Codec.OPUS: "Opus", Codec.FLAC: "fLaC"}
WHOLE_CODEC_STRINGS = {**CODEC_STRINGS, Codec.FLAC: "flac", Codec.MP3: "mp3", Codec.VORBIS: "vorbis"}
MEDIA_TYPES = {"m4a": "audio/mp4", "flac": "audio/flac", "mp3": "audio/mpeg", "ogg": "audio/ogg"}


def rendition(
    name: str = "aac-160",
    *,
    ticks: tuple[int, ...] = (44_100,),
    segment_bytes: tuple[int, ...] | None = None,
    segment_sha256: tuple[str, ...] | None = None,
    **fields: Any,
) -> Rendition:
    """A track file of one segment for each of `ticks`, heard but for its priming and its padding."""
    lengths = segment_bytes or tuple(1000 + index for index in range(len(ticks)))
    digests = segment_sha256 or (NO_DIGEST,) * len(ticks)
    given = {
        **sound(name, fields, CODEC_STRINGS),
        "peak_bandwidth_bps": 170_000,
        "header_byte_length": 700,
        "header_sha256": NO_DIGEST,
        "sha256": hashlib.sha256(name.encode()).hexdigest(),
        **fields,
    }
    unheard = given["priming_samples"] + given["padding_samples"]
    segments = tuple(starmap(Segment, zip(lengths, ticks, digests, strict=True)))
    return Rendition(sample_count=sum(ticks) - unheard, segments=segments, **given)


def whole_file(file_name: str = "mp3-320.mp3", content: bytes = b"a whole file", **fields: Any) -> Progressive:
    """A progressive file of this content, or of the length and the digests that are given."""
    name, extension = file_name.split(".")
    given = {
        **sound(name, fields, WHOLE_CODEC_STRINGS),
        "media_type": MEDIA_TYPES[extension],
        "sample_count": 441_000,
        "byte_length": len(content),
        "sha256": hashlib.sha256(content).hexdigest(),
        "part_sha256s": tuple(
            block_digest(content[start : start + WHOLE_FILE_PART_BYTES])
            for start in range(0, len(content), WHOLE_FILE_PART_BYTES)
        ),
        **fields,
    }
    return Progressive(extension=extension, **given)


def sound(name: str, fields: dict[str, Any], codec_strings: dict[Codec, str]) -> dict[str, Any]:
    """What both kinds of encodings say of what they hold."""
    family = name.partition("-")[0]
    codec = Codec(family) if family in {codec.value for codec in Codec} else Codec.AAC
    average_bps = fields.get("average_bandwidth_bps", 160_000)
    return {
        "name": name,
        "codec": codec,
        "codec_string": codec_strings[codec],
        "sample_rate_hz": 44_100,
        "channels": 2,
        "nominal_bandwidth_bps": average_bps,
        "average_bandwidth_bps": average_bps,
        "priming_samples": 0,
        "padding_samples": 0,
        "gain_db": 0.0,
        "loudness": LOUDNESS,
    }


def master(**fields: Any) -> Master:
    given = {
        "sample_rate_hz": 44_100,
        "channels": 2,
        "bits_per_sample": 16,
        "sample_count": 44_100,
        "loudness": LOUDNESS,
        "pcm_sha256": "0" * 64,
        **fields,
    }
    return Master(**given)


def asset(*renditions: Rendition, **fields: Any) -> Asset:
    """An asset of these renditions, whose master is as long as the first of them."""
    first = renditions[0]
    as_long = master(sample_rate_hz=first.sample_rate_hz, channels=first.channels, sample_count=first.sample_count)
    given = {"asset_id": ASSET_ID, "revision": REVISION, "title": "A Test", "master": as_long, **fields}
    return Asset(renditions=renditions, **given)

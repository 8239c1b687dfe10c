"""Recordings: a master in memory, encoded and fragmented by FFmpeg, with the asset that describes its track files."""

import hashlib
import io
import math
import struct
from collections.abc import Iterator
from fractions import Fraction
from itertools import pairwise
from typing import NamedTuple
from uuid import UUID

import av
import numpy as np

from origin import asset as contract
from origin import layout
from origin.asset import Asset, Rendition
from tests import described
from tests.described import ASSET_ID


class Recording(NamedTuple):
    """An asset and its track files by the renditions' names; `pcm` is the master, shape (samples, channels)."""

    asset: Asset
    files: dict[str, bytes]
    pcm: np.ndarray

    def segment(self, rendition: str, index: int) -> bytes:
        start, length = self.asset.rendition(rendition).byte_range(index)
        return self.files[rendition][start : start + length]

    def header(self, rendition: str) -> bytes:
        return self.files[rendition][: self.asset.rendition(rendition).header_byte_length]

    def objects(self) -> dict[str, bytes]:
        """What ingest would have stored, by key."""
        place = (self.asset.asset_id, self.asset.revision)
        stored = {layout.track_file_key(*place, name): content for name, content in self.files.items()}
        return {**stored, layout.descriptor_key(*place): contract.encode(self.asset)}


def recorded(pcm: np.ndarray, rate: int, names: tuple[str, ...], *, asset_id: UUID = ASSET_ID) -> Recording:
    """Encode the master into each of the renditions `names`, which say their codec and kbit/s."""
    files = {name: fragmented(pcm, rate, name) for name in names}
    renditions = [rendition_of(name, content, rate, len(pcm)) for name, content in files.items()]
    return Recording(asset=described.asset(*renditions, asset_id=asset_id), files=files, pcm=pcm)


class Encoding(NamedTuple):
    """What FFmpeg's encoder of a codec is called and does."""

    encoder: str
    sample_format: str
    frame_samples: int
    priming_samples: int


ENCODINGS = {
    "aac": Encoding("aac", "fltp", 1024, 1024),
    "opus": Encoding("libopus", "s16", 960, 312),
    "flac": Encoding("flac", "s16", 4608, 0),
}


def encoding_of(name: str) -> Encoding:
    return ENCODINGS[name.partition("-")[0]]


def fragmented(pcm: np.ndarray, rate: int, name: str) -> bytes:
    """Encode and mux by FFmpeg into a CMAF track file with a fragment about every 4 s."""
    encoding, kilobits = encoding_of(name), name.partition("-")[2]
    file = io.BytesIO()
    options = {"movflags": "cmaf+delay_moov+skip_trailer", "frag_duration": "4000000"}
    with av.open(file, "w", format="mp4", options=options) as container:
        stream = container.add_stream(encoding.encoder, rate=rate, layout="stereo")
        if kilobits:
            stream.bit_rate = int(kilobits) * 1000
        resampler = av.AudioResampler(
            format=encoding.sample_format, layout="stereo", rate=rate, frame_size=encoding.frame_samples
        )
        frame = av.AudioFrame.from_ndarray(np.ascontiguousarray(pcm.reshape(1, -1)), format="s16", layout="stereo")
        frame.sample_rate, frame.pts, frame.time_base = rate, 0, Fraction(1, rate)
        for piece in (*resampler.resample(frame), *resampler.resample(None)):
            container.mux(stream.encode(piece))
        container.mux(stream.encode(None))
    return file.getvalue()


def rendition_of(name: str, content: bytes, rate: int, sample_count: int) -> Rendition:
    """The descriptor's record of a track file, from its boxes."""
    moofs = [(start, body) for kind, start, body in boxes(content) if kind == b"moof"]
    starts = [start for start, _ in moofs]
    lengths = tuple(end - start for start, end in pairwise([*starts, len(content)]))
    ticks = tuple(moof_ticks(body) for _, body in moofs)
    encoding = encoding_of(name)
    densest = max(length * 8 * rate / duration for length, duration in zip(lengths, ticks, strict=True))
    return described.rendition(
        name,
        ticks=ticks,
        sample_rate_hz=rate,
        priming_samples=encoding.priming_samples,
        padding_samples=sum(ticks) - encoding.priming_samples - sample_count,
        peak_bandwidth_bps=math.ceil(densest),
        average_bandwidth_bps=math.ceil(sum(lengths) * 8 * rate / sum(ticks)),
        header_byte_length=starts[0],
        header_sha256=contract.block_digest(content[: starts[0]]),
        segment_bytes=lengths,
        segment_sha256=tuple(
            contract.block_digest(content[start : start + length])
            for start, length in zip(starts, lengths, strict=True)
        ),
        sha256=hashlib.sha256(content).hexdigest(),
    )


def boxes(data: bytes) -> Iterator[tuple[bytes, int, bytes]]:
    """The (type, start, body) of each ISO-BMFF box."""
    place = 0
    while place < len(data):
        size, kind = struct.unpack_from(">I4s", data, place)
        yield kind, place, data[place + 8 : place + size]
        place += size


def moof_ticks(moof: bytes) -> int:
    """The duration of a fragment: of its `trun`, with the default duration of its `tfhd`."""
    (traf,) = (body for kind, _, body in boxes(moof) if kind == b"traf")
    parts = {kind: body for kind, _, body in boxes(traf)}
    flags = struct.unpack_from(">I", parts[b"tfhd"])[0] & 0xFFFFFF
    skipped = 8 + 8 * bool(flags & 1) + 4 * bool(flags & 2)
    default = struct.unpack_from(">I", parts[b"tfhd"], skipped)[0] if flags & 8 else None
    flags, count = struct.unpack_from(">II", parts[b"trun"])
    flags &= 0xFFFFFF
    if not flags & 0x100:
        assert default is not None
        return default * count
    width = 4 * (flags & 0xF00).bit_count()
    first = 8 + 4 * bool(flags & 1) + 4 * bool(flags & 4)
    return sum(struct.unpack_from(">I", parts[b"trun"], first + width * index)[0] for index in range(count))

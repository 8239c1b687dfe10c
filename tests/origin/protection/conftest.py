"""A decrypter that was written from the standards and shares nothing with the origin, and tracks as they are stored."""

import struct
from collections.abc import Iterator
from types import SimpleNamespace
from typing import NamedTuple
from uuid import UUID

import numpy as np
import pytest
from cryptography.hazmat.primitives.ciphers import Cipher
from cryptography.hazmat.primitives.ciphers.algorithms import AES128
from cryptography.hazmat.primitives.ciphers.modes import CBC, CTR

from ingest.cmaf.segmentation import frames_a_segment
from ingest.cmaf.track_file import Track, header, segment
from ingest.stages.encode import AacEncoder, Encoder, FlacEncoder, OpusEncoder
from origin.asset import Codec
from origin.protection.keys import ContentKey

NESTS = {b"moov", b"trak", b"edts", b"mdia", b"minf", b"dinf", b"stbl", b"mvex", b"moof", b"traf", b"sinf", b"schi"}
FIXED_BYTES = {b"stsd": 8, b"dref": 8, b"enca": 28, b"mp4a": 28, b"Opus": 28, b"fLaC": 28}
"""Of boxes that hold boxes behind fields of their own: ISO/IEC 14496-12, 8.5.2, 8.7.2 and 12.2.3."""


class Box(NamedTuple):
    path: str
    start: int
    content: bytes


def walked(data: bytes, path: str = "", start: int = 0) -> Iterator[Box]:
    """Every box, a parent before its children; each length has to fit to the byte."""
    place = 0
    while place < len(data):
        length, kind = struct.unpack_from(">I4s", data, place)
        assert 8 <= length <= len(data) - place, (kind, length)
        content = data[place + 8 : place + length]
        here = f"{path}/{kind.decode()}".lstrip("/")
        yield Box(here, start + place, content)
        if kind in NESTS or kind in FIXED_BYTES:
            own = FIXED_BYTES.get(kind, 0)
            yield from walked(content[own:], here, start + place + 8 + own)
        place += length


def content_of(data: bytes, path: str) -> bytes:
    (found,) = [box.content for box in walked(data) if box.path == path]
    return found


class Encryption(NamedTuple):
    """What `tenc` or `seig` say (ISO/IEC 23001-7, 8.2 and 6)."""

    key_id: UUID
    vector_bytes: int
    constant_vector: bytes


def encryption(fields: bytes) -> Encryption:
    """From the byte with the pattern on."""
    pattern, protected, vector_bytes = fields[0], fields[1], fields[2]
    assert (pattern, protected) == (0, 1)
    rest = fields[19:]
    constant = rest[1 : 1 + rest[0]] if vector_bytes == 0 else b""
    assert len(rest) == (0 if vector_bytes else 1 + len(constant))
    return Encryption(UUID(bytes=fields[3:19]), vector_bytes, constant)


def decrypted_samples(header_bytes: bytes, segment_bytes: bytes, keys: dict[UUID, bytes]) -> list[bytes]:
    """The samples of a segment, by the header and the segment alone."""
    scheme = content_of(header_bytes, "moov/trak/mdia/minf/stbl/stsd/enca/sinf/schm")[4:8]
    told = encryption(content_of(header_bytes, "moov/trak/mdia/minf/stbl/stsd/enca/sinf/schi/tenc")[5:])
    encrypted = stored_samples(segment_bytes)
    told = group_encryption(segment_bytes, len(encrypted)) or told
    vectors = sample_vectors(segment_bytes, told)
    assert len(vectors) == len(encrypted)
    open_one = {b"cenc": by_counter, b"cbcs": by_chain}[scheme]
    return [open_one(data, keys[told.key_id], vector) for data, vector in zip(encrypted, vectors, strict=True)]


def group_encryption(segment_bytes: bytes, sample_count: int) -> Encryption | None:
    """The sample group of the segment's own, when it has one (ISO/IEC 14496-12, 8.9)."""
    contents = {
        box.path[-4:]: box.content
        for box in walked(segment_bytes)
        if box.path in ("moof/traf/sgpd", "moof/traf/sbgp") and box.content[4:8] == b"seig"
    }
    if not contents:
        return None
    described, members = contents["sgpd"], contents["sbgp"]
    version, length, count = described[0], *struct.unpack_from(">II", described, 8)
    assert (version, count, length) == (1, 1, len(described) - 16)
    assert struct.unpack_from(">III", members, 8) == (1, sample_count, 0x10001)
    return encryption(described[17:])


def sample_vectors(segment_bytes: bytes, told: Encryption) -> list[bytes]:
    """By `senc`, and by `saiz` and `saio` the same once more."""
    senc = content_of(segment_bytes, "moof/traf/senc")
    flags, count = struct.unpack_from(">II", senc)
    assert flags == 0
    width = told.vector_bytes
    assert len(senc) == 8 + width * count
    if not width:
        return [told.constant_vector] * count
    saiz, saio = content_of(segment_bytes, "moof/traf/saiz"), content_of(segment_bytes, "moof/traf/saio")
    assert struct.unpack(">IBI", saiz) == (0, width, count)
    version_and_flags, entries, offset = struct.unpack(">III", saio)
    assert (version_and_flags, entries) == (0, 1)
    (moof,) = [box.start for box in walked(segment_bytes) if box.path == "moof"]
    pointed_at = segment_bytes[moof + offset : moof + offset + width * count]
    assert pointed_at == senc[8:]
    return [pointed_at[place : place + width] for place in range(0, len(pointed_at), width)]


def by_counter(data: bytes, key: bytes, vector: bytes) -> bytes:
    return Cipher(AES128(key), CTR(vector.ljust(16, b"\0"))).decryptor().update(data)


def by_chain(data: bytes, key: bytes, vector: bytes) -> bytes:
    whole = len(data) // 16 * 16
    return Cipher(AES128(key), CBC(vector)).decryptor().update(data[:whole]) + data[whole:]


def stored_samples(segment_bytes: bytes) -> list[bytes]:
    """The samples as they lie, by `trun` (ISO/IEC 14496-12, 8.8.8)."""
    trun = content_of(segment_bytes, "moof/traf/trun")
    flags, count, offset = struct.unpack_from(">IIi", trun)
    assert flags & 0x201 == 0x201
    assert not flags & 0x4
    width = (flags & 0xF00).bit_count()
    rows = struct.unpack_from(f">{count * width}I", trun, 12)
    assert len(trun) == 12 + 4 * len(rows)
    (moof,) = [box.start for box in walked(segment_bytes) if box.path == "moof"]
    place, samples = moof + offset, []
    for size in rows[1 if flags & 0x100 else 0 :: width]:
        samples.append(segment_bytes[place : place + size])
        place += size
    assert place == len(segment_bytes)
    return samples


@pytest.fixture(scope="session")
def read() -> SimpleNamespace:
    """The functions above."""
    return SimpleNamespace(
        walked=walked, content_of=content_of, decrypted_samples=decrypted_samples, stored_samples=stored_samples
    )


class StoredTrack(NamedTuple):
    """A track file of ten seconds, taken apart."""

    header: bytes
    segments: list[bytes]


@pytest.fixture(scope="session")
def tracks() -> dict[Codec, StoredTrack]:
    """A tone in noise in each codec, as ingest stores it."""
    return {
        Codec.AAC: stored(
            Codec.AAC, AacEncoder(sample_rate_hz=44_100, channels=2, bandwidth_bps=160_000, coder="fast"), 44_100
        ),
        Codec.OPUS: stored(Codec.OPUS, OpusEncoder(channels=2, bandwidth_bps=96_000), 48_000),
        Codec.FLAC: stored(Codec.FLAC, FlacEncoder(sample_rate_hz=44_100, channels=2, bits=16), 44_100),
    }


def stored(codec: Codec, encoder: Encoder, rate: int) -> StoredTrack:
    count = 10 * rate + 123
    noise = 0.02 * np.random.default_rng(4).standard_normal(count)
    tone = 0.3 * np.sin(2 * np.pi * 220 * np.arange(count) / rate) + noise
    signal = np.stack([tone, 0.5 * tone], axis=1).astype(np.float32)
    if codec is Codec.FLAC:
        signal = np.round(signal * 32767).astype(np.int16)
    frames = [*encoder.encode(signal), *encoder.finish()]
    track = Track(
        codec=codec,
        sample_rate_hz=rate,
        channels=2,
        bits_per_sample=16,
        configuration=encoder.configuration,
        priming_samples=encoder.priming_samples,
        sample_count=count,
        average_bandwidth_bps=160_000,
        peak_bandwidth_bps=160_000,
    )
    segments, first, ticks = [], 0, 0
    for number, length in enumerate(frames_a_segment(len(frames), track.frame_ticks, rate), 1):
        part = frames[first : first + length]
        segments.append(segment(track, part, sequence_number=number, decode_time=ticks))
        first, ticks = first + length, ticks + sum(frame.duration_ticks for frame in part)
    return StoredTrack(header(track), segments)


@pytest.fixture(scope="session")
def content_keys() -> list[ContentKey]:
    """Two of them; the bytes are those of NIST SP 800-38A, appendix F, and of nothing secret."""
    return [
        ContentKey(
            key_id=UUID("5eb2d1c0-0000-4000-8000-000000000001"),
            key=bytes.fromhex("2b7e151628aed2a6abf7158809cf4f3c"),
            iv=bytes.fromhex("000102030405060708090a0b0c0d0e0f"),
        ),
        ContentKey(
            key_id=UUID("5eb2d1c0-0000-4000-8000-000000000002"),
            key=bytes.fromhex("f0f1f2f3f4f5f6f7f8f9fafbfcfdfeff"),
            iv=bytes.fromhex("f0f1f2f3f4f5f6f7f8f9fafbfcfdfe00"),
        ),
    ]

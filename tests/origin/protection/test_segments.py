"""Encrypted segments: FFmpeg decrypts them, and so does a decrypter that was written from the standards."""

import io
import struct

import av
import numpy as np
import pytest
from cryptography.hazmat.primitives.ciphers import Cipher
from cryptography.hazmat.primitives.ciphers.algorithms import AES128
from cryptography.hazmat.primitives.ciphers.modes import CBC
from cryptography.hazmat.primitives.padding import PKCS7
from hypothesis import given
from hypothesis import strategies as st

from origin.asset import Codec
from origin.errors import DamagedAsset
from origin.protection.headers import protect_header
from origin.protection.scheme import Scheme
from origin.protection.segments import first_vector, protect_segment

COMMON = [Scheme.CBCS, Scheme.CENC]
CODECS = [Codec.AAC, Codec.OPUS, Codec.FLAC]


def protected(segment, scheme, key, *, header_key=None, index=0, rendition=0) -> bytes:
    return protect_segment(
        segment,
        scheme=scheme,
        key=key,
        header_key=header_key or key,
        first_iv=first_vector(rendition_number=rendition, index=index),
    )


def decoded(data: bytes, **options: str) -> np.ndarray:
    with av.open(io.BytesIO(data), options=options) as container:
        return np.concatenate([frame.to_ndarray().reshape(-1) for frame in container.decode(audio=0)])


@pytest.mark.parametrize("scheme", COMMON)
@pytest.mark.parametrize("codec", CODECS)
def test_ffmpeg_decrypts_to_the_very_samples(tracks, content_keys, scheme, codec) -> None:
    header, segments = tracks[codec]
    key = content_keys[0]
    file = protect_header(header, scheme=scheme, key=key, pssh=[]) + b"".join(
        protected(segment, scheme, key, index=index) for index, segment in enumerate(segments)
    )
    heard = decoded(file, decryption_key=key.key.hex())
    assert np.array_equal(heard, decoded(header + b"".join(segments)))


@pytest.mark.parametrize("scheme", COMMON)
@pytest.mark.parametrize("codec", CODECS)
def test_own_decrypter_finds_the_stored_samples(tracks, content_keys, read, scheme, codec) -> None:
    first, second = content_keys
    keys = {key.key_id: key.key for key in content_keys}
    header = protect_header(tracks[codec].header, scheme=scheme, key=first, pssh=[])
    for index, segment in enumerate(tracks[codec].segments):
        for key in (first, second):
            out = protected(segment, scheme, key, header_key=first, index=index)
            assert read.decrypted_samples(header, out, keys) == read.stored_samples(segment)


@pytest.mark.parametrize("scheme", COMMON)
@pytest.mark.parametrize("codec", CODECS)
def test_key_of_another_period_opens_nothing(tracks, content_keys, read, scheme, codec) -> None:
    first, second = content_keys
    header = protect_header(tracks[codec].header, scheme=scheme, key=first, pssh=[])
    segment = tracks[codec].segments[0]
    out = protected(segment, scheme, second, header_key=first)
    swapped = {first.key_id: second.key, second.key_id: first.key}
    opened = read.decrypted_samples(header, out, swapped)
    assert not set(opened) & set(read.stored_samples(segment))


@pytest.mark.parametrize("scheme", COMMON)
def test_other_period_is_played_by_ffmpeg_under_its_own_key(tracks, content_keys, scheme) -> None:
    # FFmpeg knows no `seig`: it takes the key of the header, which is made that of the period here.
    first, second = content_keys
    header, segments = tracks[Codec.AAC]
    parts = [protected(part, scheme, second, header_key=first, index=i) for i, part in enumerate(segments)]
    file = protect_header(header, scheme=scheme, key=second, pssh=[]) + b"".join(parts)
    assert np.array_equal(decoded(file, decryption_key=second.key.hex()), decoded(header + b"".join(segments)))


@pytest.mark.parametrize(
    ("scheme", "own_key", "added"),
    [
        pytest.param(Scheme.CBCS, False, ["senc"], id="cbcs"),
        pytest.param(Scheme.CENC, False, ["saiz", "saio", "senc"], id="cenc"),
        pytest.param(Scheme.CBCS, True, ["sbgp", "sgpd", "senc"], id="cbcs in a later period"),
        pytest.param(Scheme.CENC, True, ["sbgp", "sgpd", "saiz", "saio", "senc"], id="cenc in a later period"),
    ],
)
def test_only_these_boxes_are_added(tracks, content_keys, read, scheme, own_key, added) -> None:  # noqa: PLR0917 -- fixtures and parameters
    segment = tracks[Codec.AAC].segments[1]
    out = protected(segment, scheme, content_keys[own_key], header_key=content_keys[0])
    stored = [box.path for box in read.walked(segment)]
    mdat = stored.index("mdat")
    assert [box.path for box in read.walked(out)] == [
        *stored[:mdat],
        *(f"moof/traf/{kind}" for kind in added),
        "mdat",
    ]
    changed = {"moof", "moof/traf", "moof/traf/trun", "mdat"}
    kept = [(box.path, box.content) for box in read.walked(segment) if box.path not in changed]
    found = [(box.path, box.content) for box in read.walked(out)]
    assert [entry for entry in found if entry in kept] == kept


@pytest.mark.parametrize(
    ("scheme", "described"),
    [
        pytest.param(
            Scheme.CBCS,
            "010000007365696700000025000000010000010"
            "05eb2d1c000004000800000000000000110000102030405060708090a0b0c0d0e0f",
            id="cbcs",
        ),
        pytest.param(
            Scheme.CENC, "01000000736569670000001400000001000001085eb2d1c0000040008000000000000001", id="cenc"
        ),
    ],
)
def test_sample_group_is_the_one_of_shaka_packager(tracks, content_keys, read, scheme, described) -> None:
    # shaka-packager 3.4.2 with --enable_raw_key_encryption, --crypto_period_duration 3 and the same key.
    first, second = content_keys
    segment = tracks[Codec.FLAC].segments[1]
    out = protected(segment, scheme, first, header_key=second)
    count = len(read.stored_samples(segment))
    assert read.content_of(out, "moof/traf/sgpd").hex() == described
    assert read.content_of(out, "moof/traf/sbgp").hex() == f"000000007365696700000001{count:08x}00010001"


@pytest.mark.parametrize("codec", CODECS)
def test_whole_segment_is_decrypted_by_anyone_with_key_and_vector(tracks, content_keys, codec) -> None:
    key = content_keys[1]
    for segment in tracks[codec].segments:
        out = protected(segment, Scheme.AES_128, key, header_key=content_keys[0])
        assert len(out) == (len(segment) // 16 + 1) * 16
        padded = Cipher(AES128(key.key), CBC(key.iv)).decryptor().update(out)
        remover = PKCS7(128).unpadder()
        assert remover.update(padded) + remover.finalize() == segment


def test_no_counter_of_an_asset_is_used_twice() -> None:
    largest_index, largest_sample = (1 << 24) - 1, (1 << 24) - 1
    corners = [
        first_vector(rendition_number=rendition, index=index) + sample
        for rendition in (0, 1, 65_535)
        for index in (0, 1, largest_index)
        for sample in (0, 1, largest_sample)
    ]
    assert len(set(corners)) == len(corners)
    assert max(corners) == (1 << 64) - 1


def test_vectors_count_through_the_segment(tracks, content_keys, read) -> None:
    segment = tracks[Codec.OPUS].segments[1]
    out = protected(segment, Scheme.CENC, content_keys[0], index=5, rendition=3)
    senc = read.content_of(out, "moof/traf/senc")
    count = len(read.stored_samples(segment))
    assert struct.unpack(f">{count}Q", senc[8:]) == tuple((3 << 48) + (5 << 24) + n for n in range(count))


@pytest.mark.parametrize("scheme", Scheme)
def test_same_bytes_each_time(tracks, content_keys, scheme) -> None:
    segment = tracks[Codec.AAC].segments[1]
    once, again = (protected(segment, scheme, content_keys[0], index=1) for _ in range(2))
    assert once == again


@pytest.mark.parametrize("scheme", COMMON)
def test_damaged_segment_is_told_and_not_guessed_at(tracks, content_keys, scheme) -> None:
    segment = tracks[Codec.AAC].segments[1]
    for cut in (0, 1, 7, 8, 100, len(segment) - 1):
        with pytest.raises(DamagedAsset):
            protected(segment[:cut], scheme, content_keys[0])
    with pytest.raises(DamagedAsset):
        protected(segment + b"\0", scheme, content_keys[0])
    with pytest.raises(DamagedAsset):
        protected(segment + segment, scheme, content_keys[0])


@given(data=st.data())
def test_any_bytes_are_a_segment_or_our_error(tracks, content_keys, data) -> None:
    segment = bytearray(tracks[Codec.FLAC].segments[0])
    head = len(segment) - len(bytes(segment).partition(b"mdat")[2])
    for _ in range(data.draw(st.integers(1, 4))):
        segment[data.draw(st.integers(0, head - 1))] = data.draw(st.integers(0, 255))
    for scheme in COMMON:
        try:
            out = protected(bytes(segment), scheme, content_keys[0])
        except DamagedAsset:
            continue
        assert len(out) > len(segment)


def built(tfhd: bytes, trun: bytes, samples: bytes) -> bytes:
    """A segment around these two boxes' contents, in which the data offset is left to be set."""

    def box(kind: bytes, content: bytes) -> bytes:
        return struct.pack(">I4s", 8 + len(content), kind) + content

    def moof(offset: int) -> bytes:
        head, rest = trun[:8], trun[8:]
        run = box(b"trun", head + struct.pack(">I", offset) + rest)
        return box(b"moof", box(b"mfhd", bytes(8)) + box(b"traf", box(b"tfhd", tfhd) + run))

    return moof(len(moof(0)) + 8) + box(b"mdat", samples)


@pytest.mark.parametrize(
    ("tfhd", "trun"),
    [
        pytest.param(struct.pack(">III", 0x20010, 1, 33), struct.pack(">II", 0x1, 2), id="one size for all"),
        pytest.param(
            struct.pack(">IIQIII", 0x1B, 1, 0, 1, 1024, 33), struct.pack(">II", 0x1, 2), id="behind other defaults"
        ),
        pytest.param(
            struct.pack(">II", 0x20000, 1), struct.pack(">7I", 0x305, 2, 0, 1024, 20, 1024, 46), id="after first flags"
        ),
        pytest.param(
            struct.pack(">II", 0x20000, 1),
            struct.pack(">10I", 0xF01, 2, 1024, 20, 0, 0, 1024, 46, 0, 0),
            id="among all columns",
        ),
    ],
)
def test_sizes_are_found_wherever_the_format_has_them(content_keys, tfhd, trun) -> None:
    key = content_keys[0]
    samples = bytes(range(66))
    sizes = (33, 33) if not struct.unpack_from(">I", trun)[0] & 0x200 else (20, 46)
    out = protected(built(tfhd, trun, samples), Scheme.CBCS, key)
    expected = b""
    for sample in (samples[: sizes[0]], samples[sizes[0] :]):
        whole = len(sample) // 16 * 16
        expected += Cipher(AES128(key.key), CBC(key.iv)).encryptor().update(sample[:whole]) + sample[whole:]
    assert out.endswith(expected)


@pytest.mark.parametrize("scheme", COMMON)
def test_segment_without_samples_is_damaged(content_keys, scheme) -> None:
    empty = built(struct.pack(">II", 0x20000, 1), struct.pack(">II", 0x201, 0), b"")
    with pytest.raises(DamagedAsset, match="without samples"):
        protected(empty, scheme, content_keys[0])


def test_sample_shorter_than_a_block_stays_clear_in_cbcs(content_keys) -> None:
    tfhd, trun = struct.pack(">II", 0x20000, 1), struct.pack(">4I", 0x201, 2, 5, 15)
    samples = bytes(range(20))
    assert protected(built(tfhd, trun, samples), Scheme.CBCS, content_keys[0]).endswith(samples)
    assert not protected(built(tfhd, trun, samples), Scheme.CENC, content_keys[0]).endswith(samples[-4:])

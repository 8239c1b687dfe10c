"""Encrypted segments: a stored one and a key in, the same bytes out on every node.

Rules:

- cenc: vectors of 8 bytes that say which sample of which segment of which rendition they are for. AES-CTR breaks when a
  counter is used twice under one key (NIST SP 800-38A, appendix B), and so none is, by construction. They need not be
  hard to guess.
- cenc: `senc` holds the vectors, and `saiz` and `saio` point at them, since a reader may know only one of the two ways
  (ISO/IEC 23001-7, 7.1 and 7.2).
- cbcs: there is nothing to hold, and an empty `senc` says so, for players that look for it (Apple's rule 1.39).
- A segment of a later crypto period names its key in a sample group of its own, `seig` (section 6).
- Samples keep their sizes and their order, and boxes of the stored segment stay as they are but for lengths.
"""

from __future__ import annotations

from collections.abc import Callable
from struct import pack

from origin.protection.boxes import HEAD_BYTES, full_box
from origin.protection.ciphers import chain_blocks, chain_whole, count_over
from origin.protection.fragments import Fragment, fragment
from origin.protection.headers import SAMPLE_IV_BYTES, encryption_fields
from origin.protection.keys import ContentKey
from origin.protection.scheme import Scheme

FORMAT = 1
"""Counts up when the same segment and key make other bytes; a part of every ETag of protected media."""

INDEX_BITS, SAMPLE_BITS = 24, 24
"""Of a vector's 64 bits; they leave 16 for renditions. 16 million segments are two years of audio."""

OWN_GROUP = 0x1_0001
"""The first group that the fragment itself describes (ISO/IEC 14496-12, 8.9.4)."""

FULL_BOX_BYTES = HEAD_BYTES + 4


def protect_segment(segment: bytes, *, scheme: Scheme, key: ContentKey, header_key: ContentKey, first_iv: int) -> bytes:
    """Encrypt a segment with `key`; `header_key` is what its header names.

    `first_iv` is what `first_vector` gives. Raises DamagedAsset when the segment is not one `moof` with its `mdat`.
    """
    return PROTECT[scheme](segment, key, header_key, first_iv)


def first_vector(*, rendition_number: int, index: int) -> int:
    """The vector of the first sample of a segment; `rendition_number` is the place in the descriptor."""
    return rendition_number << INDEX_BITS + SAMPLE_BITS | index << SAMPLE_BITS


def _whole(segment: bytes, key: ContentKey, _header_key: ContentKey, _first_iv: int) -> bytes:
    return chain_whole(segment, key=key.key, iv=key.iv)


def _cbcs(segment: bytes, key: ContentKey, header_key: ContentKey, _first_iv: int) -> bytes:
    found = fragment(segment)
    group = _group(found, Scheme.CBCS, key) if key != header_key else b""
    head = found.head_with(segment, group + full_box(b"senc", pack(">I", len(found.sizes))))
    return bytes(head) + chain_blocks(segment[found.data :], found.sizes, key=key.key, iv=key.iv)


def _cenc(segment: bytes, key: ContentKey, header_key: ContentKey, first_iv: int) -> bytes:
    found = fragment(segment)
    group = _group(found, Scheme.CENC, key) if key != header_key else b""
    head = found.head_with(segment, group + _auxiliary(found, first_iv, before=len(group)))
    return bytes(head) + count_over(segment[found.data :], found.sizes, key=key.key, first_iv=first_iv)


def _auxiliary(found: Fragment, first_iv: int, *, before: int) -> bytes:
    """`saiz`, `saio` and `senc`; `before` is what is added to `traf` ahead of them."""
    count = len(found.sizes)
    sizes = full_box(b"saiz", pack(">BI", SAMPLE_IV_BYTES, count))
    vectors = pack(f">{count}Q", *range(first_iv, first_iv + count))
    senc = full_box(b"senc", pack(">I", count), vectors)
    offsets_bytes = FULL_BOX_BYTES + 8
    # Counted from the start of `moof` to the first vector, behind the fields of `senc`.
    to_vectors = found.traf_end - found.moof + before + len(sizes) + offsets_bytes + FULL_BOX_BYTES + 4
    return sizes + full_box(b"saio", pack(">II", 1, to_vectors)) + senc


def _group(found: Fragment, scheme: Scheme, key: ContentKey) -> bytes:
    """`sbgp` and `sgpd`: all samples of the fragment are encrypted with `key` (ISO/IEC 23001-7, 6)."""
    entry = bytes(2) + encryption_fields(scheme, key)
    description = full_box(b"sgpd", b"seig", pack(">II", len(entry), 1), entry, version=1)
    members = full_box(b"sbgp", b"seig", pack(">III", 1, len(found.sizes), OWN_GROUP))
    return members + description


PROTECT: dict[Scheme, Callable[[bytes, ContentKey, ContentKey, int], bytes]] = {
    Scheme.AES_128: _whole,
    Scheme.CBCS: _cbcs,
    Scheme.CENC: _cenc,
}

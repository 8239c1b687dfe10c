"""Protected headers and segments of an asset: stored bytes and a keyring in, the bytes that leave and their ETag out.

The ETag follows from the digest of what is stored, the key and the scheme, and not from the encrypted bytes: it is
known before they are made, and all nodes say the same.
"""

from __future__ import annotations

import hashlib

from origin.asset import Asset, Rendition
from origin.protection.headers import protect_header
from origin.protection.keys import ContentKey, Keyring
from origin.protection.segments import FORMAT, first_vector, protect_segment

ETAG_DIGITS = 32
"""128 bits, as clear media have."""


def encrypted_header(header: bytes, keyring: Keyring) -> bytes:
    """The header of any rendition, with the first crypto period's key. Raises DamagedAsset."""
    return protect_header(header, scheme=keyring.scheme, key=keyring.keys[0], pssh=keyring.pssh)


def encrypted_segment(segment: bytes, asset: Asset, rendition: Rendition, index: int, keyring: Keyring) -> bytes:
    """Segment `index` of the rendition. Raises DamagedAsset."""
    return protect_segment(
        segment,
        scheme=keyring.scheme,
        key=keyring.key_of(index),
        header_key=keyring.keys[0],
        first_iv=first_vector(rendition_number=asset.renditions.index(rendition), index=index),
    )


def header_etag(rendition: Rendition, keyring: Keyring) -> str:
    """Strong, with its quotes. The boxes of the key systems are in the header, so their digest is in the ETag."""
    systems = hashlib.sha256(b"".join(keyring.pssh)).hexdigest()
    return _etag(rendition.header_sha256, "header", systems, keyring, keyring.keys[0])


def segment_etag(rendition: Rendition, index: int, keyring: Keyring) -> str:
    """Strong, with its quotes."""
    return _etag(rendition.segments[index].sha256, rendition.name, str(index), keyring, keyring.key_of(index))


def _etag(stored: str, part: str, place: str, keyring: Keyring, key: ContentKey) -> str:
    facts = "/".join((stored, part, place, keyring.scheme.value, key.key_id.hex, key.iv.hex(), str(FORMAT)))
    return f'"{hashlib.sha256(facts.encode()).hexdigest()[:ETAG_DIGITS]}"'

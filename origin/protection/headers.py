"""The header of an encrypted track: the stored one with its sample entry wrapped (ISO/IEC 23001-7 and 14496-12, 8.12).

The sample entry becomes `enca` and says at its end what it was (`frma`), how it is encrypted (`schm`) and with which
key by default (`tenc`). `pssh` boxes follow at the end of `moov`. Everything else stays byte for byte.

What the audio of each scheme has to say:

- *cenc*: whole samples in AES-CTR, an initialisation vector of 8 bytes for each sample (section 9.5; 8 bytes leave the
  other half of the counter to the blocks of a sample).
- *cbcs*: whole blocks of whole samples in AES-CBC, with the pattern 0:0, which is of tracks that are not video, and one
  constant vector (section 10.4.2). So no byte is spent on vectors.
"""

from __future__ import annotations

from collections.abc import Sequence
from struct import pack

from origin.errors import DamagedAsset
from origin.protection.boxes import box, boxes, changed, full_box
from origin.protection.keys import ContentKey
from origin.protection.scheme import Scheme

SCHEME_VERSION = 0x0001_0000
"""Version 1.0 of every scheme of Common Encryption (section 4.1)."""

SAMPLE_IV_BYTES = 8
SAMPLE_ENTRIES = ("moov", "trak", "mdia", "minf", "stbl", "stsd")


def protect_header(header: bytes, *, scheme: Scheme, key: ContentKey, pssh: Sequence[bytes]) -> bytes:
    """The header for segments that `scheme` encrypts; `key` is that of the first crypto period.

    AES-128 leaves it as it is stored: EXT-X-KEY stands behind EXT-X-MAP. Raises DamagedAsset.
    """
    if not scheme.keeps_boxes:
        return header
    wrapped = changed(header, [kind.encode() for kind in SAMPLE_ENTRIES], lambda entry: _wrapped(entry, scheme, key))
    return changed(wrapped, [b"moov"], lambda content: content + b"".join(pssh))


def encryption_fields(scheme: Scheme, key: ContentKey) -> bytes:
    """What `tenc` and `seig` both end with: protected, the length of a sample's vector, the key, a constant vector."""
    if scheme is Scheme.CENC:
        return pack(">BB", 1, SAMPLE_IV_BYTES) + key.key_id.bytes
    return pack(">BB", 1, 0) + key.key_id.bytes + pack(">B", len(key.iv)) + key.iv


def _wrapped(entry: bytes, scheme: Scheme, key: ContentKey) -> bytes:
    found = list(boxes(entry))
    if len(found) != 1:
        raise DamagedAsset(f"{len(found)} sample entries where one belongs")
    protection = box(
        b"sinf",
        box(b"frma", found[0].kind),
        full_box(b"schm", pack(">4sI", scheme.value.encode(), SCHEME_VERSION)),
        box(b"schi", _tenc(scheme, key)),
    )
    return box(b"enca", entry[found[0].body :], protection)


def _tenc(scheme: Scheme, key: ContentKey) -> bytes:
    """8.2; version 1 has the pattern in its second byte, version 0 nothing: both are 0 here."""
    version = 1 if scheme is Scheme.CBCS else 0
    return full_box(b"tenc", bytes(2), encryption_fields(scheme, key), version=version)

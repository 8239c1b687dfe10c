"""The built-in key provider: every key follows from one master secret, and nothing has to be stored.

A key, its id and its IV are the output of HKDF-SHA256 (RFC 5869) for the content and the crypto period, so all nodes
that know the secret agree without talking. The id follows from the secret too: another secret makes other ETags, and
no cache mixes segments of two secrets up.

The secret is for good: whoever changes it has to purge what caches hold of protected media, whose addresses stay.
"""

from __future__ import annotations

from typing import final
from uuid import UUID

from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from origin.protection import clear_key
from origin.protection.keys import IV_BYTES, KEY_BYTES, Content, ContentKey, Keyring
from origin.protection.pssh import common_pssh

SALT = b"segue content keys 1"
"""Parts these keys from whatever else may once be derived from the same secret."""

MIN_SECRET_BYTES = 32
KEY_ID_BYTES = 16


@final
class DerivedKeys:
    """Keys derived from `secret`, which the origin itself discloses."""

    def __init__(self, secret: bytes) -> None:
        if len(secret) < MIN_SECRET_BYTES:
            raise ValueError(f"a content key secret has at least {MIN_SECRET_BYTES} bytes")
        self._secret = secret

    async def keyring(self, content: Content) -> Keyring:
        """The keys of any content, in any scheme."""
        keys = tuple(derived_key(self._secret, content, period) for period in range(content.period_count))
        boxes = (common_pssh([key.key_id for key in keys]),) if content.scheme.keeps_boxes else ()
        return Keyring(keys=keys, pssh=boxes, signalling=clear_key.signalling(content, keys), disclosed=True)


def derived_key(secret: bytes, content: Content, period: int) -> ContentKey:
    """The key of one crypto period. The parts of `info` cannot run into each other: each has its separator."""
    info = f"{content.asset_id}/{content.revision}/{content.scheme.value}/{period}"
    kdf = HKDF(algorithm=SHA256(), length=KEY_BYTES + IV_BYTES + KEY_ID_BYTES, salt=SALT, info=info.encode())
    made = kdf.derive(secret)
    return ContentKey(
        key=made[:KEY_BYTES],
        iv=made[KEY_BYTES : KEY_BYTES + IV_BYTES],
        key_id=UUID(bytes=made[KEY_BYTES + IV_BYTES :]),
    )

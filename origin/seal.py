"""The seal: JSON that carries the SHA-256 of its own bytes, so that a single bit that changed is noticed.

A sealed record is an object of two members, the digest and, under the name of what it is, the record as it was written.
The digest is of just these bytes: nothing has to be encoded again to check it.
"""

from __future__ import annotations

import hashlib

import msgspec


class BrokenSeal(ValueError):
    """These are not the bytes that were sealed; write the record again."""


def seal(name: str, content: bytes) -> bytes:
    """Wrap a record, which is JSON already; the same bytes for the same content."""
    return msgspec.json.encode({"sha256": hashlib.sha256(content).hexdigest(), name: msgspec.Raw(content)})


def unseal(name: str, data: bytes) -> msgspec.Raw:
    """Return the record as it was sealed. Raises BrokenSeal."""
    try:
        members = msgspec.json.decode(data, type=dict[str, msgspec.Raw])
        digest = msgspec.json.decode(members["sha256"], type=str)
        content = members[name]
    except (msgspec.DecodeError, UnicodeDecodeError, KeyError) as error:
        raise BrokenSeal(f"not sealed: {error}") from error
    if hashlib.sha256(content).hexdigest() != digest:
        raise BrokenSeal("its digest is another")
    return content

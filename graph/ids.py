"""Global ids: `Type:uuid` in URL-safe base64, opaque to clients (Relay, Global Object Identification).

A text that is no id, or is the id of another type, is never an error of the server: :func:`find` answers None, which a
query turns into null, and :func:`require` raises a refusal, which a mutation turns into a `userErrors` entry.
"""

from __future__ import annotations

import base64
import binascii
from uuid import UUID

from graph.errors import ProblemCode, refused

MAX_LENGTH = 128  # the longest id that we make has 80 characters; more is not worth decoding


def encode(type_name: str, key: UUID) -> str:
    # Of letters, digits, colons and dashes base64 never makes one of the two signs that URLs have in another form.
    return binascii.b2a_base64(f"{type_name}:{key!s}".encode(), newline=False).decode().rstrip("=")


def decode(text: str) -> tuple[str, UUID] | None:
    """Read an id as (type name, key); None for everything that :func:`encode` does not write."""
    if len(text) > MAX_LENGTH:
        return None
    try:
        padded = text.encode("ascii") + b"=" * (-len(text) % 4)
        type_name, _, key = base64.b64decode(padded, altchars=b"-_", validate=True).decode().partition(":")
        found = type_name, UUID(key)
    except ValueError:
        return None
    return found if encode(*found) == text else None


def find(type_name: str, text: str) -> UUID | None:
    """The key in an id of this type; None when it is not one."""
    found = decode(text)
    return found[1] if found is not None and found[0] == type_name else None


def require(type_name: str, text: str, *, field: str) -> UUID:
    """The key in an id that an input's `field` holds. Raises Refused."""
    key = find(type_name, text)
    if key is None:
        raise refused(ProblemCode.NOT_FOUND, field)
    return key

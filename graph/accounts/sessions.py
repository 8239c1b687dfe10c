"""Refresh tokens: random, stored as SHA-256 only, used once.

A sign-in opens a family. Each refresh uses one token up and issues the next of its family; a token that is presented
a second time was copied, by whoever, and revokes the whole family (RFC 9700, 4.14.2). A lost answer to a refresh
looks the same from here, so such a client signs in again.

Pure: the random bytes, the time and the stored row are arguments.
"""

from __future__ import annotations

import base64
import hashlib
from datetime import datetime
from enum import Enum
from uuid import UUID

import msgspec

TOKEN_BYTES = 32


class Stored(msgspec.Struct, frozen=True, kw_only=True):
    """What the database knows of a presented token."""

    family_id: UUID
    expires_at: datetime
    used_at: datetime | None
    revoked_at: datetime | None


class Verdict(Enum):
    """What to do with a presented token."""

    ROTATE = "rotate"
    REVOKE_FAMILY = "revoke_family"
    REFUSE = "refuse"


def token_of(random: bytes) -> str:
    """The text of a token that a client gets; 43 characters for 32 bytes."""
    return base64.urlsafe_b64encode(random).decode().rstrip("=")


def digest(token: str) -> bytes:
    """What is stored of a token. It is as random as its digest is long, so it needs neither salt nor stretching."""
    return hashlib.sha256(token.encode()).digest()


def judge(stored: Stored, *, now: datetime) -> Verdict:
    """Decide on a presented token. A used one betrays a copy also when it has expired since."""
    if stored.revoked_at is not None:
        return Verdict.REFUSE
    if stored.used_at is not None:
        return Verdict.REVOKE_FAMILY
    return Verdict.ROTATE if stored.expires_at > now else Verdict.REFUSE

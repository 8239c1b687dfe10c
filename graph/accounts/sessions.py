"""Refresh tokens: unguessable, stored as SHA-256 only, used once.

A sign-in opens a family. Each refresh uses one token up and issues the next of its family; a token that is presented
a second time was copied, by whoever, and revokes the whole family (RFC 9700, 4.14.2).

Two tabs of a browser that wake up together present one token twice, and so does a client whose answer was lost. For
:data:`GRACE` a used token is answered with the successor that it has already, as long as nobody went on from that: both
hold the same token then, so a thief gains no session that would outlive the other's next refresh. The successor follows
from the token and a secret of ours, because it is not stored as a text that could be answered again.

Pure: the random bytes, the secret, the time and the stored row are arguments.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
from datetime import datetime, timedelta
from enum import Enum
from uuid import UUID

import msgspec

TOKEN_BYTES = 32
GRACE = timedelta(seconds=10)
"""As long as a request and its repetition take on a bad line; a copy that is used later is noticed."""


class Stored(msgspec.Struct, frozen=True, kw_only=True):
    """What the database knows of a presented token."""

    family_id: UUID
    expires_at: datetime
    used_at: datetime | None
    revoked_at: datetime | None


class Verdict(Enum):
    """What to do with a presented token."""

    ROTATE = "rotate"
    REPEAT = "repeat"
    REVOKE_FAMILY = "revoke_family"
    REFUSE = "refuse"


def token_of(random: bytes) -> str:
    """The text of a token that a client gets; 43 characters for 32 bytes."""
    return base64.urlsafe_b64encode(random).decode().rstrip("=")


def successor(token: str, *, secret: bytes) -> str:
    """The token that a refresh of this one issues, whenever it is asked for."""
    return token_of(hmac.digest(secret, token.encode(), "sha256"))


def digest(token: str) -> bytes:
    """What is stored of a token. It is as random as its digest is long, so it needs neither salt nor stretching."""
    return hashlib.sha256(token.encode()).digest()


def judge(stored: Stored, *, now: datetime) -> Verdict:
    """Decide on a presented token. A used one betrays a copy also when it has expired since."""
    if stored.revoked_at is not None:
        return Verdict.REFUSE
    if stored.used_at is not None:
        return Verdict.REPEAT if now - stored.used_at < GRACE else Verdict.REVOKE_FAMILY
    return Verdict.ROTATE if stored.expires_at > now else Verdict.REFUSE

"""Who asks: the signed-in user of one request or socket, and what a role may do.

Not here: where the viewer comes from (`graph.accounts.tokens` reads the token, `graph.context` the request).
"""

from __future__ import annotations

from enum import Enum
from uuid import UUID

import msgspec


class Role(Enum):
    """What a user is on the platform; artists and labels may also listen, an admin may do everything."""

    LISTENER = "listener"
    ARTIST = "artist"
    LABEL = "label"
    ADMIN = "admin"


class Viewer(msgspec.Struct, frozen=True, kw_only=True):
    """The signed-in user, as the access token tells."""

    user_id: UUID
    role: Role
    token_expires_at_s: int
    market: str | None = None
    """The country that the account has chosen (ISO 3166-1, alpha-2)."""

    @property
    def is_admin(self) -> bool:
        return self.role is Role.ADMIN

    @property
    def may_publish(self) -> bool:
        return self.role in (Role.ARTIST, Role.LABEL, Role.ADMIN)

    def may_manage(self, owner_id: UUID) -> bool:
        """Whether what `owner_id` owns is this viewer's to change, and to see before it is ready."""
        return self.is_admin or self.user_id == owner_id

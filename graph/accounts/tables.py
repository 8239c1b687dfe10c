"""The tables of accounts, as Piccolo sees them; the migrations are the truth, and a test compares the two."""

from __future__ import annotations

from piccolo.columns import UUID, Boolean, Bytea, ForeignKey, Text, Timestamptz
from piccolo.table import Table


class UserTable(Table, tablename="users"):
    """One account."""

    id = UUID(primary_key=True, default=None)
    email = Text(unique=True)
    display_name = Text()
    password_hash = Text(secret=True)
    role = Text()
    listening_private = Boolean(default=False)
    market = Text(null=True, default=None)
    created_at = Timestamptz()


class RefreshTokenTable(Table, tablename="refresh_tokens"):
    """One refresh token, by its digest."""

    id = UUID(primary_key=True, default=None)
    family_id = UUID(default=None)
    user_id = ForeignKey(UserTable, null=False)
    token_sha256 = Bytea(unique=True, secret=True)
    issued_at = Timestamptz()
    expires_at = Timestamptz()
    used_at = Timestamptz(null=True, default=None)
    revoked_at = Timestamptz(null=True, default=None)


TABLES = (UserTable, RefreshTokenTable)

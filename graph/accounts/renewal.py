"""A new password: whoever knows the present one may choose another, and every session that was open ends with it.

The sessions end because a password is most often changed when somebody else may know the old one; the caller goes on
in a new one. Access tokens that were given out live on for their minutes, as after signing out.

The present password is compared before the row is locked, because that takes tens of milliseconds. Under the lock the
row has to hold the hash that was compared, else it is compared again: of two changes at once, the second is refused
like any wrong password. Whoever signs in meanwhile is ended as well (`graph.accounts.service.sign_in`).
"""

from __future__ import annotations

import asyncio
from datetime import datetime
from uuid import UUID

import msgspec

from config.errors import Overtaken
from config.postgres import Pool
from config.transactions import begun_again
from graph.accounts import passwords, service
from graph.accounts.records import user_of
from graph.errors import Problem, ProblemCode, Refused, Unauthenticated

STORED = """
SELECT id, email, display_name, role, listening_private, market, password_hash FROM users WHERE id = $1
"""
REPLACE = "UPDATE users SET password_hash = $3 WHERE id = $1 AND password_hash = $2"
REVOKE_ALL = "UPDATE refresh_tokens SET revoked_at = $2 WHERE user_id = $1 AND revoked_at IS NULL"
REPLACED = "UPDATE 1"


@begun_again
async def change_password(
    pool: Pool, user_id: UUID, *, current: str, new: str, now: datetime, lifetime_s: int
) -> service.Session:
    """Choose another password and open a session in place of all others. Raises Refused, Unauthenticated."""
    row = await pool.fetchrow(STORED, user_id)
    if row is None:
        raise Unauthenticated
    user, stored = user_of(row), row["password_hash"]
    if not await asyncio.to_thread(passwords.matches, current, stored):
        message = "This is not your present password."
        raise Refused(Problem(ProblemCode.INVALID_CREDENTIALS, ("currentPassword",), message))
    weak = passwords.weakness(new, email=user.email, display_name=user.display_name)
    if weak is not None:
        raise Refused(msgspec.structs.replace(weak, field=("newPassword",)))
    chosen = await asyncio.to_thread(passwords.hashed, new)
    async with pool.acquire() as connection, connection.transaction():
        if await connection.execute(REPLACE, user_id, stored, chosen) != REPLACED:
            raise Overtaken
        await connection.execute(REVOKE_ALL, user_id, now)
        return await service.open_session(connection, user, now=now, lifetime_s=lifetime_s)

"""The rules of accounts: making one, signing in, keeping a session alive, ending it.

Rules: signing up makes listeners; a wrong address and a wrong password are one answer and take one time; a refresh
token works once, and for a moment the same again (`graph.accounts.sessions`); what is done to the sessions of one user
is done one after the other, under a lock on the user's row, so a copied token cannot slip between a rotation and a
revocation.
"""

from __future__ import annotations

import asyncio
import secrets
from datetime import datetime, timedelta
from uuid import UUID

import msgspec
from msgspec import UNSET, UnsetType
from piccolo.columns import Column

from config.errors import Overtaken
from config.postgres import Connection, Pool
from config.transactions import begun_again
from graph.accounts import emails, passwords, sessions, tokens
from graph.accounts.records import User, user_of
from graph.accounts.sessions import Stored, Verdict
from graph.accounts.tables import UserTable
from graph.accounts.tokens import SigningKey
from graph.check import Check
from graph.errors import Problem, ProblemCode, Refused, Unauthenticated, refused
from graph.keys import new_key
from graph.licences import markets
from graph.names import clean
from graph.viewer import Role

MAX_DISPLAY_NAME = 80

INSERT_USER = """
INSERT INTO users (id, email, display_name, password_hash, role, market) VALUES ($1, $2, $3, $4, $5, $6)
ON CONFLICT (email) DO NOTHING
RETURNING id, email, display_name, role, listening_private, market
"""
USER_BY_EMAIL = """
SELECT id, email, display_name, role, listening_private, market, password_hash FROM users WHERE email = $1
"""
USER_BY_ID = "SELECT id, email, display_name, role, listening_private, market FROM users WHERE id = $1"
# Whoever changes the password waits for the session that opens by it, and ends it with the others.
STILL_IS = "SELECT true FROM users WHERE id = $1 AND password_hash = $2 FOR SHARE"
# Locks against other sessions' work, not against rows that refer to the user.
LOCK_OWNER = """
SELECT id, email, display_name, role, listening_private, market FROM users
WHERE id = (SELECT user_id FROM refresh_tokens WHERE token_sha256 = $1) FOR NO KEY UPDATE
"""
ISSUED = "SELECT family_id, expires_at, used_at, revoked_at FROM refresh_tokens WHERE token_sha256 = $1"
ISSUE = """
INSERT INTO refresh_tokens (id, family_id, user_id, token_sha256, issued_at, expires_at) VALUES ($1, $2, $3, $4, $5, $6)
"""
USE_UP = "UPDATE refresh_tokens SET used_at = $2 WHERE token_sha256 = $1"
REVOKE_FAMILY = "UPDATE refresh_tokens SET revoked_at = $2 WHERE family_id = $1 AND revoked_at IS NULL"
DELETE_EXPIRED = "DELETE FROM refresh_tokens WHERE user_id = $1 AND expires_at < $2"


class Session(msgspec.Struct, frozen=True, kw_only=True):
    """An open session: whose, and the token that continues it."""

    user: User
    refresh_token: str


async def create_user(
    pool: Pool, *, email: str, display_name: str, role: Role, password: str | None, market: str | None = None
) -> User:
    """Make an account; without a password it cannot sign in by one. Raises Refused."""
    address, name, country = _checked(email, display_name, password, market)
    stored = passwords.UNUSABLE if password is None else await asyncio.to_thread(passwords.hashed, password)
    row = await pool.fetchrow(INSERT_USER, new_key(), address, name, stored, role.value, country)
    if row is None:
        raise refused(ProblemCode.EMAIL_TAKEN, "email")
    return user_of(row)


async def update_account(
    pool: Pool,
    user_id: UUID,
    *,
    display_name: str | UnsetType = UNSET,
    market: str | UnsetType | None = UNSET,
) -> User:
    """Change one's own account; what is left out stays. Raises Refused, Unauthenticated for one that is gone."""
    given: dict[Column | str, str | None] = {}
    check = Check()
    if display_name is not UNSET:
        given[UserTable.display_name] = check(lambda: _checked_name(display_name), otherwise="")
    if market is not UNSET:
        given[UserTable.market] = check(lambda: _checked_market(market), otherwise=None)
    check.require()
    if given:
        await UserTable.update(given).where(UserTable.id == user_id)
    row = await pool.fetchrow(USER_BY_ID, user_id)
    if row is None:
        raise Unauthenticated
    return user_of(row)


async def find_user(pool: Pool, *, email: str) -> User | None:
    """The account with this address."""
    row = await pool.fetchrow(USER_BY_EMAIL, emails.normalise(email))
    return None if row is None else user_of(row)


def mint_access_token(user: User, *, key: SigningKey, now_s: int, lifetime_s: int) -> str:
    """An access token as text, for scripts."""
    return tokens.mint(user.id, user.role, market=user.market, key=key, now_s=now_s, lifetime_s=lifetime_s).text


@begun_again
async def sign_in(pool: Pool, *, email: str, password: str, now: datetime, lifetime_s: int) -> Session:
    """Open a session of the account that the two belong to.

    Raises Refused, which does not tell which of the two is wrong. A password that is changed while it is compared is
    compared again: no session opens by one whose sessions have all been ended.
    """
    address = emails.normalise(email)
    row = await pool.fetchrow(USER_BY_EMAIL, address) if emails.ADDRESS.fullmatch(address) else None
    stored = None if row is None else row["password_hash"]
    if not await asyncio.to_thread(passwords.matches, password, stored) or row is None:
        raise Refused(Problem(ProblemCode.INVALID_CREDENTIALS, (), "The address and the password do not match."))
    async with pool.acquire() as connection, connection.transaction():
        if not await connection.fetchval(STILL_IS, row["id"], stored):
            raise Overtaken
        session = await open_session(connection, user_of(row), now=now, lifetime_s=lifetime_s)
    if passwords.outdated(row["password_hash"]):
        await _rehash(row["id"], password, stored=row["password_hash"])
    return session


async def open_session(pool: Pool | Connection, user: User, *, now: datetime, lifetime_s: int) -> Session:
    """Begin a family of refresh tokens."""
    token = sessions.token_of(secrets.token_bytes(sessions.TOKEN_BYTES))
    await _issue(pool, token, user_id=user.id, family_id=new_key(), now=now, lifetime_s=lifetime_s)
    return Session(user=user, refresh_token=token)


@begun_again
async def refresh_session(pool: Pool, *, refresh_token: str, secret: bytes, now: datetime, lifetime_s: int) -> Session:
    """Use a token up and issue the next one. Raises Refused; a token used before also revokes its family.

    One that was used a moment ago is answered as it was then (`graph.accounts.sessions`).
    """
    presented, successor = sessions.digest(refresh_token), sessions.successor(refresh_token, secret=secret)
    async with pool.acquire() as connection, connection.transaction():
        user, stored = await _locked(connection, presented)
        if user is not None and stored is not None:
            verdict = sessions.judge(stored, now=now)
            if verdict is Verdict.ROTATE:
                family = {"user_id": user.id, "family_id": stored.family_id}
                await connection.execute(USE_UP, presented, now)
                await _issue(connection, successor, **family, now=now, lifetime_s=lifetime_s)
                await connection.execute(DELETE_EXPIRED, user.id, now)
                return Session(user=user, refresh_token=successor)
            if verdict is Verdict.REPEAT and await _is_fresh(connection, successor, now=now):
                return Session(user=user, refresh_token=successor)
            if verdict is not Verdict.REFUSE:
                await connection.execute(REVOKE_FAMILY, stored.family_id, now)
    # Raised after the transaction, so that the revocation stays.
    raise refused(ProblemCode.INVALID_REFRESH_TOKEN, "refreshToken")


@begun_again
async def sign_out(pool: Pool, *, refresh_token: str, now: datetime) -> bool:
    """End the session that the token belongs to; whether there was one to end."""
    async with pool.acquire() as connection, connection.transaction():
        _, stored = await _locked(connection, sessions.digest(refresh_token))
        if stored is None or stored.revoked_at is not None:
            return False
        await connection.execute(REVOKE_FAMILY, stored.family_id, now)
        return True


async def _locked(connection: Connection, token_sha256: bytes) -> tuple[User | None, Stored | None]:
    """The owner of a token, locked, and then the token as it is under the lock."""
    owner = await connection.fetchrow(LOCK_OWNER, token_sha256)
    row = None if owner is None else await connection.fetchrow(ISSUED, token_sha256)
    if owner is None or row is None:
        return None, None
    return user_of(owner), Stored(**dict(row))


async def _is_fresh(connection: Connection, token: str, *, now: datetime) -> bool:
    """Whether nobody went on from this token yet."""
    row = await connection.fetchrow(ISSUED, sessions.digest(token))
    return row is not None and sessions.judge(Stored(**dict(row)), now=now) is Verdict.ROTATE


async def _issue(
    connection: Pool | Connection, token: str, *, user_id: UUID, family_id: UUID, now: datetime, lifetime_s: int
) -> None:
    expires_at = now + timedelta(seconds=lifetime_s)
    await connection.execute(ISSUE, new_key(), family_id, user_id, sessions.digest(token), now, expires_at)


async def _rehash(user_id: UUID, password: str, *, stored: str) -> None:
    """Store the password by today's parameters, unless it has become another one meanwhile."""
    fresh = await asyncio.to_thread(passwords.hashed, password)
    await UserTable.update({UserTable.password_hash: fresh}).where(
        (UserTable.id == user_id) & (UserTable.password_hash == stored)
    )


def _checked(email: str, display_name: str, password: str | None, market: str | None) -> tuple[str, str, str | None]:
    """Address, name and market of a new account as they are stored. Raises Refused, with every problem at once."""
    check = Check()
    address = check(lambda: emails.checked(email), otherwise="")
    name = check(lambda: _checked_name(display_name), otherwise="")
    weak = None if password is None else passwords.weakness(password, email=address, display_name=name)
    check.problems += [weak] if weak else []
    country = check(lambda: _checked_market(market), otherwise=None)
    check.require()
    return address, name, country


def _checked_name(display_name: str) -> str:
    return clean(display_name, field="displayName", max_length=MAX_DISPLAY_NAME)


def _checked_market(market: str | None) -> str | None:
    return None if market is None else markets.checked(market, field="market")

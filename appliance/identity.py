"""Acting as an account from the command line: it is looked up in PostgreSQL, and its access token is minted here.

Whoever can read the home folder's signing key is the operator, so no password is asked for. Everything after the token
goes through the API like any client's request.

Not here: making accounts (`commands.accounts`), sign-in with a password (the API's `signIn`).
"""

from __future__ import annotations

import time
from collections.abc import Mapping

from appliance.client import TokenSource
from appliance.errors import ApplianceError
from config.postgres import open_pool
from config.settings import Reader, postgres_settings
from graph import ids
from graph.accounts.records import User
from graph.accounts.service import find_user, mint_access_token
from graph.accounts.tokens import signing_key

TOKEN_LIFETIME_S = 10 * 60


class NoSuchAccount(ApplianceError):
    """Nobody has this e-mail address; make the account by `segue user create`."""

    code = "no_such_account"

    def __init__(self, email: str, remedy: str | None = None) -> None:
        super().__init__(
            f"there is no account {email}; {remedy or f'make it by `segue user create {email} --role ROLE`'}"
        )
        self.email = email


async def find_account(environment: Mapping[str, str], email: str) -> User:
    """Raises NoSuchAccount, InvalidSetting, ServiceUnavailable."""
    async with open_pool(postgres_settings(environment)) as pool:
        account = await find_user(pool, email=email)
    if account is None:
        raise NoSuchAccount(email)
    return account


async def own_artists(environment: Mapping[str, str], account: User) -> dict[str, str]:
    """The global ids of the artists that an account owns, by name; of two with one name the older."""
    query = "SELECT name, id FROM artists WHERE owner_id = $1 ORDER BY id DESC"
    async with open_pool(postgres_settings(environment)) as pool:
        rows = await pool.fetch(query, account.id)
    return {row["name"]: ids.encode("Artist", row["id"]) for row in rows}


def token_source(environment: Mapping[str, str], account: User) -> TokenSource:
    """A new token whenever one is asked for: none ends in the middle of a long import. Raises InvalidSetting."""
    read = Reader(environment)
    key = signing_key(read.secret("SEGUE_ACCESS_TOKEN_KEY"))
    lifetime_s = read.integer("SEGUE_ACCESS_TOKEN_LIFETIME_S", TOKEN_LIFETIME_S)
    return lambda: mint_access_token(account, key=key, now_s=int(time.time()), lifetime_s=lifetime_s)

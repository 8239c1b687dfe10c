"""The demo, seeded: its accounts are made in the database, its library goes through the import like anybody's music.

The second call costs one query when everything is there. A piece whose file is missing is made again, byte for byte the
same, so an interrupted seeding goes on where it stopped.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Final

from appliance.demo.accounts import DemoAccount, DemoAccounts, kept_or_made
from appliance.demo.describing import describe
from appliance.demo.library import PIECES, Piece
from appliance.errors import ApplianceError
from appliance.importer.files import find
from appliance.importer.outcome import Outcome, Status
from appliance.importer.report import Silent
from appliance.importer.session import import_as
from config.postgres import Pool, open_pool
from config.settings import postgres_settings
from graph.accounts.passwords import hashed
from graph.accounts.records import User
from graph.accounts.service import create_user, find_user

Say = Callable[[str], None]

FOLDER: Final = "demo"
ACCOUNTS_FILE: Final = "accounts.json"
LIBRARY_FOLDER: Final = "library"

COMPLETE: Final = """
SELECT (SELECT count(*) FROM users WHERE email = ANY($1::text[])) = cardinality($1::text[])
   AND (SELECT count(DISTINCT track.isrc) FROM tracks AS track
        JOIN artists AS artist ON artist.id = track.artist_id
        JOIN users AS owner ON owner.id = artist.owner_id
        JOIN assets AS asset ON asset.asset_id = track.asset_id AND asset.status = 'ready'
        WHERE owner.email = $2 AND track.isrc = ANY($3::text[])) = cardinality($3::text[])
"""
SET_PASSWORD: Final = "UPDATE users SET password_hash = $2 WHERE id = $1"  # noqa: S105 -- a statement
FOLLOW: Final = "INSERT INTO follows (follower_id, followed_id) VALUES ($1, $2) ON CONFLICT DO NOTHING"


class DemoIncomplete(ApplianceError):
    """A piece of the demo library was not ingested; the next start tries it again."""

    code = "demo_incomplete"
    retryable = True

    def __init__(self, failed: Sequence[Outcome]) -> None:
        first = failed[0]
        super().__init__(f"{len(failed)} of its pieces failed, {first.file.name} because: {first.reason}")


async def ensure_demo(environment: Mapping[str, str], home: Path, *, report: Say) -> DemoAccounts:
    """Make what is missing of the demo; `report` is told in sentences. Raises DemoIncomplete, GraphAway."""
    folder = home / FOLDER
    accounts_file = folder / ACCOUNTS_FILE
    fresh = not accounts_file.exists()
    accounts = await asyncio.to_thread(kept_or_made, accounts_file)
    async with open_pool(postgres_settings(environment)) as pool:
        if not fresh and await _is_complete(pool, accounts):
            return accounts
        artist = await _make_accounts(pool, accounts, set_passwords=fresh)
    await _import_library(environment, folder / LIBRARY_FOLDER, artist, report)
    async with open_pool(postgres_settings(environment)) as pool:
        await describe(pool, artist, PIECES)
    return accounts


async def _is_complete(pool: Pool, accounts: DemoAccounts) -> bool:
    emails = [account.email for account in accounts]
    isrcs = [piece.isrc for piece in PIECES]
    return bool(await pool.fetchval(COMPLETE, emails, accounts.artist.email, isrcs))


async def _make_accounts(pool: Pool, accounts: DemoAccounts, *, set_passwords: bool) -> User:
    """The artist's account, when all three are there and the friend follows the listener."""
    artist, listener, friend = [await _account(pool, account, set_password=set_passwords) for account in accounts]
    await pool.execute(FOLLOW, friend.id, listener.id)
    return artist


async def _account(pool: Pool, account: DemoAccount, *, set_password: bool) -> User:
    """Make an account, or give the one that is there the password of this home folder."""
    known = await find_user(pool, email=account.email)
    if known is None:
        return await create_user(
            pool,
            email=account.email,
            display_name=account.display_name,
            role=account.role,
            password=account.password,
        )
    if set_password:
        await pool.execute(SET_PASSWORD, known.id, await asyncio.to_thread(hashed, account.password))
    return known


async def _import_library(environment: Mapping[str, str], library: Path, artist: User, report: Say) -> None:
    began = time.monotonic()
    report(f"Composing {len(PIECES)} pieces of music for the demo library ...")
    for piece in PIECES:  # one thread a piece, so that Ctrl-C waits for one piece at most
        await asyncio.to_thread(_write_if_missing, library / piece.file_name, piece)
    composed = time.monotonic()
    sources, _ = find([library])
    teller = _Teller(report, len(sources))
    outcomes = await import_as(artist, sources, environment=environment, report=teller)
    failed = [outcome for outcome in outcomes if outcome.status is Status.FAILED]
    if failed:
        raise DemoIncomplete(failed)
    report(
        f"The demo library is there: {len(PIECES)} pieces, composed in {composed - began:.1f} s,"
        f" uploaded and ingested in {time.monotonic() - composed:.1f} s."
    )


def _write_if_missing(file: Path, piece: Piece) -> None:
    # Imported here: the synthesiser is not needed when everything is there.
    from appliance.demo.masters import master  # noqa: PLC0415 -- see above

    if not file.exists():
        _write(file, master(piece))


def _write(file: Path, data: bytes) -> None:
    """Written aside and renamed: half a piece would never be made whole."""
    file.parent.mkdir(parents=True, exist_ok=True)
    aside = file.with_name(f".{file.name}.new")
    aside.write_bytes(data)
    aside.replace(file)


class _Teller(Silent):
    """One sentence a piece."""

    def __init__(self, say: Say, count: int) -> None:
        self._say = say
        self._count = count
        self._told = 0

    def finished(self, outcome: Outcome) -> None:
        self._told += 1
        self._say(f"  {self._told:>2} of {self._count}  {outcome.status.value:<6}  {outcome.file.stem}")

"""The demo's three accounts: an artist who owns the library, a listener, and a friend who follows the listener.

Their passwords are drawn at random once for each home folder and kept beside the library, mode 0600, so that nobody who
has read this source can sign in to somebody's demo.
"""

from __future__ import annotations

import os
import secrets
from collections.abc import Iterator
from pathlib import Path
from typing import Final

import msgspec

from appliance.errors import HomeDamaged
from graph.viewer import Role

ARTIST_EMAIL: Final = "artist@demo.segue.example"
LISTENER_EMAIL: Final = "listener@demo.segue.example"
FRIEND_EMAIL: Final = "friend@demo.segue.example"
MODE: Final = 0o600


class DemoAccount(msgspec.Struct, frozen=True, kw_only=True):
    """One account; `repr` hides the password."""

    email: str
    display_name: str
    role: Role
    password: str

    def __repr__(self) -> str:
        return f"DemoAccount({self.email})"


class DemoAccounts(msgspec.Struct, frozen=True, kw_only=True):
    """All three."""

    artist: DemoAccount
    listener: DemoAccount
    friend: DemoAccount

    def __iter__(self) -> Iterator[DemoAccount]:
        return iter((self.artist, self.listener, self.friend))


def make() -> DemoAccounts:
    """Draw new passwords."""
    return DemoAccounts(
        artist=_drawn(ARTIST_EMAIL, "Demo Artist", Role.ARTIST),
        listener=_drawn(LISTENER_EMAIL, "Demo Listener", Role.LISTENER),
        friend=_drawn(FRIEND_EMAIL, "Demo Friend", Role.LISTENER),
    )


def kept_or_made(file: Path) -> DemoAccounts:
    """The accounts of this home folder, written on the first call. Raises HomeDamaged, OSError."""
    if not file.exists():
        _store(file, make())
    try:
        return msgspec.json.decode(file.read_bytes(), type=DemoAccounts)
    except msgspec.DecodeError as error:
        raise HomeDamaged(f"{file} is not readable; remove it, and the demo gets new passwords") from error


def _drawn(email: str, display_name: str, role: Role) -> DemoAccount:
    return DemoAccount(email=email, display_name=display_name, role=role, password=secrets.token_urlsafe(12))


def _store(file: Path, accounts: DemoAccounts) -> None:
    """Written aside and renamed, so that it is there whole or not at all."""
    file.parent.mkdir(parents=True, exist_ok=True)
    aside = file.with_suffix(".new")
    aside.unlink(missing_ok=True)
    descriptor = os.open(aside, os.O_WRONLY | os.O_CREAT | os.O_EXCL, MODE)
    with os.fdopen(descriptor, "wb") as stream:
        stream.write(msgspec.json.format(msgspec.json.encode(accounts)) + b"\n")
    aside.replace(file)

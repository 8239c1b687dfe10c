"""Passwords: which are accepted, how they are stored, how one is checked.

Rules: 8 to 256 characters after normalisation, no composition rules, not the user's own address or name, not one of
the few that every attacker tries first (NIST SP 800-63B, 3.1.1.2). Stored as Argon2id with the parameters of the OWASP
cheat sheet's first row: one lane, because a process has several workers and each sign-in is one thread. Hashing takes
tens of milliseconds and is called in a thread by the service.
"""

from __future__ import annotations

import unicodedata
from functools import cache

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

from graph.errors import Problem, ProblemCode

MIN_LENGTH = 8
MAX_LENGTH = 256  # a longer one would only make us hash more
COMMON = frozenset(
    {"password", "passw0rd", "12345678", "123456789", "1234567890", "qwertyui", "qwertyuiop", "iloveyou"}
)

UNUSABLE = "!"
"""Stored for an account that cannot sign in by password; no hash has this form."""

HASHER = PasswordHasher(time_cost=2, memory_cost=19 * 1024, parallelism=1)


def normalise(password: str) -> str:
    """The same characters whatever the keyboard composed them of (NIST SP 800-63B asks for NFKC or NFKD)."""
    return unicodedata.normalize("NFKC", password)


def weakness(password: str, *, email: str, display_name: str) -> Problem | None:
    """Why a password is not accepted; None when it is."""
    chosen = normalise(password)
    if len(chosen) < MIN_LENGTH:
        return _weak(f"Use {MIN_LENGTH} characters or more.")
    if len(chosen) > MAX_LENGTH:
        return Problem(ProblemCode.TOO_LONG, ("password",), f"Use {MAX_LENGTH} characters at most.")
    folded = chosen.casefold()
    if folded in COMMON or len(set(folded)) < 3:
        return _weak("This one is guessed first. A few words together are better.")
    if folded in (email.casefold(), email.partition("@")[0].casefold(), display_name.casefold()):
        return _weak("The address or the name is guessed first. A few words together are better.")
    return None


def hashed(password: str) -> str:
    """Slow on purpose; the salt is random."""
    return HASHER.hash(normalise(password))


def matches(password: str, stored: str | None) -> bool:
    """Whether the password is the stored one; as slow for an account that is not there as for one that is."""
    try:
        HASHER.verify(stored if stored and stored != UNUSABLE else _nobody(), normalise(password[: MAX_LENGTH * 4]))
    except (VerificationError, InvalidHashError):
        return False
    return bool(stored) and stored != UNUSABLE


def outdated(stored: str) -> bool:
    """Whether a hash was made with other parameters than today's."""
    return HASHER.check_needs_rehash(stored)


@cache
def _nobody() -> str:
    """A hash of today's parameters that stands for accounts that do not exist."""
    return HASHER.hash("nobody has this password")


def _weak(message: str) -> Problem:
    return Problem(ProblemCode.WEAK_PASSWORD, ("password",), message)

"""E-mail addresses: normalised so that one person has one account, and checked as far as a text can be.

Pure. The whole address is lower-cased (RFC 5321 lets a server tell `A@` from `a@`; none does). Only ASCII is accepted:
PostgreSQL's `lower` and Python's differ outside it, and the database checks that the stored address is lower case.
"""

from __future__ import annotations

import re

from graph.errors import ProblemCode, refused

MAX_LENGTH = 254  # RFC 5321, 4.5.3.1.3, less the angle brackets

_LOCAL = r"[a-z0-9!#$%&'*+/=?^_`{|}~-]+(?:\.[a-z0-9!#$%&'*+/=?^_`{|}~-]+)*"
_LABEL = r"[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?"
ADDRESS = re.compile(rf"(?=.{{1,64}}@){_LOCAL}@{_LABEL}(?:\.{_LABEL})*", re.ASCII)


def normalise(text: str) -> str:
    """The address as it is stored and compared."""
    return text.strip().lower()


def checked(text: str, *, field: str = "email") -> str:
    """The normalised address. Raises Refused."""
    address = normalise(text)
    if len(address) > MAX_LENGTH or not ADDRESS.fullmatch(address):
        raise refused(ProblemCode.INVALID_EMAIL, field)
    return address

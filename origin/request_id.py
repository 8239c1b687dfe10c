"""The id of a request: the caller's, so that one id follows a request through a CDN, or a new one."""

from __future__ import annotations

import random
import re

REQUEST_ID = re.compile(r"[A-Za-z0-9._-]{8,64}")
"""What cannot forge a line of the log."""


def known_or_new(given: str | None) -> str:
    """The given id if it is one, else a new one, which is no secret: it only has to differ from all others.

    The module's own generator seeds itself anew in every forked worker.
    """
    if given is not None and REQUEST_ID.fullmatch(given):
        return given
    return f"{random.getrandbits(64):016x}"

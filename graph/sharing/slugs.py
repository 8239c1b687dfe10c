"""What a share link is called: short enough to be read out, and not to be guessed.

Twelve letters and digits are 71 bits, drawn anew for each link: who tries a million a second finds none of a billion
links in a year. They say nothing of what they lead to.
"""

from __future__ import annotations

import re
import secrets
import string

ALPHABET = string.digits + string.ascii_letters
LENGTH = 12
SLUG = re.compile(r"[0-9A-Za-z]{1,32}")
"""Links are for ever: those of another length have to be found, should the length ever change."""


def new_slug() -> str:
    return "".join(secrets.choice(ALPHABET) for _ in range(LENGTH))


def is_slug(text: str) -> bool:
    """Whether this may be the name of a link; anything else is not looked up."""
    return SLUG.fullmatch(text) is not None

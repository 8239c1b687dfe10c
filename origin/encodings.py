"""Content codings (RFC 9110 section 12.5.3): which one a client gets, and the bytes that it gets.

Only manifests are ever encoded: media are dense already, and have to leave as they are stored.
"""

from __future__ import annotations

import gzip
import re
from enum import Enum
from functools import lru_cache

import brotli

OFFER = re.compile(r"[ \t]*(?P<name>[a-z*-]+)[ \t]*(?:;[ \t]*q=(?P<weight>[0-9.]{1,5})[ \t]*)?", re.IGNORECASE)
"""One item of Accept-Encoding; what has another shape offers nothing."""

BROTLI_QUALITY = 5
"""Of 11: beyond it a manifest of an hour takes milliseconds and gets a hundredth smaller."""


class Coding(Enum):
    """The codings that we write, the denser first; the value is the name that HTTP gives it."""

    BROTLI = "br"
    GZIP = "gzip"


NAMES = {"br": Coding.BROTLI, "gzip": Coding.GZIP, "x-gzip": Coding.GZIP}
"""`x-gzip` is the same thing by an old name (RFC 9110 section 8.4.1.3)."""


@lru_cache(maxsize=256)
def negotiated(accept_encoding: str) -> Coding | None:
    """The coding that the client likes best, the denser of equals; None for the plain bytes.

    `*` alone asks for nothing: a client that knows a coding names it. Remembered, because browsers are few.
    """
    weights: dict[Coding, float] = {}
    for item in accept_encoding.split(","):
        offer = OFFER.fullmatch(item)
        coding = None if offer is None else NAMES.get(offer["name"].lower())
        if offer is not None and coding is not None:
            weights[coding] = _weight(offer["weight"])
    liked = [coding for coding in Coding if weights.get(coding, 0.0) > 0]
    return max(liked, key=lambda coding: weights[coding], default=None)


def compress(content: bytes, coding: Coding) -> bytes:
    """The same bytes for the same content on every node that runs the same libraries."""
    match coding:
        case Coding.BROTLI:
            compressed: bytes = brotli.compress(content, mode=brotli.MODE_TEXT, quality=BROTLI_QUALITY)
            return compressed
        case Coding.GZIP:
            # Without a modification time, which is all that gzip would add about this node.
            return gzip.compress(content, mtime=0)


def _weight(text: str | None) -> float:
    try:
        return 1.0 if text is None else float(text)
    except ValueError:  # two points
        return 0.0

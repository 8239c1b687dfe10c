"""The terms of a token: which media of its directory it opens, as a text that stands readable in the token.

Grammar (ABNF of RFC 5234), one spelling for each set of terms::

    terms      = term *("_" term)     ; each at most once, in the order of the next line
    term       = codecs / ceiling / protection
    codecs     = %s"codecs" 1*8("-" family)  ; ascending, each once
    family     = 1*16(%x61-7A / DIGIT)       ; such as "aac", "opus", "flac"
    ceiling    = %s"max-" 1*10DIGIT          ; bit/s, without a leading zero
    protection = %s"protected" / %s"any"

A term that is absent says what `Terms()` says: every codec, no ceiling, clear media alone. So a token without terms,
and one of the first version, opens clear media, and a protected library cannot be had with it.

Readable, because a manifest depends on nothing else of its token: a CDN that keeps this text in its cache key, and
drops the rest of the token, caches one manifest for each tier.

Not here: what a family or a ceiling means for an asset (`origin.selection`), the token around it (`edge.token`).
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import lru_cache
from typing import Literal, TypeAlias

import msgspec

from edge.errors import InvalidGrant

Protection: TypeAlias = Literal["clear", "protected", "any"]
PROTECTIONS: Mapping[str | None, Protection] = {None: "clear", "protected": "protected", "any": "any"}
"""By what a token says of it; nothing for clear media."""

FAMILY = re.compile(r"[a-z0-9]{1,16}")
MAX_BANDWIDTH_BPS = 9_999_999_999
MAX_CHARACTERS = 167
"""Of terms that say all that they can."""

MAX_FAMILIES = 8
"""More codecs than a ladder has; it bounds a token, and so a path."""

TERMS = re.compile(
    r"(?:codecs(?P<codecs>(?:-[a-z0-9]{1,16}){1,8}))?"
    r"(?:(?:^|_)max-(?P<ceiling>[1-9][0-9]{0,9}))?"
    r"(?:(?:^|_)(?P<protection>protected|any))?"
)


class Terms(msgspec.Struct, frozen=True, kw_only=True):
    """What a token opens. Terms that exist can be spelled; raises InvalidGrant.

    `codecs` are families, None for all of them. `max_bandwidth_bps` holds for every rendition, None for no ceiling.
    `protected` opens protected media and their keys and nothing that is clear.
    """

    codecs: frozenset[str] | None = None
    max_bandwidth_bps: int | None = None
    protection: Protection = "clear"

    def __post_init__(self) -> None:
        if self.codecs is not None:
            _require(1 <= len(self.codecs) <= MAX_FAMILIES, f"terms name 1 to {MAX_FAMILIES} codecs")
            for family in self.codecs:
                _require(FAMILY.fullmatch(family), f"a codec's family is lower-case letters and digits, not {family!r}")
        if self.max_bandwidth_bps is not None:
            ceiling = self.max_bandwidth_bps
            _require(1 <= ceiling <= MAX_BANDWIDTH_BPS, f"a ceiling is 1 to {MAX_BANDWIDTH_BPS} bit/s, not {ceiling}")
        _require(self.protection in PROTECTIONS.values(), f"no protection is called {self.protection!r}")


def spell(terms: Terms) -> str:
    """Write the terms; empty for `NO_TERMS`."""
    parts = []
    if terms.codecs is not None:
        parts.append("-".join(("codecs", *sorted(terms.codecs))))
    if terms.max_bandwidth_bps is not None:
        parts.append(f"max-{terms.max_bandwidth_bps}")
    if terms.protection != "clear":
        parts.append(terms.protection)
    return "_".join(parts)


@lru_cache(maxsize=256)
def read(text: str) -> Terms | None:
    """Read what `spell` wrote; None for any other text, and for the empty one, which no token carries.

    Remembered, because a service has a few tiers and millions of tokens of each.
    """
    found = TERMS.fullmatch(text)
    if not text or found is None:
        return None
    codecs, ceiling = found.group("codecs", "ceiling")
    terms = Terms(
        codecs=None if codecs is None else frozenset(codecs[1:].split("-")),
        max_bandwidth_bps=None if ceiling is None else int(ceiling),
        protection=PROTECTIONS[found["protection"]],
    )
    return terms if spell(terms) == text else None


def _require(condition: object, rule: str) -> None:
    if not condition:
        raise InvalidGrant(rule)


NO_TERMS = Terms()
"""Every codec, no ceiling, clear media."""

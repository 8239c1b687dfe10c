"""Selections: which renditions of an asset a listener may have, by the terms of a token and by the query of a manifest.

Rules:

- A token's terms are a plan's quality, enforced on everything that it opens. A query is a wish, and narrows what a
  manifest lists; nothing narrows a media playlist or a segment any further.
- The ceiling is compared with the nominal bandwidth, which is that of the rung: so one ceiling keeps the same rungs of
  every track, and a tier is one manifest. The measured peak of a rung varies from track to track. Lossless audio has no
  nominal bandwidth; its average stands for it.
- A family that an asset does not have is no mistake: a plan outlives a ladder.

Not here: the spelling of terms in a token (`edge.terms`), whether media are protected (`origin.protection`).
"""

from __future__ import annotations

import re
from urllib.parse import parse_qsl

import msgspec

from edge.terms import Terms
from origin.asset import Asset, Progressive, Rendition
from origin.errors import MalformedQuery, NotThere

CODECS = "codecs"
CEILING = "max_bandwidth"

FAMILIES = re.compile(r"[a-z0-9]{1,16}(?:,[a-z0-9]{1,16}){0,15}")
BANDWIDTH = re.compile(r"[1-9][0-9]{0,9}")

MAX_FIELDS = 64
"""Of a query. Players add one or two of their own (CMCD is a single one), CDNs some more."""


class Selection(msgspec.Struct, frozen=True, kw_only=True):
    """What may be had: families of codecs, None for all, and a ceiling, None for none."""

    codecs: frozenset[str] | None = None
    max_bandwidth_bps: int | None = None

    def allows(self, media: Rendition | Progressive) -> bool:
        if self.codecs is not None and media.codec.value not in self.codecs:
            return False
        return self.max_bandwidth_bps is None or media.nominal_bandwidth_bps <= self.max_bandwidth_bps

    def left_of(self, asset: Asset) -> tuple[str, ...]:
        """The names of the renditions that it allows: selections that leave the same are the same for this asset."""
        return tuple(rendition.name for rendition in asset.renditions if self.allows(rendition))


EVERYTHING = Selection()


def of_terms(terms: Terms) -> Selection:
    return Selection(codecs=terms.codecs, max_bandwidth_bps=terms.max_bandwidth_bps)


def of_query(query: bytes) -> Selection:
    """Read `codecs=aac,opus&max_bandwidth=160000`, both optional; other fields are ignored. Raises MalformedQuery."""
    if not query:
        return EVERYTHING
    try:
        fields = parse_qsl(query.decode("ascii"), keep_blank_values=True, max_num_fields=MAX_FIELDS, errors="strict")
    except ValueError as error:
        raise MalformedQuery("not a query of ASCII") from error
    codecs, ceiling = _only(fields, CODECS, FAMILIES), _only(fields, CEILING, BANDWIDTH)
    return Selection(
        codecs=None if codecs is None else frozenset(codecs.split(",")),
        max_bandwidth_bps=None if ceiling is None else int(ceiling),
    )


def narrowed(one: Selection, other: Selection) -> Selection:
    """What both allow."""
    codecs = [selection.codecs for selection in (one, other) if selection.codecs is not None]
    ceilings = [selection.max_bandwidth_bps for selection in (one, other) if selection.max_bandwidth_bps is not None]
    return Selection(
        codecs=frozenset.intersection(*codecs) if codecs else None,
        max_bandwidth_bps=min(ceilings, default=None),
    )


def select(asset: Asset, selection: Selection) -> Asset:
    """The asset with the renditions that the selection allows. Raises NotThere when it allows none of them."""
    allowed = tuple(rendition for rendition in asset.renditions if selection.allows(rendition))
    if not allowed:
        raise NotThere(f"no rendition is within {selection}")
    return asset if len(allowed) == len(asset.renditions) else msgspec.structs.replace(asset, renditions=allowed)


def _only(fields: list[tuple[str, str]], name: str, grammar: re.Pattern[str]) -> str | None:
    values = [value for key, value in fields if key == name]
    if not values:
        return None
    if len(values) > 1 or not grammar.fullmatch(values[0]):
        raise MalformedQuery(f"{name} is malformed")
    return values[0]

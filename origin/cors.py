"""Cross-origin rules (Fetch standard, "CORS protocol"): which web pages may read media, and with what.

With a star any page may, without credentials: the token in the path is all that opens media. With a list, pages of
those origins may send cookies too, which a CDN's signed cookies need; to all others the browser shows nothing. What is
listed is compared as text, as browsers send it: scheme, host and port, without a slash.
"""

from __future__ import annotations

from collections.abc import Mapping

import msgspec

METHODS = ("GET", "HEAD", "OPTIONS")
"""Of everything but licences, which are asked for by POST."""
ALLOW = ", ".join(METHODS)
PREFLIGHT_MAX_AGE_S = 86_400
"""A day is the most that any browser keeps."""

EXPOSED = "Content-Length, Content-Range, ETag, Retry-After, X-Request-Id"
REQUEST_HEADERS = "Content-Type, Range, If-None-Match, If-Range, CMCD-Request, CMCD-Object, CMCD-Status, CMCD-Session"
ANYBODY = {
    "access-control-allow-origin": "*",
    "access-control-expose-headers": EXPOSED,
    # A player measures what a segment took (Resource Timing, section 4.5.1).
    "timing-allow-origin": "*",
}


class Cors(msgspec.Struct, frozen=True, kw_only=True):
    """The origins of web pages that may read with credentials; None for any page, without them."""

    allowed_origins: frozenset[str] | None = None

    def distinct(self, origin: str | None) -> str | None:
        """The origin, where answers to its pages differ from those to others."""
        return origin if self.allowed_origins is not None and origin in self.allowed_origins else None

    def headers(self, origin: str | None) -> Mapping[str, str]:
        """What every answer to a page of `origin` carries; None for a request that no page made."""
        if self.allowed_origins is None:
            return ANYBODY
        if origin is None or origin not in self.allowed_origins:
            return {"vary": "Origin"}
        return {
            "access-control-allow-origin": origin,
            "access-control-allow-credentials": "true",
            "access-control-expose-headers": EXPOSED,
            "timing-allow-origin": origin,
            "vary": "Origin",
        }


OPEN = Cors()
"""Any page."""

PREFLIGHT = {
    "access-control-allow-methods": f"{ALLOW}, POST",
    "access-control-allow-headers": REQUEST_HEADERS,
    "access-control-max-age": str(PREFLIGHT_MAX_AGE_S),
    "allow": f"{ALLOW}, POST",
}
"""What the answer to OPTIONS carries besides, for any path: it tells nothing about what lies there."""


def cors_of(origins: tuple[str, ...]) -> Cors:
    """The rules of a setting: a star stands for any page."""
    return OPEN if "*" in origins else Cors(allowed_origins=frozenset(origins))


def merged(headers: Mapping[str, str], cors: Mapping[str, str]) -> dict[str, str]:
    """The headers of an answer with those of its reader; both may say what the answer varies by."""
    both = {**headers, **cors}
    if "vary" in headers and "vary" in cors:
        both["vary"] = f"{headers['vary']}, {cors['vary']}"
    return both

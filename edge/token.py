"""The Segue token: lets its bearer read one directory until a moment, and stands in the path before that directory.

Grammar, one spelling for each token (ABNF of RFC 5234)::

    token   = signed "." mac
    signed  = %s"s1" "." key-id "." expiry              ; all clear media of the directory
            / %s"s2" "." key-id "." expiry "." terms    ; those that the terms allow
    key-id  = 1*32(ALPHA / DIGIT)
    expiry  = 1*11DIGIT               ; Unix seconds, without a leading zero
    terms   = <that of edge.terms, not empty>
    mac     = 43(ALPHA / DIGIT / "-" / "_")

    mac     = base64url-without-padding(HMAC-SHA256(secret, signed LF directory))

Rules:

1. Only characters that no player and no CDN re-encodes: RFC 3986's unreserved ones (decision 0010).
2. The scope is one directory, named by the path that follows the token and therefore not repeated in it. It is under
   the MAC: behind another directory the same token is forged. LF occurs in neither half, so the two cannot be mixed up.
3. The MAC is compared as text, in constant time. A second spelling of the same bytes (base64 with other unused bits,
   padding) is another text, so it is forged without being decoded.
4. `now >= expiry` rejects. The MAC is checked first: `Expired` is said of genuine tokens only.
5. A verifier raises. It never returns False, which a caller could forget to look at.
6. Terms are read only behind a MAC that is right. Without terms a token is `s1`: there is no second spelling of it.

A later claim is a field of its own before the MAC, under a new version marker: what a verifier of today does not know,
it refuses.

Not here: the clock and the keys (arguments), the path around the token (`origin.routes`), what the terms mean for an
asset (`origin.selection`), tokens of CDN vendors.
"""

from __future__ import annotations

import hashlib
import hmac
import re
from base64 import urlsafe_b64encode
from collections.abc import Mapping

import msgspec

from edge import terms as spelling
from edge.errors import Expired, Forged, InvalidGrant, Malformed, UnknownKey
from edge.terms import MAX_CHARACTERS, NO_TERMS, Terms

PLAIN = "s1"
WITH_TERMS = "s2"

MIN_SECRET_BYTES = 32
"""A key shorter than the digest weakens HMAC (RFC 2104 section 3)."""

MAX_EXPIRY_S = 99_999_999_999

KEY_ID = re.compile(r"[A-Za-z0-9]{1,32}")
TOKEN = re.compile(
    rf"({PLAIN}|{WITH_TERMS})\.([A-Za-z0-9]{{1,32}})\.([1-9][0-9]{{0,10}})"
    rf"(?:\.([a-z0-9_-]{{1,{MAX_CHARACTERS}}}))?\.([A-Za-z0-9_-]{{43}})"
)
DIRECTORY = re.compile(r"([A-Za-z0-9_~-][A-Za-z0-9_.~-]*/)+")
"""Relative, ends with a slash; a component does not start with a dot, which leaves no way to climb."""


class Grant(msgspec.Struct, frozen=True, kw_only=True):
    """What a genuine token lets its bearer do: read what `terms` allow below `directory` until `expires_at_s`."""

    key_id: str
    directory: str
    expires_at_s: int
    terms: Terms = NO_TERMS


def mint(*, key_id: str, secret: bytes, directory: str, expires_at_s: int, terms: Terms = NO_TERMS) -> str:
    """Make the token that opens `directory` (`assets/.../`, relative, with its last slash) until `expires_at_s`.

    Raises InvalidGrant when an argument is outside of the grammar or the secret is too short.
    """
    _require(KEY_ID.fullmatch(key_id), f"a key id is 1 to 32 letters and digits of ASCII, not {key_id!r}")
    _require(len(secret) >= MIN_SECRET_BYTES, f"a secret has at least {MIN_SECRET_BYTES} bytes")
    _require(1 <= expires_at_s <= MAX_EXPIRY_S, f"an expiry is 1 to {MAX_EXPIRY_S} s, not {expires_at_s}")
    _require_directory(directory)
    text = spelling.spell(terms)
    signed = f"{WITH_TERMS}.{key_id}.{expires_at_s}.{text}" if text else f"{PLAIN}.{key_id}.{expires_at_s}"
    return f"{signed}.{_mac(secret, signed, directory)}"


def verify(token: str, *, directory: str, keys: Mapping[str, bytes], now_s: int) -> Grant:
    """Check `token` for `directory` at `now_s`; `keys` are secrets by key id.

    Raises a leaf of TokenRejected; InvalidGrant when `directory`, which is the caller's own, is outside of the grammar.
    """
    _require_directory(directory)
    fields = TOKEN.fullmatch(token)
    if fields is None:
        raise Malformed
    version, key_id, expiry, text, mac = fields.groups()
    if (version == WITH_TERMS) != (text is not None):
        raise Malformed
    secret = keys.get(key_id)
    if secret is None:
        raise UnknownKey
    signed = token[: -len(mac) - 1]
    if not hmac.compare_digest(mac, _mac(secret, signed, directory)):
        raise Forged
    terms = NO_TERMS if text is None else spelling.read(text)
    if terms is None:
        raise Malformed
    if now_s >= int(expiry):
        raise Expired
    return Grant(key_id=key_id, directory=directory, expires_at_s=int(expiry), terms=terms)


def _mac(secret: bytes, signed: str, directory: str) -> str:
    digest = hmac.digest(secret, f"{signed}\n{directory}".encode("ascii"), hashlib.sha256)
    return urlsafe_b64encode(digest).rstrip(b"=").decode("ascii")


def _require_directory(directory: str) -> None:
    _require(DIRECTORY.fullmatch(directory), f"a directory is relative and ends with a slash, not {directory!r}")


def _require(condition: object, rule: str) -> None:
    if not condition:
        raise InvalidGrant(rule)

"""ClearKey: keys handed to whoever is entitled, over HTTP alone (W3C Encrypted Media Extensions, section 9.1).

Nothing hides the key from the device that plays. What it is good for: media at rest in caches and on disks cannot be
played without having been entitled to, and every browser has it without a licence server of a vendor.

Rules:

- HLS names the key's address (`identity`), and in cenc the key's id too, for players that go through EME
  (`org.w3.clearkey`). Not in cbcs: whoever knows both takes `identity` there.
- DASH names the system and not where its licences are: that is `license` beside the directory of the scheme, and only
  whoever gave the manifest's URL out knows it as a whole. A relative one is of no use: shaka-player prefers it to the
  application's, and takes it relative to the page.
- A licence has the keys of all crypto periods of a scheme, one of which was asked for: players that know the first
  key's id alone play on when the key changes. When none is the asset's, the licence is refused.

Not here: whether the asker is entitled (`edge.token`), the keys (`origin.protection.derived`).
"""

from __future__ import annotations

from base64 import b64encode, urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Iterable, Sequence
from typing import Literal
from uuid import UUID

import msgspec

from origin.errors import MalformedLicenseRequest, Refused
from origin.protection import pssh
from origin.protection.keys import KEY_BYTES, Content, ContentKey
from origin.protection.scheme import Scheme
from origin.protection.signalling import METHODS, MP4_PROTECTION, ContentProtection, KeyTag, Signalling

LICENSE_TYPE = "application/json"
KEY_TYPE = "application/octet-stream"

KEY_FORMAT = "org.w3.clearkey"


class LicenseRequest(msgspec.Struct, frozen=True, kw_only=True):
    """Section 9.1.3: `kids` are base64url without padding. Licences do not outlive their session here."""

    kids: list[str]
    type: Literal["temporary"] = "temporary"


class _Key(msgspec.Struct, frozen=True, kw_only=True):
    """A symmetric key as a JSON Web Key (RFC 7517 and 7518, section 6.4)."""

    kty: str = "oct"
    kid: str
    k: str


class License(msgspec.Struct, frozen=True, kw_only=True):
    """Section 9.1.4."""

    keys: list[_Key]
    type: str = "temporary"


def license_for(body: bytes, keyrings: Iterable[Sequence[ContentKey]]) -> bytes:
    """Answer a licence request; `keyrings` are the asset's keys by scheme. Raises MalformedLicenseRequest, Refused."""
    try:
        wanted = {_key_id(kid) for kid in msgspec.json.decode(body, type=LicenseRequest).kids}
    except (ValueError, RecursionError) as error:  # the latter of arrays nested deeper than any stack
        raise MalformedLicenseRequest(str(error)) from error
    given = [key for keys in keyrings if any(key.key_id in wanted for key in keys) for key in keys]
    if not given:
        raise Refused("license_key")
    return msgspec.json.encode(License(keys=[_Key(kid=_text(key.key_id.bytes), k=_text(key.key)) for key in given]))


def signalling(content: Content, keys: Sequence[ContentKey]) -> Signalling:
    """What manifests say."""
    return Signalling(
        scheme=content.scheme,
        segments_per_period=content.segments_per_period,
        periods=tuple(_tags(content.scheme, period, key) for period, key in enumerate(keys)),
        content_protections=_elements(content.scheme, keys[0]) if content.scheme.keeps_boxes else (),
    )


def key_url(scheme: Scheme, period: int) -> str:
    """Where the key of a crypto period is, from the directory of the scheme."""
    return f"../keys/{scheme.value}/{period}.key"


def _tags(scheme: Scheme, period: int, key: ContentKey) -> tuple[KeyTag, ...]:
    # The vectors of cenc are in the segments; those of the other schemes hold for a crypto period.
    vector = None if scheme is Scheme.CENC else key.iv
    by_address = KeyTag(method=METHODS[scheme], uri=key_url(scheme, period), iv=vector)
    if scheme is not Scheme.CENC:
        return (by_address,)
    by_id = KeyTag(
        method=METHODS[scheme],
        uri=f"data:text/plain;base64,{b64encode(key.key_id.bytes).decode()}",
        key_id=key.key_id,
        key_format=KEY_FORMAT,
        key_format_versions="1",
    )
    return by_address, by_id


def _elements(scheme: Scheme, key: ContentKey) -> tuple[ContentProtection, ...]:
    """Without the `pssh` box, which stands in the header: dash.js would hand it to the browser as a list of key ids."""
    return (
        ContentProtection(scheme_id_uri=MP4_PROTECTION, value=scheme.value, default_kid=key.key_id),
        ContentProtection(scheme_id_uri=f"urn:uuid:{pssh.CLEAR_KEY}", value="ClearKey1.0"),
    )


def _key_id(text: str) -> UUID:
    """Raises ValueError."""
    data = urlsafe_b64decode(text + "=" * (-len(text) % 4))
    if len(data) != KEY_BYTES:
        raise ValueError(f"a key id has {KEY_BYTES} bytes, not {len(data)}")
    return UUID(bytes=data)


def _text(data: bytes) -> str:
    return urlsafe_b64encode(data).rstrip(b"=").decode()

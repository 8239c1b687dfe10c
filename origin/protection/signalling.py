"""What manifests say of protection: the EXT-X-KEY tags of HLS and the ContentProtection elements of DASH, as values.

Rules:

- Keys change with the crypto period, every `segments_per_period` segments of any rendition. HLS tells each change by
  new tags before the first segment of the period; DASH tells the first key, and the rest is in the segments (`seig`
  sample groups) and in the `pssh` boxes.
- Tags stand *behind* EXT-X-MAP, so they do not hold for the header: it is never encrypted (RFC 8216 section 4.3.2.5).
- Several tags for one segment are several ways to the same key (section 4.3.2.4); a player takes one that it knows.
- `KeyTag.uri` is absolute, or relative to the directory of the scheme, where its manifests lie. Whoever lists the
  segments from elsewhere gives that directory as `base`.

Not here: where a tag or an element stands (`origin.hls`, `origin.dash`), who knows the keys (`origin.protection.keys`).
"""

from __future__ import annotations

from uuid import UUID

import msgspec

from origin.protection.scheme import Scheme
from origin.tags import Quoted

METHODS = {Scheme.AES_128: "AES-128", Scheme.CBCS: "SAMPLE-AES", Scheme.CENC: "SAMPLE-AES-CTR"}

MP4_PROTECTION = "urn:mpeg:dash:mp4protection:2011"
"""The scheme of the element that names the way of encryption and the default key (ISO/IEC 23009-1, 5.8.5.2)."""


class KeyTag(msgspec.Struct, frozen=True, kw_only=True):
    """One EXT-X-KEY; without a key format it is of the format `identity`, whose URI answers the 16 bytes of the key."""

    method: str
    uri: str
    iv: bytes | None = None
    key_id: UUID | None = None
    key_format: str | None = None
    key_format_versions: str | None = None

    def line(self, base: str = "") -> str:
        """The tag; `base` is the way from the playlist to the directory of the scheme, with its last slash."""
        return f"#EXT-X-KEY:{self._attributes(base)}"

    def session_line(self, base: str = "") -> str:
        """The same for a multivariant playlist, from which a player may ask for keys early (section 4.3.4.5)."""
        return f"#EXT-X-SESSION-KEY:{self._attributes(base)}"

    def _attributes(self, base: str) -> str:
        uri = self.uri if ":" in self.uri else base + self.uri
        parts = [f"METHOD={self.method}", f"URI={Quoted(uri)}"]
        if self.iv is not None:
            parts.append(f"IV=0x{self.iv.hex()}")
        if self.key_id is not None:
            parts.append(f"KEYID=0x{self.key_id.hex}")
        if self.key_format is not None:
            parts.append(f"KEYFORMAT={Quoted(self.key_format)}")
        if self.key_format_versions is not None:
            parts.append(f"KEYFORMATVERSIONS={Quoted(self.key_format_versions)}")
        return ",".join(parts)


class Child(msgspec.Struct, frozen=True, kw_only=True):
    """An element inside of ContentProtection; names are in the notation `{namespace}local`."""

    name: str
    text: str
    attributes: dict[str, str] = {}


class ContentProtection(msgspec.Struct, frozen=True, kw_only=True):
    """One ContentProtection element of an AdaptationSet; `default_kid` is the attribute `cenc:default_KID`."""

    scheme_id_uri: str
    value: str | None = None
    default_kid: UUID | None = None
    children: tuple[Child, ...] = ()


class Signalling(msgspec.Struct, frozen=True, kw_only=True):
    """Everything that the manifests of one asset in one scheme say of its protection."""

    scheme: Scheme
    segments_per_period: int | None
    """None when one key is for the whole asset."""
    periods: tuple[tuple[KeyTag, ...], ...]
    """The tags of each crypto period, the first one first."""
    content_protections: tuple[ContentProtection, ...]
    """In order; empty for AES-128, which DASH does not have."""

    def key_tags_before(self, index: int) -> tuple[KeyTag, ...]:
        """The tags to write before segment `index`; none where the ones before go on."""
        is_first = index == 0 or self.period(index) != self.period(index - 1)
        return self.periods[self.period(index)] if is_first else ()

    def period(self, index: int) -> int:
        """The crypto period of segment `index`, of any rendition."""
        return 0 if self.segments_per_period is None else index // self.segments_per_period

    @property
    def session_tags(self) -> tuple[KeyTag, ...]:
        """The tags that a multivariant playlist repeats as EXT-X-SESSION-KEY: those of key systems.

        A key that has an address is fetched with its first segment, and a player that fetched it before knew no header,
        and so no key id, to keep it under.
        """
        return tuple(tag for tags in self.periods for tag in tags if tag.key_format is not None)

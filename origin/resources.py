"""Resources: what each file of an asset is for HTTP, before a byte of it is sent.

An ETag says the same for the same bytes on every node: the digest of the track file and the place in it, or the
digest of a whole file or a manifest. Stored bytes never change under their URL, so caches may keep them for good; a
manifest may change with the origin's version and lives for seconds, though a cache may show the old one while it
fetches the new, and while it cannot. Tags name what an answer is of, so that a cache can be told to forget an asset.

Not here: conditional and ranged answers (`origin.responses`), reading stored bytes (`origin.store`).
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence

import msgspec

from origin import manifests
from origin.asset import Asset, Rendition
from origin.encodings import Coding, compress
from origin.errors import NotThere, Refused
from origin.image import ImageFormat
from origin.layout import progressive_key, track_file_key
from origin.presentation import Presentation, Track
from origin.protection.signalling import Signalling
from origin.ranges import Span
from origin.reads.block import Block
from origin.reads.whole import WholeObject
from origin.routes import Header, Manifest, MediaSegment, Stream, WholeFile
from origin.selection import Selection

HEADER_TYPE = "audio/mp4"
SEGMENT_TYPE = "video/iso.segment"
"""The type of a segment without its header, also for audio (Apple's table of types, section 5.2)."""

IMMUTABLE = "public, max-age=31536000, immutable"

STALE_WHILE_REVALIDATE_S = 30
STALE_IF_ERROR_S = 3600
"""RFC 5861. An hour outlives what an operator needs to mend an origin; what was withdrawn is no error (410)."""

ETAG_DIGITS = 32
"""128 bits of a SHA-256: no two files of a store will ever share them."""


class Stored(msgspec.Struct, frozen=True):
    """A whole file, which may be too long for memory."""

    file: WholeObject

    @property
    def size(self) -> int:
        return self.file.size


class Media(msgspec.Struct, frozen=True):
    """A header or a segment; `following` is the one that a player asks for next."""

    block: Block
    following: Block | None = None

    @property
    def size(self) -> int:
        return self.block.span.length


class Written(msgspec.Struct, frozen=True):
    """Bytes that were written for the answer."""

    content: bytes

    @property
    def size(self) -> int:
        return len(self.content)


class Resource(msgspec.Struct, frozen=True, kw_only=True):
    """One representation of a file. `etag` is strong and has its quotes."""

    content_type: str
    etag: str
    headers: Mapping[str, str]
    """By lower-case name, for every answer: how long it may be kept, what it varies by, what it is of."""
    body: Stored | Media | Written
    coding: Coding | None = None


def resolve(
    asset: Asset,
    file: Stream | WholeFile,
    *,
    selection: Selection,
    manifest_max_age_s: int,
    coding: Coding | None,
    signalling: Signalling | None = None,
) -> Resource:
    """Find `file` in the asset; a `coding` is for what it makes smaller, which is manifests.

    Manifests list what the selection allows; a single rendition that it does not allow raises Refused. Raises NotThere.
    """
    if isinstance(file, WholeFile):
        return _whole(asset, file.name, selection)
    if isinstance(file, Header):
        return _media(asset, _allowed(asset, file.rendition, selection), None)
    if isinstance(file, MediaSegment):
        return _media(asset, _allowed(asset, file.rendition, selection), file.index)
    track, lifetime = Track(asset=asset, signalling=signalling), _manifest_lifetime(manifest_max_age_s)
    return _manifest((track,), file, selection=selection, cache_control=lifetime, coding=coding)


def presented(
    presentation: Presentation, file: Manifest, *, selection: Selection, max_age_s: int, coding: Coding | None
) -> Resource:
    """A manifest of several tracks. It holds tokens of its reader, so no cache may show it to another.

    Raises NotThere.
    """
    return _manifest(
        presentation, file, selection=selection, cache_control=f"private, max-age={max_age_s}", coding=coding
    )


def _manifest(
    presentation: Presentation, file: Manifest, *, selection: Selection, cache_control: str, coding: Coding | None
) -> Resource:
    content, content_type = manifests.write(presentation, file, selection)
    headers = _headers([track.asset for track in presentation], cache_control)
    return _written(content, content_type=content_type, headers=headers | {"vary": "Accept-Encoding"}, coding=coding)


def image(content: bytes, image_format: ImageFormat) -> Resource:
    """An image, whose bytes are few: they are read before they are asked for, and their digest is the ETag."""
    return Resource(
        content_type=image_format.media_type,
        etag=_etag(content),
        headers={"cache-control": IMMUTABLE},
        body=Written(content),
    )


def _etag(content: bytes) -> str:
    return f'"{hashlib.sha256(content).hexdigest()[:ETAG_DIGITS]}"'


def _allowed(asset: Asset, name: str, selection: Selection) -> Rendition:
    try:
        rendition = asset.rendition(name)
    except KeyError:
        raise NotThere(f"no rendition {name}") from None
    if not selection.allows(rendition):
        raise Refused("terms")
    return rendition


def _media(asset: Asset, rendition: Rendition, index: int | None) -> Resource:
    """Of segment `index`, or of the header when it is None."""
    key = track_file_key(asset.asset_id, asset.revision, rendition.name)
    if index is None:
        span, digest = Span(start=0, length=rendition.header_byte_length), rendition.header_sha256
    else:
        span, digest = _place(rendition, index)
    return Resource(
        content_type=HEADER_TYPE if index is None else SEGMENT_TYPE,
        etag=f'"{rendition.sha256[:ETAG_DIGITS]}-{"header" if index is None else index}"',
        headers=_headers([asset], IMMUTABLE),
        body=Media(
            Block(key=key, span=span, sha256=digest),
            _following(rendition, key, 0 if index is None else index + 1, start=span.end),
        ),
    )


def _place(rendition: Rendition, index: int) -> tuple[Span, str]:
    try:
        start, length = rendition.byte_range(index)
    except IndexError:
        raise NotThere(f"no segment {index} in {rendition.name}") from None
    return Span(start=start, length=length), rendition.segments[index].sha256


def _following(rendition: Rendition, key: str, index: int, *, start: int) -> Block | None:
    """Segment `index`, which begins where the one before ends; None behind the last."""
    if index == len(rendition.segments):
        return None
    segment = rendition.segments[index]
    return Block(key=key, span=Span(start=start, length=segment.byte_length), sha256=segment.sha256)


def _whole(asset: Asset, name: str, selection: Selection) -> Resource:
    try:
        file = asset.whole_file(name)
    except KeyError:
        raise NotThere(f"no file {name}") from None
    if not selection.allows(file):
        raise Refused("terms")
    return Resource(
        content_type=file.media_type,
        etag=f'"{file.sha256[:ETAG_DIGITS]}"',
        headers=_headers([asset], IMMUTABLE),
        body=Stored(
            WholeObject(
                key=progressive_key(asset.asset_id, asset.revision, name),
                size=file.byte_length,
                part_sha256s=file.part_sha256s,
            )
        ),
    )


def _written(content: bytes, *, content_type: str, headers: Mapping[str, str], coding: Coding | None) -> Resource:
    """The ETag of an encoded manifest follows from the plain one: an encoder may differ between two versions."""
    digest = hashlib.sha256(content).hexdigest()[:ETAG_DIGITS]
    return Resource(
        content_type=content_type,
        etag=f'"{digest}"' if coding is None else f'"{digest}-{coding.value}"',
        headers=headers,
        body=Written(content if coding is None else compress(content, coding)),
        coding=coding,
    )


def _manifest_lifetime(max_age_s: int) -> str:
    stale = f"stale-while-revalidate={STALE_WHILE_REVALIDATE_S}, stale-if-error={STALE_IF_ERROR_S}"
    return f"public, max-age={max_age_s}, {stale}"


def _headers(assets: Sequence[Asset], cache_control: str) -> dict[str, str]:
    """CDNs know the tags by one of two names, parted by blanks or by commas; each takes its own header off."""
    tags = tuple(dict.fromkeys(tag for asset in assets for tag in cache_tags(asset)))
    return {"cache-control": cache_control, "surrogate-key": " ".join(tags), "cache-tag": ",".join(tags)}


def cache_tags(asset: Asset) -> tuple[str, ...]:
    """What a cache can be told to forget: the asset, and with it all of its artist or album."""
    owners = (("artist", asset.artist_id), ("album", asset.album_id))
    return (f"asset-{asset.asset_id}", *(f"{kind}-{owner}" for kind, owner in owners if owner is not None))

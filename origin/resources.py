"""Resources: what each file of an asset is for HTTP, before a byte of it is sent.

An ETag says the same for the same bytes on every node: the digest of the track file and the place in it, or the digest
of a whole file or a manifest. Stored bytes never change under their URL, so caches may keep them for good; a manifest
may change with the origin's version and lives for seconds.

Not here: conditional and ranged answers (`origin.responses`), reading stored bytes (`origin.store`).
"""

from __future__ import annotations

import gzip
import hashlib

import msgspec

from origin import dash, hls, tags
from origin.asset import Asset, Rendition, progressive_key, track_file_key
from origin.errors import NotThere
from origin.image import ImageFormat
from origin.ranges import Span
from origin.routes import DashManifest, File, Header, MasterPlaylist, MediaPlaylist, MediaSegment, WholeFile

HEADER_TYPE = "audio/mp4"
SEGMENT_TYPE = "video/iso.segment"
"""The type of a segment without its header, also for audio (Apple's table of types, section 5.2)."""

IMMUTABLE = "public, max-age=31536000, immutable"

ETAG_DIGITS = 32
"""128 bits of a SHA-256: no two files of a store will ever share them."""


class Stored(msgspec.Struct, frozen=True, kw_only=True):
    """Bytes of an object in the store."""

    key: str
    span: Span
    streamed: bool = False
    """Whether it may be too long for memory, as a whole file is and a segment is not."""

    @property
    def size(self) -> int:
        return self.span.length

    def part(self, span: Span) -> Span:
        """Where `span` of this resource lies in the object."""
        return Span(start=self.span.start + span.start, length=span.length)


class Written(msgspec.Struct, frozen=True):
    """Bytes that were written for the answer."""

    content: bytes

    @property
    def size(self) -> int:
        return len(self.content)


class Resource(msgspec.Struct, frozen=True, kw_only=True):
    """One representation of a file. `etag` is strong and has its quotes; `encoding` is a Content-Encoding."""

    content_type: str
    etag: str
    cache_control: str
    body: Stored | Written
    encoding: str | None = None
    varies: bool = False
    """Whether another client may get another encoding."""


def resolve(asset: Asset, file: File, *, manifest_max_age_s: int, compressed: bool) -> Resource:
    """Find `file` in the asset; `compressed` asks for gzip where it helps, which is manifests. Raises NotThere."""
    if isinstance(file, Header):
        rendition = _rendition(asset, file.rendition)
        span = Span(start=0, length=rendition.header_byte_length)
        return _stored(asset, rendition, part="header", content_type=HEADER_TYPE, span=span)
    if isinstance(file, MediaSegment):
        rendition = _rendition(asset, file.rendition)
        return _stored(
            asset, rendition, part=str(file.index), content_type=SEGMENT_TYPE, span=_segment(rendition, file.index)
        )
    if isinstance(file, WholeFile):
        return _whole(asset, file.name)
    content, content_type = _manifest(asset, file)
    return _written(content, content_type=content_type, max_age_s=manifest_max_age_s, compressed=compressed)


def image(content: bytes, image_format: ImageFormat) -> Resource:
    """An image, whose bytes are few: they are read before they are asked for, and their digest is the ETag."""
    return Resource(
        content_type=image_format.media_type, etag=_etag(content), cache_control=IMMUTABLE, body=Written(content)
    )


def _etag(content: bytes) -> str:
    return f'"{hashlib.sha256(content).hexdigest()[:ETAG_DIGITS]}"'


def _rendition(asset: Asset, name: str) -> Rendition:
    try:
        return asset.rendition(name)
    except KeyError:
        raise NotThere(f"no rendition {name}") from None


def _segment(rendition: Rendition, index: int) -> Span:
    try:
        start, length = rendition.byte_range(index)
    except IndexError:
        raise NotThere(f"no segment {index} in {rendition.name}") from None
    return Span(start=start, length=length)


def _stored(asset: Asset, rendition: Rendition, *, part: str, content_type: str, span: Span) -> Resource:
    return Resource(
        content_type=content_type,
        etag=f'"{rendition.sha256[:ETAG_DIGITS]}-{part}"',
        cache_control=IMMUTABLE,
        body=Stored(key=track_file_key(asset.asset_id, asset.revision, rendition.name), span=span),
    )


def _whole(asset: Asset, name: str) -> Resource:
    try:
        file = asset.whole_file(name)
    except KeyError:
        raise NotThere(f"no file {name}") from None
    return Resource(
        content_type=file.media_type,
        etag=f'"{file.sha256[:ETAG_DIGITS]}"',
        cache_control=IMMUTABLE,
        body=Stored(
            key=progressive_key(asset.asset_id, asset.revision, name),
            span=Span(start=0, length=file.byte_length),
            streamed=True,
        ),
    )


def _manifest(asset: Asset, file: MasterPlaylist | DashManifest | MediaPlaylist) -> tuple[bytes, str]:
    match file:
        case MasterPlaylist():
            return hls.master_playlist(asset), tags.MEDIA_TYPE
        case MediaPlaylist(rendition=name):
            return hls.media_playlist(asset, _rendition(asset, name)), tags.MEDIA_TYPE
        case DashManifest():
            return dash.manifest(asset), dash.MEDIA_TYPE


def _written(content: bytes, *, content_type: str, max_age_s: int, compressed: bool) -> Resource:
    """The ETag of a compressed manifest follows from the plain one: deflate may differ between two zlib versions."""
    digest = hashlib.sha256(content).hexdigest()[:ETAG_DIGITS]
    return Resource(
        content_type=content_type,
        etag=f'"{digest}-gzip"' if compressed else f'"{digest}"',
        cache_control=f"public, max-age={max_age_s}",
        # Without a modification time, which is all that gzip would add about this node.
        body=Written(gzip.compress(content, mtime=0) if compressed else content),
        encoding="gzip" if compressed else None,
        varies=True,
    )

"""Routes: from the raw path of a request to what it asks for, or a refusal.

    /{token}/assets/{asset_id}/{revision}/master.m3u8
                                          manifest.mpd
                                          {rendition}.m3u8
                                          {rendition}/header.mp4
                                          {rendition}/{index}.m4s
                                          {rendition}.{m4a|flac|mp3|ogg}
                                          {scheme}/...    all of these but the last, protected
                                          keys/{scheme}/{period}.key
                                          license
    /{token}/presentations/{order}/master.m3u8
                                   manifest.mpd
                                   {rendition}.m3u8
                                   {scheme}/...    the same, protected
    /images/{image_id}/{size}.{avif|webp|jpeg}

Rules:

1. The path is read raw, before any decoding. None of our URLs needs an escape, so a percent sign refuses the path:
   an encoded slash or dot cannot mean one thing to the token's scope and another to the store. The same holds for `..`,
   `.`, empty components and backslashes (decision 0010). The query is another matter (`origin.selection`).
2. One spelling for each object: lower-case UUID, numbers without leading zeros. Two URLs for one segment would be two
   entries in every cache of a CDN.
3. Whatever has another shape is :class:`Refused`, like a bad token, so that nobody can map the origin without one.
4. Images are public: their paths have no token. They are those of `origin.image`.
5. A component is taken literally by its pattern. `master.m3u8` is the multivariant playlist whatever renditions exist.

Not here: whether the token is genuine (`edge.token`), whether the object exists (`origin.resources`).
"""

from __future__ import annotations

import re
from typing import TypeAlias
from uuid import UUID

import msgspec

from origin.asset import PROGRESSIVE_EXTENSIONS
from origin.errors import Refused
from origin.image import ImageFormat
from origin.layout import DASH_MANIFEST, HLS_MANIFEST
from origin.protection.scheme import Scheme
from origin.running_order import PATTERN as ORDER
from origin.running_order import Place
from origin.running_order import read as read_order

MAX_PATH_BYTES = 512
"""The longest of ours is under 420: a token of 253, a UUID, two numbers, a rendition's name of up to 64."""

MAX_PRESENTATION_BYTES = 4096
"""A hundred tracks, each with the longest revision, and the token."""

SAFE_PATH = re.compile(rb"/[A-Za-z0-9_.~/-]*")

_UUID = r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}"
_RENDITION = r"(?P<rendition>[a-z0-9]+(?:-[a-z0-9]+)*)"
_SCHEME = "|".join(scheme.value for scheme in Scheme)
DIRECTORY = re.compile(
    rf"/(?P<token>[^/]+)/assets/(?P<asset_id>{_UUID})/(?P<revision>[1-9][0-9]{{0,8}})"
    rf"/(?:(?P<scheme>{_SCHEME})/)?(?P<file>.+)"
)
PRESENTATION = re.compile(
    rf"/(?P<token>[^/]+)/presentations/(?P<order>{ORDER})/(?:(?P<scheme>{_SCHEME})/)?(?P<file>[^/]+)"
)
_WHOLE = "|".join(PROGRESSIVE_EXTENSIONS)
IMAGE = re.compile(
    rf"/images/(?P<image_id>{_UUID})/(?P<size>[1-9][0-9]{{0,3}})"
    rf"\.(?P<format>{'|'.join(image_format.value for image_format in ImageFormat)})"
)


class MasterPlaylist(msgspec.Struct, frozen=True):
    """The HLS multivariant playlist."""


class DashManifest(msgspec.Struct, frozen=True):
    """The MPD."""


class MediaPlaylist(msgspec.Struct, frozen=True):
    """The HLS playlist of one rendition."""

    rendition: str


class Header(msgspec.Struct, frozen=True):
    """The initialisation segment of a rendition: `ftyp` and `moov`."""

    rendition: str


class MediaSegment(msgspec.Struct, frozen=True):
    """One `moof` and `mdat`; `index` counts from 0."""

    rendition: str
    index: int


class WholeFile(msgspec.Struct, frozen=True):
    """A progressive file, by the name that it has in the descriptor too."""

    name: str


class HlsKey(msgspec.Struct, frozen=True):
    """The key of one crypto period; `period` counts from 0."""

    scheme: Scheme
    period: int


class License(msgspec.Struct, frozen=True):
    """Where ClearKey licences are given out."""


Manifest: TypeAlias = MasterPlaylist | DashManifest | MediaPlaylist
Stream: TypeAlias = Manifest | Header | MediaSegment
"""What each scheme has a form of its own of."""
File: TypeAlias = Stream | WholeFile | HlsKey | License


class Route(msgspec.Struct, frozen=True, kw_only=True):
    """A well-formed path, taken apart. `token` is unverified text."""

    token: str
    asset_id: UUID
    revision: int
    scheme: Scheme | None = None
    """In which the file is protected; None for a clear one, and for keys and licences, which serve the others."""
    file: File

    @property
    def is_protected(self) -> bool:
        """Whether it takes a token for protected media."""
        return self.scheme is not None or isinstance(self.file, HlsKey | License)


class PresentationRoute(msgspec.Struct, frozen=True, kw_only=True):
    """A well-formed path of a manifest of several tracks. `token` is unverified text."""

    token: str
    order: tuple[Place, ...]
    scheme: Scheme | None = None
    """In which all of them are protected; None for clear ones."""
    file: Manifest


class ImageRoute(msgspec.Struct, frozen=True, kw_only=True):
    """A well-formed path of an image in one size and format."""

    image_id: UUID
    size_px: int
    image_format: ImageFormat


def parse(raw_path: bytes) -> Route | PresentationRoute | ImageRoute:
    """Take the raw path of a request apart, without its query. Raises Refused."""
    if len(raw_path) > MAX_PRESENTATION_BYTES:
        raise Refused("path_too_long")
    if not SAFE_PATH.fullmatch(raw_path):
        raise Refused("path_character")
    path = raw_path.decode("ascii")
    if any(part in ("", ".", "..") for part in path.split("/")[1:]):
        raise Refused("path_component")
    if "/presentations/" in path:
        return _presentation(path)
    if len(raw_path) > MAX_PATH_BYTES:
        raise Refused("path_too_long")
    image = IMAGE.fullmatch(path)
    return _asset(path) if image is None else _image(image)


def _image(found: re.Match[str]) -> ImageRoute:
    return ImageRoute(
        image_id=UUID(found["image_id"]), size_px=int(found["size"]), image_format=ImageFormat(found["format"])
    )


def _asset(path: str) -> Route:
    found = DIRECTORY.fullmatch(path)
    if found is None:
        raise Refused("path_shape")
    file, scheme = _file(found["file"]), _scheme(found)
    if scheme is not None and not isinstance(file, Stream):
        raise Refused("path_file")
    return Route(
        token=found["token"],
        asset_id=UUID(found["asset_id"]),
        revision=int(found["revision"]),
        scheme=scheme,
        file=file,
    )


def _presentation(path: str) -> PresentationRoute:
    found = PRESENTATION.fullmatch(path)
    order = None if found is None else read_order(found["order"])
    if found is None or order is None:
        raise Refused("path_shape")
    file = _file(found["file"])
    if not isinstance(file, Manifest):
        raise Refused("path_file")
    return PresentationRoute(token=found["token"], order=order, scheme=_scheme(found), file=file)


def _scheme(found: re.Match[str]) -> Scheme | None:
    return None if found["scheme"] is None else Scheme(found["scheme"])


def _file(name: str) -> File:
    for pattern, make in FILES:
        found = pattern.fullmatch(name)
        if found is not None:
            return make(found)
    raise Refused("path_file")


FILES = (
    (re.compile(re.escape(HLS_MANIFEST)), lambda _: MasterPlaylist()),
    (re.compile(re.escape(DASH_MANIFEST)), lambda _: DashManifest()),
    (re.compile(rf"{_RENDITION}\.m3u8"), lambda found: MediaPlaylist(found["rendition"])),
    (re.compile(rf"{_RENDITION}/header\.mp4"), lambda found: Header(found["rendition"])),
    (
        re.compile(rf"{_RENDITION}/(?P<index>0|[1-9][0-9]{{0,8}})\.m4s"),
        lambda found: MediaSegment(found["rendition"], int(found["index"])),
    ),
    (re.compile(rf"{_RENDITION}\.(?:{_WHOLE})"), lambda found: WholeFile(found[0])),
    (
        re.compile(rf"keys/(?P<scheme>{_SCHEME})/(?P<period>0|[1-9][0-9]{{0,8}})\.key"),
        lambda found: HlsKey(Scheme(found["scheme"]), int(found["period"])),
    ),
    (re.compile("license"), lambda _: License()),
)
